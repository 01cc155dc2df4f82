package main

import (
	"context"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/handshake"
)

// keepAtMost is the largest buffer that a connection keeps for its next
// message.
const keepAtMost = 1 << 20

// echo sends every message back. It reads into the same memory again and
// again: Write borrows it no longer than until it returns.
func echo(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
	var buf []byte
	for {
		t, p, err := c.ReadInto(ctx, buf[:0])
		if err != nil {
			return err
		}
		if err := c.Write(ctx, t, p); err != nil {
			return err
		}
		if buf = p; cap(buf) > keepAtMost {
			buf = nil
		}
	}
}
