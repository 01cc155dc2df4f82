package server_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/server"
)

// A server that sends every message back.
func ExampleHandler() {
	echo := func(ctx context.Context, c *conn.Conn, r *handshake.Request) error {
		for m, err := range c.Messages(ctx) {
			if err != nil {
				return err
			}
			if err := c.Write(ctx, m.Type, m.Data); err != nil {
				return err
			}
		}
		return nil
	}
	s := httptest.NewServer(server.Handler(echo))
	defer s.Close()

	ctx := context.Background()
	c, err := client.Dial(ctx, s.URL, nil)
	if err != nil {
		log.Fatal(err)
	}
	_ = c.WriteText(ctx, "hello")
	m, _ := c.Read(ctx)
	fmt.Printf("%s\n", m.Data)
	fmt.Println(c.Close(ctx, frame.Normal, ""))
	// Output:
	// hello
	// <nil>
}

// Everybody hears what anybody says. Who does not keep up loses the oldest
// messages, and nobody waits for them.
func ExampleGroup_Broadcast() {
	room := &server.Group{MaxConns: 1000, MaxPerKey: 10}
	u, err := server.NewUpgrader(server.Options{
		Group: room,
		Conn:  conn.Options{Queue: conn.Queue{MaxBytes: 64 << 10, OnFull: conn.DropOldest}},
	})
	if err != nil {
		log.Fatal(err)
	}
	s := httptest.NewServer(u.Handler(func(ctx context.Context, c *conn.Conn, r *handshake.Request) error {
		room.Broadcast(conn.Prepare(conn.Text, []byte(r.Path+" has come")), nil)
		for m, err := range c.Messages(ctx) {
			if err != nil {
				return err
			}
			others := func(other *conn.Conn) bool { return other != c }
			room.Broadcast(conn.Prepare(m.Type, m.Data), others)
		}
		return nil
	}))
	defer s.Close()

	ctx := context.Background()
	hear := func(c *conn.Conn) string {
		m, _ := c.Read(ctx)
		return string(m.Data)
	}
	ann, _ := client.Dial(ctx, s.URL+"/ann", nil)
	defer ann.CloseNow()
	fmt.Println("ann hears:", hear(ann))
	bob, _ := client.Dial(ctx, s.URL+"/bob", nil)
	defer bob.CloseNow()
	fmt.Println("ann hears:", hear(ann))
	fmt.Println("bob hears:", hear(bob))
	_ = bob.WriteText(ctx, "hello")
	fmt.Println("ann hears:", hear(ann))
	// Output:
	// ann hears: /ann has come
	// ann hears: /bob has come
	// bob hears: /bob has come
	// ann hears: hello
}

// A server without net/http, whose clients have to log in. The certificates of
// TLS would go to ListenAndServeTLS.
func ExampleServer() {
	s, err := server.NewServer(func(ctx context.Context, c *conn.Conn, r *handshake.Request) error {
		return c.WriteText(ctx, "welcome to "+r.Path)
	}, server.Options{
		Handshake: handshake.Policy{
			Authorize: func(r *handshake.Request) (http.Header, error) {
				if r.Header().Get("Authorization") != "Bearer secret" {
					return nil, &handshake.Error{Status: http.StatusUnauthorized, Msg: "who are you?"}
				}
				return nil, nil
			},
		},
		HandshakeTimeout: 5 * time.Second,
	})
	if err != nil {
		log.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go s.Serve(l)
	defer s.Close()

	ctx := context.Background()
	url := "ws://" + l.Addr().String() + "/home"
	_, err = client.Dial(ctx, url, nil)
	refused, _ := errors.AsType[*client.DialError](err)
	fmt.Println(refused.Status, strings.TrimSpace(string(refused.Body)))

	c, err := client.Dial(ctx, url, &client.Options{Header: http.Header{"Authorization": {"Bearer secret"}}})
	if err != nil {
		log.Fatal(err)
	}
	for m, err := range c.Messages(ctx) {
		fmt.Println(string(m.Data), err)
	}
	// Output:
	// 401 who are you?
	// welcome to /home <nil>
}

// A program that stops at Ctrl-C: within ten seconds every client has been told
// to come back, and not all of them in the same moment.
func ExampleShutdown() {
	group := new(server.Group)
	u, err := server.NewUpgrader(server.Options{Group: group})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /feed", u.Handler(func(ctx context.Context, c *conn.Conn, r *handshake.Request) error {
		_, err := c.Read(ctx)
		return err
	}))
	s := &http.Server{Addr: ":8080", Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go s.ListenAndServe()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	<-ctx.Done()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err = server.Shutdown(ctx, s, group, server.Drain{
		Code:   frame.ServiceRestart,
		Spread: 5 * time.Second,
	})
	if err != nil {
		log.Print(err) // some have been cut
	}
}
