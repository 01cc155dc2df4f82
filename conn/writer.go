package conn

import (
	"context"
	"errors"
	"io"

	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/internal/pool"
)

var errWriterDone = errors.New("websocket: write to a finished Writer")

// Writer streams one message as a series of fragments (RFC 6455 §5.4). Pings,
// pongs and a Close frame pass between them; other messages wait until it is
// closed. A Writer is for one goroutine at a time.
//
// A Writer must be ended with Close or Abort.
type Writer struct {
	c    *Conn
	ctx  context.Context
	typ  Type
	buf  []byte // collects small writes; pooled
	utf8 frame.UTF8

	size int64 // of the fragments that have been admitted
	err  error // sticky

	// Guarded by c.wr.mu.
	waiting queue // fragments that wait
	stage   stage // changed by the Writer's own calls alone, which may read it without
}

// stage says what has been admitted of a streamed message.
type stage uint8

const (
	notBegun stage = iota // nothing
	begun                 // a fragment, but not the last
	complete              // all of it
)

// admitted notes that f has been. c.wr.mu is held.
func (w *Writer) admitted(f *outgoing) {
	w.stage = begun
	if f.last {
		w.stage = complete
	}
}

// Writer starts a message of type t. It waits until the messages before it
// have left the queue, bounded by ctx, which governs the Writer's writes too.
func (c *Conn) Writer(ctx context.Context, t Type) (*Writer, error) {
	if t != Text && t != Binary {
		return nil, errType
	}
	out := &Writer{c: c, ctx: ctx, typ: t}
	if err := c.awaitTurn(ctx, out); err != nil {
		return nil, writeError(err)
	}
	return out, nil
}

// awaitTurn returns when out is the stream that may send.
func (c *Conn) awaitTurn(ctx context.Context, out *Writer) error {
	done := c.foreign(ctx)
	w := &c.wr
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := c.refusal(ctx); err != nil {
		return err
	}
	if w.stream == nil && w.queue.empty() {
		w.stream = out
		return nil
	}
	w.queue.push(newItem(outgoing{turn: out}))
	for w.stream != out {
		err := w.wait(ctx, done, w.deadline)
		if err == nil {
			err = c.refusal(ctx)
		}
		if err != nil {
			c.yieldTurn(out)
			return err
		}
	}
	return nil
}

// yieldTurn gives up out's turn, whether it has come or not. wr.mu is held.
func (c *Conn) yieldTurn(out *Writer) {
	w := &c.wr
	if w.stream == out {
		w.stream = nil
	}
	w.queue.removeIf(func(it *item) bool { return it.turn == out })
	if c.waiting() {
		c.kick()
	}
	w.broadcast()
}

// Write adds p to the message. Small writes are collected into fragments of
// 4 KiB; a p of at least that size becomes a fragment at once. p is borrowed
// until Write returns.
func (w *Writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if w.typ == Text && !w.c.opts.Tolerate.InvalidUTF8 && !w.utf8.Write(p) {
		return 0, w.fail(errNotText)
	}
	if w.buf == nil {
		w.buf = pool.Get(pool.Page)
	}
	if len(w.buf)+len(p) > cap(w.buf) {
		if err := w.Flush(); err != nil {
			return 0, err
		}
	}
	if len(p) < cap(w.buf) {
		w.buf = append(w.buf, p...)
		return len(p), nil
	}
	if err := w.fragment(p, false); err != nil {
		return 0, err
	}
	return len(p), nil
}

// ReadFrom adds what r holds to the message, until r ends. If r fails the
// message cannot be completed any more.
func (w *Writer) ReadFrom(r io.Reader) (int64, error) {
	b := pool.Get(pool.Medium)
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
			return total, w.fail(err)
		}
	}
}

// Flush sends what has been collected as a fragment, for a peer that wants to
// see the message as it grows.
func (w *Writer) Flush() error {
	if w.err != nil || len(w.buf) == 0 {
		return w.err
	}
	return w.fragment(w.buf, false)
}

// Close sends the rest as the last fragment. After an error it is an Abort:
// a partial message is never passed off as whole.
func (w *Writer) Close() error {
	if w.err == errWriterDone {
		return nil
	}
	if w.err == nil && w.typ == Text && !w.c.opts.Tolerate.InvalidUTF8 && !w.utf8.Complete() {
		w.fail(errNotText)
	}
	if w.err == nil && w.fragment(w.buf, true) == nil {
		w.finish()
		return nil
	}
	err := w.err
	_ = w.Abort(frame.Internal)
	return err
}

// Abort ends the message without completing it. What has been sent of it
// cannot be unsent, so that the connection is closed with code; if nothing
// has been sent, the connection is not affected.
func (w *Writer) Abort(code frame.Code) error {
	if w.err == errWriterDone {
		return nil
	}
	if _, err := frame.AppendClose(nil, code, ""); err != nil {
		return err // the Writer can still be ended
	}
	w.finish()
	w.c.wr.mu.Lock()
	defer w.c.wr.mu.Unlock()
	if w.stage == notBegun {
		w.c.yieldTurn(w)
		return nil
	}
	_ = w.c.abandon(code, "", errAbandoned) // which is what the caller asked for
	return nil
}

// fragment sends p as the next fragment.
func (w *Writer) fragment(p []byte, last bool) error {
	f := outgoing{typ: w.typ, data: p, size: w.size + int64(len(p)), first: w.stage == notBegun, last: last, writer: w}
	if err := w.c.send(w.ctx, f); err != nil {
		return w.fail(err)
	}
	w.size = f.size
	w.buf = w.buf[:0]
	return nil
}

func (w *Writer) fail(err error) error {
	w.err = err
	return err
}

func (w *Writer) finish() {
	if w.buf != nil {
		pool.Put(w.buf)
		w.buf = nil
	}
	w.err = errWriterDone
}
