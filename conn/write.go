package conn

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/internal/pool"
)

var errNotText = errors.New("websocket: a text message must be valid UTF-8 (RFC 6455 §5.6): send it as Binary")

// writeSide is everything that writing needs. mu is held for moments only,
// never while the transport is being written to: that is what busy is for.
type writeSide struct {
	mu       sync.Mutex
	enc      frame.Encoder
	busy     bool    // somebody is writing to the transport, and will see to what waits
	control  control // pings and pongs that wait
	queue    queue   // messages that wait
	stream   *Writer // whose message is open; others wait behind it
	close    closeState
	deadline time.Time     // set by SetWriteDeadline
	wake     chan struct{} // closed when something has changed, if anybody waits
	progress time.Time     // the transport's deadline; owned by whoever is busy
	tally                  // what has been written
	notes    notes         // see trace.go
}

// tally counts what has been written. The numbers are for Flush.
type tally struct {
	out      counters
	admitted uint64 // the number of the latest message or fragment
	flying   uint64 // the number of the first that is being written, or 0
}

// outgoing is a message, or a fragment of one, on its way from the caller.
type outgoing struct {
	typ         Type
	data        []byte // borrowed from the caller until the call returns
	size        int64  // of the message, up to and with data
	shared      bool   // data is immutable and may be kept
	first, last bool   // of its message
	queued      bool   // must not be written through; see send
	key         string
	writer      *Writer // of a fragment
	turn        *Writer
}

func whole(t Type, p []byte) outgoing {
	return outgoing{typ: t, data: p, size: int64(len(p)), first: true, last: true}
}

// Write sends p as one message. It returns when the message has been admitted
// to the outgoing queue, which usually means that the transport has taken it.
// p is borrowed until Write returns, and never modified.
//
// When the queue is full, Options.Queue.OnFull decides; Block waits for room
// until ctx ends, and then nothing was sent. Once admitted, a message is sent
// whole or the connection ends. Any number of goroutines may write.
func (c *Conn) Write(ctx context.Context, t Type, p []byte) error {
	if err := c.checkOutgoing(t, p); err != nil {
		return err
	}
	return c.send(ctx, whole(t, p))
}

// WriteText sends s as one text message. See Write.
func (c *Conn) WriteText(ctx context.Context, s string) error {
	p := append(pool.Get(len(s)), s...)
	defer pool.Put(p) // Write has only borrowed it
	return c.Write(ctx, Text, p)
}

// TryWrite is a Write that never waits: neither for room in the queue nor for
// the transport. With the policy Block it returns ErrQueueFull when there is
// no room.
func (c *Conn) TryWrite(t Type, p []byte) error {
	if err := c.checkOutgoing(t, p); err != nil {
		return err
	}
	return c.trySend(whole(t, p))
}

// WriteLatest is TryWrite for values of which only the latest counts, such as
// a price or a position: it takes the place of a message with the same key
// that has not been sent yet. key must not be empty.
func (c *Conn) WriteLatest(key string, t Type, p []byte) error {
	if key == "" {
		return errors.New("websocket: WriteLatest needs a key")
	}
	if err := c.checkOutgoing(t, p); err != nil {
		return err
	}
	f := whole(t, p)
	f.key = key
	return c.trySend(f)
}

// SetWriteDeadline makes writes that wait for room return
// os.ErrDeadlineExceeded from t on; the zero time means never. A message that
// has been admitted is not affected.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.wr.mu.Lock()
	defer c.wr.mu.Unlock()
	c.wr.deadline = t
	c.wr.broadcast()
	return nil
}

// Buffered returns the octets that wait to be written, with 64 octets of
// bookkeeping for every message.
func (c *Conn) Buffered() int {
	c.wr.mu.Lock()
	defer c.wr.mu.Unlock()
	return c.wr.queue.bytes
}

// Flush waits until everything that was written before has been given to the
// transport. It returns an error if some of it was dropped because the
// connection is being closed.
func (c *Conn) Flush(ctx context.Context) error {
	w := &c.wr
	w.mu.Lock()
	defer w.mu.Unlock()
	last := w.admitted
	for w.oldest() != 0 && w.oldest() <= last {
		if e := c.life.err.Load(); e != nil {
			return e
		}
		if err := w.wait(ctx, ctx.Done(), w.deadline); err != nil {
			return writeError(err)
		}
	}
	if w.close.lost {
		return w.close.why
	}
	return c.Err()
}

func (c *Conn) checkOutgoing(t Type, p []byte) error {
	return checkMessage(t, p, c.opts.Tolerate.InvalidUTF8)
}

// checkMessage refuses what no peer could accept.
func checkMessage(t Type, p []byte, anyText bool) error {
	if t != Text && t != Binary {
		return errType
	}
	if t == Text && !anyText {
		var u frame.UTF8
		if !u.Write(p) || !u.Complete() {
			return errNotText
		}
	}
	return nil
}

// send writes f at once if nothing stands in its way, and otherwise leaves it
// in the queue. A caller that can be interrupted always takes the queue: a
// write of the transport that is broken off half-way would leave half a frame.
// (Giving the rest of such a frame to somebody else to finish was rejected:
// TLS cannot go on after an interrupted write.)
func (c *Conn) send(ctx context.Context, f outgoing) error {
	done := c.foreign(ctx)
	w := &c.wr
	w.mu.Lock()
	if err := c.refusal(ctx); err != nil {
		w.mu.Unlock()
		return writeError(err)
	}
	if done == nil && w.deadline.IsZero() && !f.queued && w.free(f) {
		return c.writeThrough(f) // unlocks
	}
	err := c.admit(ctx, done, f, true)
	n := w.notes.takeOverflow()
	w.mu.Unlock()
	c.traceOverflow(n)
	return writeError(err)
}

// trySend is send for callers that never wait.
func (c *Conn) trySend(f outgoing) error {
	w := &c.wr
	w.mu.Lock()
	err := c.refusal(context.Background())
	if err == nil {
		err = c.admit(context.Background(), nil, f, false)
	}
	n := w.notes.takeOverflow()
	w.mu.Unlock()
	c.traceOverflow(n)
	return err
}

// over says why nothing can be sent any more, or nil. wr.mu is held.
//
// "The application MUST NOT send any more data frames after sending a Close
// frame." RFC 6455 §5.5.1. A control frame would not be read either.
func (c *Conn) over() error {
	if e := c.life.err.Load(); e != nil {
		return e
	}
	if e := c.wr.close.why; e != nil {
		return e
	}
	return nil
}

// refusal says why a call cannot write, or nil. wr.mu is held.
func (c *Conn) refusal(ctx context.Context) error {
	if err := c.over(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if d := c.wr.deadline; !d.IsZero() && !time.Now().Before(d) {
		return os.ErrDeadlineExceeded
	}
	return nil
}

// free reports whether f may be written past the queue.
func (w *writeSide) free(f outgoing) bool {
	if w.busy || w.stream != f.writer {
		return false
	}
	if f.writer != nil {
		return f.writer.waiting.empty()
	}
	return w.queue.empty()
}

// admit puts f into the queue, by the policy if that is full, and sees to it
// that somebody writes it. wr.mu is held, but let go while waiting.
func (c *Conn) admit(ctx context.Context, done <-chan struct{}, f outgoing, wait bool) error {
	w := &c.wr
	if f.key != "" && w.queue.replace(f, c.opts.Queue.MaxBytes) {
		w.notes.dropped++
		return nil
	}
	policy := c.opts.Queue.OnFull
	if f.writer != nil {
		policy = Block // a fragment cannot be dropped
	}
	for !w.roomFor(f, c.opts.Queue.MaxBytes) {
		switch {
		case policy == DropNewest:
			w.notes.drop()
			return ErrDropped
		case policy == DropOldest && w.queue.dropOldest():
			w.notes.drop()
		case policy == DropOldest: // nothing waits that could be dropped
			w.notes.drop()
			return ErrDropped
		case policy == Disconnect:
			w.notes.drop()
			return c.abandon(frame.Policy, "too slow", errTooSlow)
		case !wait:
			return ErrQueueFull
		default:
			if err := w.wait(ctx, done, w.deadline); err != nil {
				return err
			}
			if err := c.refusal(ctx); err != nil {
				return err
			}
		}
	}
	if old := w.queue.latest[f.key]; old != nil {
		// There was no room for the change in its place.
		w.queue.removeIf(func(it *item) bool { return it == old })
		w.notes.dropped++
	}
	it := w.number(newItem(f))
	if f.writer != nil {
		f.writer.admitted(&f)
		w.queue.bytes += it.charge()
		f.writer.waiting.push(it)
	} else {
		w.queue.push(it)
	}
	c.kick()
	return nil
}

// number counts it as admitted.
func (w *writeSide) number(it *item) *item {
	w.admitted++
	it.number = w.admitted
	return it
}

// oldest is the number of what was admitted first of all that has not been
// given to the transport, or 0.
func (w *writeSide) oldest() uint64 {
	oldest := w.flying
	older := func(it *item) {
		if it != nil && (oldest == 0 || it.number < oldest) {
			oldest = it.number
		}
	}
	older(w.queue.message())
	if w.stream != nil {
		older(w.stream.waiting.peek())
	}
	return oldest
}

// roomFor reports whether f may wait.
func (w *writeSide) roomFor(f outgoing, limit int) bool {
	n := overhead + len(f.data)
	if f.writer != nil {
		return f.writer.waiting.empty() || w.queue.bytes+n <= limit
	}
	return w.queue.room(n, limit)
}

// wait lets go of mu until something has changed, ctx ends, of which done is
// the channel, or the deadline passes.
func (w *writeSide) wait(ctx context.Context, done <-chan struct{}, deadline time.Time) error {
	if w.wake == nil {
		w.wake = make(chan struct{})
	}
	wake := w.wake
	var expired <-chan time.Time
	if !deadline.IsZero() {
		t := time.NewTimer(time.Until(deadline))
		defer t.Stop()
		expired = t.C
	}
	w.mu.Unlock()
	defer w.mu.Lock()
	select {
	case <-wake:
		return nil
	case <-done:
		return ctx.Err()
	case <-expired:
		return os.ErrDeadlineExceeded
	}
}

// broadcast wakes all that wait. mu is held.
func (w *writeSide) broadcast() {
	if w.wake != nil {
		close(w.wake)
		w.wake = nil
	}
}

// end drops what waits, when the connection has ended.
func (w *writeSide) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue.clear()
	if w.stream != nil {
		w.stream.waiting.clear()
	}
	w.control = control{}
	w.broadcast()
}

// writeError dresses the error of a context; every other error explains
// itself.
func writeError(err error) error {
	if err == context.Canceled || err == context.DeadlineExceeded {
		return fmt.Errorf("websocket: write: %w", err)
	}
	return err
}
