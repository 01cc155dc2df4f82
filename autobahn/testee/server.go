package testee

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/server"
)

// unlimited takes what the cases send: messages of 16 MiB, 65537 fragments,
// and pings as fast as they come.
var unlimited = conn.Options{
	Limits: conn.Limits{MaxMessage: -1, MaxFragments: -1, MaxControlRate: -1},
	Queue:  conn.Queue{MaxBytes: 32 << 20},
}

func options() server.Options {
	return server.Options{
		Conn:   unlimited,
		Group:  new(server.Group),
		Logger: slog.New(slog.DiscardHandler), // that peers break rules is no news here
	}
}

// Handler is the echo server for net/http.
func Handler() http.Handler {
	u, err := server.NewUpgrader(options())
	if err != nil {
		panic(err) // the options are constants
	}
	return u.Handler(echo)
}

// Server is the echo server that does without net/http.
func Server() *server.Server {
	s, err := server.NewServer(echo, options())
	if err != nil {
		panic(err) // the options are constants
	}
	return s
}

// echo sends every message back, until the client closes the connection.
func echo(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
	return reflect(ctx, c)
}

func reflect(ctx context.Context, c *conn.Conn) error {
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
