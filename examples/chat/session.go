package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/server"
)

// routes is the whole of the HTTP server: the page, and the room at /ws.
func (r *room) routes() (http.Handler, error) {
	u, err := server.NewUpgrader(r.options())
	if err != nil {
		return nil, err
	}
	files, err := servePage()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /ws", u.Handler(r.serve))
	mux.Handle("GET /", files)
	return mux, nil
}

// options bound what one connection can cost. Only pages of this server may
// connect: that is the default.
func (r *room) options() server.Options {
	return server.Options{
		Group: &r.group,
		Conn: conn.Options{
			Limits: conn.Limits{MaxMessage: maxMessage},
			// A page that falls behind by so much is disconnected. It comes
			// back, and the welcome has what it has missed.
			Queue:        conn.Queue{MaxBytes: 256 << 10, OnFull: conn.Disconnect},
			CloseTimeout: 2 * time.Second,
		},
	}
}

// serve is one connection, from the join to the end.
func (r *room) serve(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	m, err := c.Read(ctx)
	if errors.Is(err, os.ErrDeadlineExceeded) && c.Err() == nil {
		return conn.Abort(frame.Policy, "The join did not come in time.")
	}
	if err != nil {
		return err
	}
	hello, err := decode(m)
	if err != nil {
		return err
	}
	if hello.Type != "join" {
		return conn.Abort(codeMalformed, "The first message has to be a join.")
	}
	name, complaint := cleanName(hello.Name)
	if complaint != "" {
		return conn.Abort(codeName, complaint)
	}
	if err := r.join(c, person{name, hello.Key}); err != nil {
		return err
	}
	defer r.leave(c)
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	return r.listen(ctx, c)
}

// listen passes on what the person on c says.
func (r *room) listen(ctx context.Context, c *conn.Conn) error {
	for m, err := range c.Messages(ctx) {
		if err != nil {
			return err
		}
		said, err := decode(m)
		if err != nil {
			return err
		}
		text := strings.TrimSpace(said.Text)
		switch n := utf8.RuneCountInString(text); {
		case said.Type != "say":
			return conn.Abort(codeMalformed, "The chat does not know this message.")
		case n > maxText:
			complaint := fmt.Sprintf("This message is too long: %d characters, at most %d.", n, maxText)
			if err := c.TryWrite(conn.Text, encode(event{Type: "error", Text: complaint})); err != nil {
				return err
			}
		case n > 0:
			r.say(c, text)
		}
	}
	return nil
}

func decode(m conn.Message) (command, error) {
	var cmd command
	if m.Type != conn.Text {
		return cmd, conn.Abort(frame.Unsupported, "The chat is for text.")
	}
	if err := json.Unmarshal(m.Data, &cmd); err != nil {
		return cmd, conn.Abort(codeMalformed, "A message of the chat is JSON.")
	}
	return cmd, nil
}
