package client_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain sets the scene before anybody looks at it, since net/http reads the
// environment once, and looks at what is left behind.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"HTTP_PROXY":  "http://proxy.for.http:3128",
		"HTTPS_PROXY": "proxy.for.https:3129",
	} {
		os.Setenv(name, value)
		os.Unsetenv(strings.ToLower(name))
	}
	os.Unsetenv("NO_PROXY")
	os.Unsetenv("no_proxy")
	code := m.Run()
	if left := left(); code == 0 && left != "" {
		fmt.Fprintf(os.Stderr, "goroutines are left:\n\n%s\n", left)
		code = 1
	}
	os.Exit(code)
}

// left draws the goroutines that run code of ours, unless in a few seconds
// there are none but this.
func left() string {
	late := time.After(5 * time.Second)
	for b := make([]byte, 1<<20); ; runtime.Gosched() {
		all := strings.Split(string(b[:runtime.Stack(b, true)]), "\n\n")
		ours := slices.DeleteFunc(all, func(g string) bool {
			return !strings.Contains(g, "github.com/bellwire/") || strings.Contains(g, "TestMain")
		})
		select {
		case <-late:
			return strings.Join(ours, "\n\n")
		default:
			if len(ours) == 0 {
				return ""
			}
		}
	}
}
