package conn

import (
	"net"
	"time"

	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/internal/pool"
)

const (
	smallWrite = pool.Medium // a frame up to this size is copied behind its header; a larger payload is written from where it lies
	batchSize  = pool.Large  // the most that is collected for one write
	writePiece = pool.Large  // see put
)

// header returns f's frame header, with a fresh masking key for a client.
func (c *Conn) header(f *outgoing) frame.Header {
	h := frame.Header{Fin: f.last, Opcode: f.typ, Length: int64(len(f.data))}
	if !f.first {
		h.Opcode = frame.Continuation
	}
	if c.role == Client {
		h.Masked, h.Key = true, newKey()
	}
	return h
}

// writeThrough writes f to the transport, past the empty queue, and returns
// when the transport has taken it. wr.mu is held, and let go.
func (c *Conn) writeThrough(f outgoing) error {
	w := &c.wr
	b, big, err := c.encode(pool.Get(room(&f)), &f)
	if err != nil {
		w.mu.Unlock()
		pool.Put(b)
		return err
	}
	w.busy = true
	w.admitted++
	w.flying = w.admitted
	if f.writer != nil {
		f.writer.admitted(&f)
		if f.last {
			w.stream = nil
		}
	}
	w.mu.Unlock()
	if err = c.transmit(b, big); err == nil {
		c.sent(&f)
	}
	pool.Put(b)
	w.mu.Lock()
	c.handOver()
	w.mu.Unlock()
	return err
}

// room says how large a buffer has to be to take f's frame, or the part of it
// that is copied.
func room(f *outgoing) int {
	if len(f.data) <= smallWrite-frame.MaxHeaderLen {
		return len(f.data) + frame.MaxHeaderLen
	}
	return batchSize
}

// body is a payload that is too large to be copied.
type body struct {
	data []byte
	head frame.Header
}

// encode appends f's frame to b; all of it if it is small, else its header,
// with the payload to follow as a body. wr.mu is held.
func (c *Conn) encode(b []byte, f *outgoing) ([]byte, body, error) {
	h := c.header(f)
	if c.frames {
		c.wr.notes.headers = append(c.wr.notes.headers, h)
	}
	if len(f.data) <= smallWrite-frame.MaxHeaderLen {
		b, err := c.wr.enc.Append(b, h, f.data)
		return b, body{}, err
	}
	b, err := c.wr.enc.AppendHeader(b, h)
	if err != nil {
		return b, body{}, err
	}
	return b, body{f.data, h}, nil
}

// kick sees to it that what waits gets written. wr.mu is held.
func (c *Conn) kick() {
	if !c.wr.busy {
		c.wr.busy = true
		go c.flush()
	}
}

// handOver ends the duty of whoever is busy. If something has come to wait in
// the meantime, a goroutine takes it over: the caller has waited long enough
// for its own message. wr.mu is held.
func (c *Conn) handOver() {
	c.wr.flying = 0
	c.wr.busy = c.waiting()
	if c.wr.busy {
		go c.flush()
	}
	c.wr.broadcast()
}

// waiting reports whether there is anything that may be written now.
func (c *Conn) waiting() bool {
	w := &c.wr
	switch {
	case c.life.err.Load() != nil || w.close.framed:
		return false
	case !w.control.empty():
		return true
	case w.stream != nil:
		return !w.stream.waiting.empty() || w.close.pending()
	}
	return !w.queue.empty() || w.close.pending()
}

// flush writes what waits, until nothing does. It runs in a goroutine of its
// own, which lives only that long.
func (c *Conn) flush() {
	w := &c.wr
	for {
		w.mu.Lock()
		if !c.waiting() {
			w.busy = false
			w.broadcast()
			w.mu.Unlock()
			return
		}
		batch := c.collect(pool.Get(min(batchSize, w.queue.bytes+pool.Small)))
		w.mu.Unlock()

		err := c.transmit(batch.bytes, batch.big)
		batch.free(c, err == nil)

		w.mu.Lock()
		w.flying = 0
		w.queue.bytes -= batch.charge
		w.close.sent = w.close.sent || batch.closing && err == nil
		w.broadcast()
		w.mu.Unlock()
	}
}

// batch is what leaves in one go: many small frames, then perhaps one large.
type batch struct {
	bytes   []byte
	big     body
	items   []*item // that were framed
	charge  int     // of them
	closing bool    // a Close frame is the last
}

// collect frames what waits, in the order in which it has to leave: control
// frames, which may stand between the fragments of a message (RFC 6455 §5.4),
// the open message, the other messages, the Close frame. wr.mu is held.
func (c *Conn) collect(b []byte) batch {
	w := &c.wr
	out := batch{bytes: w.control.take(b)}
	c.noteFrames(out.bytes)
	for out.big.data == nil {
		it := w.next()
		if it == nil {
			break
		}
		f := it.outgoing()
		if len(out.bytes) > 0 && len(out.bytes)+room(&f) > cap(out.bytes) {
			return out
		}
		w.pop(it)
		if w.flying == 0 || it.number < w.flying {
			w.flying = it.number // a fragment may be younger than a message behind its stream
		}
		out.items = append(out.items, it)
		out.charge += it.charge()
		// The order of frames is kept by this package, so that the encoder
		// has nothing to refuse; if it did, the frame would not go out.
		out.bytes, out.big, _ = c.encode(out.bytes, &f)
	}
	if out.big.data == nil && w.close.pending() {
		start := len(out.bytes)
		out.bytes = c.appendClose(out.bytes)
		out.closing = true
		c.noteFrames(out.bytes[start:])
	}
	return out
}

// next returns the item that leaves next, or nil. A turn that has come opens
// the stream of its Writer.
func (w *writeSide) next() *item {
	for {
		if w.stream != nil {
			return w.stream.waiting.peek()
		}
		it := w.queue.peek()
		if it == nil || it.turn == nil {
			return it
		}
		w.queue.pop()
		if w.close.why == nil { // else the Writer is about to hear that
			w.stream = it.turn
		}
		it.free()
		w.broadcast()
	}
}

// pop takes it, which next has returned, out of where it waits. The last
// fragment of a stream ends it.
func (w *writeSide) pop(it *item) {
	if w.stream == nil {
		w.queue.pop()
		return
	}
	w.stream.waiting.pop()
	if it.last {
		w.stream = nil
		w.broadcast()
	}
}

// free gives back the memory of what has been written, and counts it.
func (b *batch) free(c *Conn, sent bool) {
	for _, it := range b.items {
		if sent {
			f := it.outgoing()
			c.sent(&f)
		}
		it.free()
	}
	pool.Put(b.bytes)
}

// transmit writes b and then the body to the transport. The caller is busy.
// An error ends the connection.
func (c *Conn) transmit(b []byte, big body) error {
	c.traceFrames()
	var err error
	switch {
	case big.data == nil:
		err = c.put(b)
	case c.role == Client:
		err = c.putMasked(b, big)
	default:
		err = c.putBoth(b, big.data)
	}
	if err != nil {
		return c.cut(&CloseError{Code: frame.Abnormal, Cause: err})
	}
	return nil
}

// putMasked writes b and the masked body: masked while copying into what b
// has free, since the payload is the application's.
func (c *Conn) putMasked(b []byte, big body) error {
	pos, data := 0, big.data
	for len(data) > 0 {
		n := min(len(data), cap(b)-len(b))
		start := len(b)
		b = b[:start+n]
		pos = frame.MaskCopy(b[start:], data[:n], big.head.Key, pos)
		data = data[n:]
		if err := c.put(b); err != nil {
			return err
		}
		b = b[:0]
	}
	return nil
}

// putBoth writes b and the payload behind it. A socket takes both at once;
// for any other transport the payload fills up what b has free, so that the
// header does not travel alone.
func (c *Conn) putBoth(b, data []byte) error {
	if !c.socket() {
		n := min(len(data), cap(b)-len(b))
		if err := c.put(append(b, data[:n]...)); err != nil {
			return err
		}
		return c.put(data[n:])
	}
	bufs := net.Buffers{b, data}
	for len(bufs) > 0 {
		err := c.extend()
		if err != nil {
			return err
		}
		n, err := bufs.WriteTo(c.tr)
		if err := c.wrote(int(n), err); err != nil {
			return err
		}
	}
	return nil
}

// put writes b. A transport whose writes cannot go on after a time-out, as
// those of TLS, gets it in pieces, so that progress shows.
func (c *Conn) put(b []byte) error {
	for len(b) > 0 {
		if err := c.extend(); err != nil {
			return err
		}
		piece := b
		if len(b) > writePiece && !c.socket() {
			piece = b[:writePiece]
		}
		n, err := c.tr.Write(piece)
		if err := c.wrote(n, err); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// socket reports whether the transport is one: it takes several buffers in
// one write, and goes on after a time-out.
func (c *Conn) socket() bool {
	switch c.tr.(type) {
	case *net.TCPConn, *net.UnixConn:
		return true
	}
	return false
}

// wrote counts n octets that the transport has taken. It returns nil if the
// write may go on: there was no error, or only the time was over and the peer
// has made progress.
func (c *Conn) wrote(n int, err error) error {
	c.wr.out.wire.Add(uint64(n))
	if err == nil || !isTimeout(err) {
		return err
	}
	if n == 0 {
		return errWriteTimeout
	}
	return nil
}

// extend gives the transport WriteTimeout from now for its next write, and
// an eighth more, so that not every write has to set a deadline.
func (c *Conn) extend() error {
	timeout := c.opts.WriteTimeout
	if timeout < 0 {
		return nil
	}
	now := time.Now()
	if c.wr.progress.Sub(now) >= timeout {
		return nil
	}
	c.wr.progress = now.Add(timeout + timeout/8)
	return c.tr.SetWriteDeadline(c.wr.progress)
}
