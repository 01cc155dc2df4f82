package conn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/internal/pool"
)

// readSide is everything that reading needs. All but the atomics and the
// deadline belongs to whoever holds the side; see acquire.
type readSide struct {
	gate
	counter atomic.Uint32 // see readPhase

	deadline readDeadline
	dec      frame.Decoder
	buf      []byte // what the transport gave and the decoder has not taken; pooled
	start    int    // of the untaken bytes in buf
	msg      incoming
	partial  []byte // of a message whose read was interrupted
	control  []byte // payload of a control frame that came in pieces
	rate     controlRate
	in       counters
}

// gate lets one goroutine at a time into the read side.
type gate struct {
	busy     atomic.Bool                   // somebody is in
	draining atomic.Bool                   // Close is, or is waiting for it
	freed    atomic.Pointer[chan struct{}] // told when it becomes free; see Close
}

// incoming is the message that is being received.
type incoming struct {
	typ       Type
	inFrame   bool // between the first and the last part of a data frame
	size      int64
	fragments int
	utf8      frame.UTF8
	limit     atomic.Int64 // MaxMessage; see SetMessageLimit
	stream    *Reader      // the Reader that is receiving it
}

// counters count one direction. They are written by one goroutine at a time.
type counters struct {
	messages, bytes, wire atomic.Uint64
}

func (r *readSide) init(c *Conn, early []byte) {
	r.dec.Rules = frame.Rules{
		FromClient:      c.role == Server,
		AllowNonMinimal: c.opts.Tolerate.NonMinimalLengths,
		AllowUnmasked:   c.opts.Tolerate.UnmaskedFrames,
	}
	r.msg.limit.Store(c.opts.Limits.MaxMessage)
	c.life.finished = make(chan struct{})
	if len(early) > 0 {
		r.buf = append(pool.Get(len(early)), early...)
		r.in.wire.Add(uint64(len(early)))
	}
}

// take takes the read side for a call of the application. While Close has it,
// to read until the peer has answered, a reader that comes round again waits
// for the end; two readers of the application are a mistake of its own.
func (c *Conn) take(ctx context.Context) error {
	if c.rd.deadline.passed() && c.Err() == nil {
		return os.ErrDeadlineExceeded
	}
	if c.rd.acquire() {
		return nil
	}
	if c.rd.draining.Load() {
		select {
		case <-c.life.finished:
		case <-ctx.Done():
		}
	}
	if e := c.life.err.Load(); e != nil {
		return e
	}
	if err := ctx.Err(); err != nil {
		return readError(err)
	}
	return ErrConcurrentRead
}

// acquire takes the read side for the calling goroutine. It fails when
// another one has it.
func (r *readSide) acquire() bool { return r.busy.CompareAndSwap(false, true) }

func (r *readSide) release() {
	r.releaseBuffer()
	r.busy.Store(false)
	if ch := r.freed.Load(); ch != nil {
		select {
		case *ch <- struct{}{}:
		default:
		}
	}
}

// releaseBuffer gives the buffer back if nothing is left in it, and no Reader
// is still looking at what was.
func (r *readSide) releaseBuffer() {
	if s := r.msg.stream; s != nil && len(s.left) > 0 {
		return
	}
	if r.buf != nil && r.start == len(r.buf) {
		pool.Put(r.buf)
		r.buf, r.start = nil, 0
	}
}

// SetMessageLimit changes Limits.MaxMessage from the next frame on, for
// example after the peer has logged in. -1 is no limit.
func (c *Conn) SetMessageLimit(n int64) { c.rd.msg.limit.Store(n) }

// Read returns the next message, whole. Its Data is the caller's.
//
// A read that ends with ctx has lost nothing: what has arrived of a message
// stays, and the next read goes on from there. After the end of the
// connection every read returns the same *CloseError.
func (c *Conn) Read(ctx context.Context) (Message, error) {
	t, data, err := c.ReadInto(ctx, nil)
	if err != nil {
		return Message{}, err
	}
	if data == nil {
		data = []byte{} // an empty message is a message
	}
	return Message{Type: t, Data: data}, nil
}

// ReadInto is Read into the caller's memory: it appends the next message to
// buf and returns the longer slice. It does not allocate while buf has room.
// On an error the message, as far as it has arrived, stays with the
// connection and buf is returned as it was.
func (c *Conn) ReadInto(ctx context.Context, buf []byte) (Type, []byte, error) {
	if err := c.take(ctx); err != nil {
		return 0, buf, err
	}
	defer c.rd.release()
	if err := c.readable(ctx); err != nil {
		return 0, buf, readError(err)
	}
	t, data, err := c.assemble(ctx, buf)
	return t, data, readError(err)
}

// readable prepares for the next message: an earlier one that is still being
// streamed is skipped.
func (c *Conn) readable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		if e := c.life.err.Load(); e != nil {
			return e
		}
		return err
	}
	return c.skipStream(ctx)
}

// Messages yields message after message until the connection ends. After a
// clean closing handshake with code 1000, 1001 or none the loop just ends;
// any other end, and a context that ends, is yielded as the last error.
func (c *Conn) Messages(ctx context.Context) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for {
			m, err := c.Read(ctx)
			if err != nil {
				var end *CloseError
				if !errors.As(err, &end) || !end.quiet() {
					yield(Message{}, err)
				}
				return
			}
			if !yield(m, nil) {
				return
			}
		}
	}
}

// assemble appends the next message to dst. On an error the message so far is
// put by, and dst is returned as it came.
func (c *Conn) assemble(ctx context.Context, dst []byte) (Type, []byte, error) {
	base, ours := len(dst), cap(dst) == 0
	if ours {
		dst = c.rd.partial
	} else {
		dst = append(dst, c.rd.partial...)
	}
	c.rd.partial = nil
	for {
		var p part
		var err error
		if n := c.direct(len(dst) - base); n > 0 {
			dst = slices.Grow(dst, n)
			p, err = c.readDirect(ctx, dst[len(dst):len(dst)+n])
			dst = dst[:len(dst)+len(p.data)]
		} else {
			p, err = c.next(ctx)
			dst = append(dst, p.data...)
		}
		if err != nil {
			if ours {
				c.rd.partial = dst
				return 0, nil, err
			}
			c.rd.partial = append(c.rd.partial, dst[base:]...)
			return 0, dst[:base], err
		}
		if p.last {
			return p.typ, dst, nil
		}
	}
}

// directMin is how many octets of a frame must be missing for it to be read
// straight into the application's memory, without a stop in the read buffer.
const directMin = pool.Page

// direct says how many octets to read straight into the message, of which
// have are there already; 0 means through the buffer. It follows what has
// been received, not what the peer has promised: the message's memory at
// most doubles.
func (c *Conn) direct(have int) int {
	rest := c.rd.dec.Remaining()
	if !c.rd.msg.inFrame || rest < directMin || c.rd.start < len(c.rd.buf) {
		return 0
	}
	return int(min(rest, int64(max(directMin, have))))
}

// readDirect reads a part of a data frame into p.
func (c *Conn) readDirect(ctx context.Context, p []byte) (part, error) {
	n, err := c.readTransport(ctx, p)
	if err != nil {
		return part{}, err
	}
	got, _, err := c.step(p[:n])
	return got, err
}

// next returns the next part of a data message, whatever else arrives before
// it. The part's data is borrowed until the read side is used again.
func (c *Conn) next(ctx context.Context) (part, error) {
	for {
		if e := c.life.err.Load(); e != nil {
			return part{}, e
		}
		if c.rd.start == len(c.rd.buf) {
			if err := c.fill(ctx); err != nil {
				return part{}, err
			}
		}
		p, used, err := c.step(c.rd.buf[c.rd.start:])
		c.rd.start += used
		if err != nil || p.ok {
			return p, err
		}
	}
}

// fill reads what the transport has into the empty buffer.
func (c *Conn) fill(ctx context.Context) error {
	if cap(c.rd.buf) < pool.Page {
		c.rd.releaseBuffer()
		c.rd.buf = pool.Get(pool.Page)
	}
	c.rd.buf, c.rd.start = c.rd.buf[:0], 0
	n, err := c.readTransport(ctx, c.rd.buf[:cap(c.rd.buf)])
	c.rd.buf = c.rd.buf[:n]
	return err
}

// readTransport reads at least one octet, unless an error or the end of ctx
// prevents it. An interruption leaves everything as it was; any other error
// ends the connection.
func (c *Conn) readTransport(ctx context.Context, p []byte) (int, error) {
	done := c.foreign(ctx)
	if done != nil {
		c.rd.deadline.arm(c, ctx, done)
		defer c.rd.deadline.disarm(c)
	}
	for stray := 0; ; stray++ {
		c.rd.counter.Add(1)
		n, err := c.tr.Read(p)
		c.rd.counter.Add(1)
		if n > 0 {
			c.rd.in.wire.Add(uint64(n))
			return n, nil // if there was an error, it comes again
		}
		if err == nil {
			continue
		}
		if e := c.life.err.Load(); e != nil {
			return 0, e
		}
		if isTimeout(err) {
			why := c.rd.deadline.why(ctx, time.Now())
			if why == nil && stray < maxStray {
				// Moved while the read returned, or not of our making.
				c.rd.deadline.renew(c)
				continue
			}
			if why == nil {
				return 0, c.lost(err)
			}
			if why != errCloseTimeout {
				return 0, why
			}
			err = why
		}
		return 0, c.lost(err)
	}
}

// maxStray is how many time-outs that are none of ours a read overlooks. A
// transport may have had a deadline before it came to us; one that goes on
// timing out has given up.
const maxStray = 5

// lost ends the connection because the transport has failed with err.
func (c *Conn) lost(err error) *CloseError {
	if err == io.EOF {
		// "If the connection is closed without a Close frame", the end of
		// file came unexpectedly. RFC 6455 §7.1.5: the code is 1006.
		err = io.ErrUnexpectedEOF
	}
	return c.cut(&CloseError{Code: frame.Abnormal, Remote: c.wr.closing() == nil, Cause: err})
}

// discardUntil reads and forgets what still comes, until the peer hangs up or
// t has come.
func (r *readSide) discardUntil(c *Conn, t time.Time) {
	r.deadline.setLimit(c, t)
	b := pool.Get(pool.Page)
	defer pool.Put(b)
	for {
		if _, err := c.tr.Read(b[:cap(b)]); err != nil {
			return
		}
	}
}

// readPhase is odd while a read of the transport is in progress, and differs
// whenever one has begun or returned since. The keepalive tells a silent peer
// from a busy application by it.
func (c *Conn) readPhase() uint32 { return c.rd.counter.Load() }

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// readError dresses the error of a context; every other error explains
// itself.
func readError(err error) error {
	if err == context.Canceled || err == context.DeadlineExceeded {
		return fmt.Errorf("websocket: read: %w", err)
	}
	return err
}
