// Command echo is the smallest useful server: it sends every message back.
//
//	go run ./examples/echo
//	go run ./cmd/bellwire connect ws://127.0.0.1:8080
package main

import (
	"context"
	"flag"
	"log"
	"net/http"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/server"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "the `address` to listen on")
	flag.Parse()
	log.Printf("listening on ws://%s", *listen)
	log.Fatal(http.ListenAndServe(*listen, server.Handler(echo)))
}

// echo sends every message back, until the client closes the connection.
func echo(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
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
