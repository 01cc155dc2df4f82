package conn

import (
	"bytes"
	"context"
)

// Prepared is a message for many connections. It is immutable and may be
// shared; a queue keeps a reference to it instead of a copy.
type Prepared struct {
	typ  Type
	data []byte
	err  error // why no connection can send it
}

// Prepare copies p. A message that no peer could accept, such as a text that
// is not UTF-8, is found here and reported by every write of it.
func Prepare(t Type, p []byte) *Prepared {
	return &Prepared{typ: t, data: bytes.Clone(p), err: checkMessage(t, p, false)}
}

func (p *Prepared) outgoing() outgoing {
	f := whole(p.typ, p.data)
	f.shared = true
	return f
}

// WritePrepared is Write of a prepared message.
func (c *Conn) WritePrepared(ctx context.Context, p *Prepared) error {
	if p.err != nil {
		return p.err
	}
	return c.send(ctx, p.outgoing())
}

// TryWritePrepared is TryWrite of a prepared message.
func (c *Conn) TryWritePrepared(p *Prepared) error {
	if p.err != nil {
		return p.err
	}
	return c.trySend(p.outgoing())
}
