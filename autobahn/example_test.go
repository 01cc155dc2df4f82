package autobahn_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/bellwire/bellwire/autobahn"
	"github.com/bellwire/bellwire/autobahn/testee"
)

func ExampleCheckServer() {
	s := httptest.NewServer(testee.Handler()) // any server that echoes
	defer s.Close()

	cases, err := autobahn.Select("1.*,7.7.*", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	url := "ws" + strings.TrimPrefix(s.URL, "http")
	report, err := autobahn.CheckServer(context.Background(), url, autobahn.Options{Cases: cases, Agent: "ours"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(report.Results("ours")), "cases,", report.Bad(), "bad")
	// Output: 29 cases, 0 bad
}
