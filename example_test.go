package bellwire_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/server"
	"github.com/bellwire/bellwire/wstest"
)

// The bodies of these functions are the code of the README, line by line; see
// TestTheReadmeIsCompiled.

func readmeServer() {
	log.Fatal(http.ListenAndServe("127.0.0.1:9000", server.Handler(
		func(ctx context.Context, c *conn.Conn, r *handshake.Request) error {
			for m, err := range c.Messages(ctx) { // ends when the client says goodbye
				if err != nil {
					return err
				}
				if err := c.Write(ctx, m.Type, m.Data); err != nil { // from any goroutine
					return err
				}
			}
			return nil // closes with 1000; conn.Abort(code, reason) chooses another code
		})))
}

func readmeClient(ctx context.Context) error {
	c, err := client.Dial(ctx, "ws://127.0.0.1:9000/", nil)
	if err != nil {
		return err // says how far it got, and what the server answered
	}
	defer c.Close(ctx, frame.Normal, "bye")
	_ = c.WriteText(ctx, "hello") // the end of a connection is the error of every call
	m, err := c.Read(ctx)         // m.Type, m.Data
	fmt.Println(m.Type, string(m.Data))
	return err
}

func readmeOptions(serve server.Func) error {
	origins, err := handshake.AllowOrigins("https://*.example.com")
	if err != nil {
		return err
	}
	options := server.Options{
		Handshake: handshake.Policy{Origins: origins, Subprotocols: []string{"chat.v2", "chat.v1"}},
		Conn: conn.Options{
			Limits: conn.Limits{MaxMessage: 64 << 10},
			Queue:  conn.Queue{OnFull: conn.Disconnect},
		},
		Group: &server.Group{MaxConns: 10_000, MaxPerKey: 20},
	}
	upgrader, err := server.NewUpgrader(options) // upgrader.Handler(f) is an http.Handler
	if err != nil {
		return err
	}
	standalone, err := server.NewServer(serve, options) // standalone.ListenAndServe(":9000")
	http.Handle("/ws", upgrader.Handler(serve))
	_ = standalone
	return err
}

func readmeGroup(ctx context.Context, httpServer *http.Server, group *server.Group, news []byte) error {
	sent := group.Broadcast(conn.Prepare(conn.Text, news), nil)
	log.Printf("%d queued, %d dropped", sent.Queued, sent.Dropped)

	err := server.Shutdown(ctx, httpServer, group, server.Drain{Spread: 5 * time.Second})
	return err
}

func readmeReconnect(ctx context.Context, handle func(conn.Message)) {
	for c, err := range client.Connections(ctx, "wss://example.com/feed", nil, client.Backoff{}) {
		if err != nil {
			log.Print(err) // and it tries again, with jitter and Retry-After
			continue
		}
		for m, err := range c.Messages(ctx) {
			if err != nil {
				log.Print(err)
				break
			}
			handle(m)
		}
	}
}

func readmeConformance() {
	_ = func(t *testing.T) {
		wstest.Conformance(t, func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:9000")
		})
	}
}

// A server and a client, which meet in memory here.
func Example() {
	ctx := context.Background()
	echo := server.Handler(func(ctx context.Context, c *conn.Conn, r *handshake.Request) error {
		for m, err := range c.Messages(ctx) {
			if err != nil {
				return err
			}
			if err := c.Write(ctx, m.Type, m.Data); err != nil {
				return err
			}
		}
		return nil
	})
	listener := wstest.Listen()
	defer listener.Close()
	go http.Serve(listener, echo)

	c, err := client.Dial(ctx, "ws://echo.test/", &client.Options{Dial: listener.DialContext})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = c.WriteText(ctx, "hello")
	m, err := c.Read(ctx)
	fmt.Println(string(m.Data), err)
	fmt.Println(c.Close(ctx, frame.Normal, "bye"))
	// Output:
	// hello <nil>
	// <nil>
}
