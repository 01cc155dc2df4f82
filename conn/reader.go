package conn

import (
	"context"
	"errors"
	"io"

	"github.com/bellwire/bellwire/internal/pool"
)

// errStale is returned by a Reader whose message has been skipped.
var errStale = errors.New("websocket: the message of this reader has been skipped by a later read")

// Reader streams one message; it never holds more of it than a buffer's
// worth. See Conn.Reader.
type Reader struct {
	c    *Conn
	ctx  context.Context
	left []byte // of the last part; borrowed from the read side, which it keeps
	last bool   // left ends the message
	err  error  // sticky
}

// Reader waits for the next message and returns a stream of it, which ends
// with io.EOF where the message does. ctx governs its reads; one that ends in
// between harms nothing.
//
// The message need not be read to its end: the next Read or Reader skips the
// rest. Limits.MaxMessage holds for streams too.
func (c *Conn) Reader(ctx context.Context) (Type, *Reader, error) {
	if err := c.take(ctx); err != nil {
		return 0, nil, err
	}
	defer c.rd.release()
	if err := c.readable(ctx); err != nil {
		return 0, nil, readError(err)
	}
	r := &Reader{c: c, ctx: ctx}
	// What an interrupted Read has put by comes first.
	if len(c.rd.partial) > 0 {
		r.left, c.rd.partial = c.rd.partial, nil
		c.rd.msg.stream = r
		return c.rd.msg.typ, r, nil
	}
	p, err := c.next(ctx)
	if err != nil {
		return 0, nil, readError(err)
	}
	r.left, r.last = p.data, p.last
	c.rd.msg.stream = r
	return p.typ, r, nil
}

// skipStream reads and forgets what a Reader has left of its message.
func (c *Conn) skipStream(ctx context.Context) error {
	r := c.rd.msg.stream
	if r == nil {
		return nil
	}
	r.left, r.err = nil, errStale // even if the skipping is interrupted
	for !r.last {
		p, err := c.next(ctx)
		if err != nil {
			return err
		}
		r.last = p.last
	}
	r.finish(errStale)
	return nil
}

// finish ends the stream with err.
func (r *Reader) finish(err error) {
	r.err = err
	if r.c.rd.msg.stream == r {
		r.c.rd.msg.stream = nil
	}
}

// Read reads what has arrived of the message, at most len(p) octets.
func (r *Reader) Read(p []byte) (int, error) {
	c := r.c
	if err := c.take(r.ctx); err != nil {
		return 0, err
	}
	defer c.rd.release()
	if len(p) == 0 {
		return 0, r.err
	}
	for r.err == nil {
		if len(r.left) > 0 {
			n := copy(p, r.left)
			r.left = r.left[n:]
			return n, nil
		}
		if r.last {
			r.finish(io.EOF)
			break
		}
		n, err := r.more(p)
		if err != nil {
			return 0, readError(err)
		}
		if n > 0 {
			return n, nil
		}
	}
	if e := c.life.err.Load(); e != nil && r.err == errStale {
		return 0, e
	}
	return 0, r.err
}

// more takes the next part of the message: straight into p if it is going to
// fill it, else by way of left.
func (r *Reader) more(p []byte) (int, error) {
	if n := r.c.direct(len(p)); n > 0 && len(p) >= directMin {
		got, err := r.c.readDirect(r.ctx, p[:min(n, len(p))])
		r.last = got.last
		return len(got.data), err
	}
	got, err := r.c.next(r.ctx)
	r.left, r.last = got.data, got.last
	return 0, err
}

// WriteTo writes the rest of the message to w, as it arrives.
func (r *Reader) WriteTo(w io.Writer) (int64, error) {
	b := pool.Get(pool.Large)
	defer pool.Put(b)
	b = b[:cap(b)]
	var total int64
	for {
		n, err := r.Read(b)
		if n > 0 {
			m, werr := w.Write(b[:n])
			total += int64(m)
			if werr != nil {
				return total, werr
			}
		}
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}
