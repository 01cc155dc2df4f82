package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/server"
)

// echoServer is what the examples talk to.
func echoServer() (url string, stop func()) {
	u, err := server.NewUpgrader(server.Options{Handshake: handshake.Policy{
		Subprotocols: []string{"chat.v2"},
		Authorize: func(r *handshake.Request) (http.Header, error) {
			if r.Path == "/private" && r.Header().Get("Authorization") != "Bearer sesame" {
				return nil, &handshake.Error{Status: http.StatusUnauthorized, Msg: "who is it?"}
			}
			return nil, nil
		},
	}})
	if err != nil {
		log.Fatal(err)
	}
	s := httptest.NewServer(u.Handler(func(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
		for m, err := range c.Messages(ctx) {
			if err != nil {
				return err
			}
			if err := c.Write(ctx, m.Type, m.Data); err != nil {
				return err
			}
		}
		return nil
	}))
	return strings.Replace(s.URL, "http", "ws", 1), s.Close
}

func ExampleDial() {
	url, stop := echoServer()
	defer stop()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := client.Dial(ctx, url, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()

	if err := c.WriteText(ctx, "hello"); err != nil {
		log.Fatal(err)
	}
	m, err := c.Read(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Type, string(m.Data))
	fmt.Println(c.Close(ctx, frame.Normal, ""))
	// Output:
	// text hello
	// <nil>
}

func ExampleDial_options() {
	url, stop := echoServer()
	defer stop()

	ctx := context.Background()
	c, err := client.Dial(ctx, url+"/private", &client.Options{
		Header:       http.Header{"Authorization": {"Bearer sesame"}},
		Subprotocols: []string{"chat.v2", "chat.v1"},
		Conn:         conn.Options{Limits: conn.Limits{MaxMessage: 64 << 10}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()
	fmt.Println(c.Subprotocol())
	// Output: chat.v2
}

func ExampleDialError() {
	url, stop := echoServer()
	defer stop()

	_, err := client.Dial(context.Background(), url+"/private", nil)
	if e, ok := errors.AsType[*client.DialError](err); ok {
		fmt.Println(e.Stage, e.Status, e.Temporary())
		fmt.Printf("%s", e.Body)
	}
	// Output:
	// response 401 false
	// who is it?
}

func ExampleConnections() {
	url, stop := echoServer()
	defer stop()

	ctx := context.Background()
	for c, err := range client.Connections(ctx, url, nil, client.Backoff{}) {
		if err != nil {
			log.Print(err) // and it is tried again, if that can help
			continue
		}
		if err := c.WriteText(ctx, "I am here"); err != nil {
			continue
		}
		for m, err := range c.Messages(ctx) {
			if err != nil {
				log.Print(err) // why this connection has ended
				break
			}
			fmt.Printf("%s\n", m.Data)
			return // which closes the connection
		}
	}
	// Output: I am here
}
