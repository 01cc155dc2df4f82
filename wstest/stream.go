package wstest

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// A stream is one direction of a pipe: a bounded ring of octets between the
// end that writes and the end that reads.
//
// Waiting is done on condition variables only, because synctest counts a
// goroutine in Cond.Wait as durably blocked, and one in Mutex.Lock not. That
// is also why writers take turns by the flag busy, not by a second mutex.
type stream struct {
	limit int

	mu       sync.Mutex // guards what follows; never held while waiting
	ring     []byte     // len(ring) grows up to limit
	start, n int        // the n octets at ring[start:] wait to be read
	busy     bool       // a writer is at work; others wait for their turn

	reader, writer side
}

// A side is what a stream knows of one of its two users.
type side struct {
	wake  sync.Cond // something has changed for this side
	fate  fate
	by    time.Time // deadline; zero: none
	timer *time.Timer
}

// A fate is what has become of one side of a stream. A later fate is never
// replaced by an earlier one.
type fate uint8

const (
	open   fate = iota
	ended       // nothing more will be written; what is buffered may be read
	reset       // buffered octets are lost
	closed      // by its own user
)

var readErrors = [...]error{
	ended:  io.EOF,
	reset:  opError("read", syscall.ECONNRESET),
	closed: opError("read", net.ErrClosed),
}

var writeErrors = [...]error{
	ended:  opError("write", syscall.EPIPE),
	reset:  opError("write", syscall.ECONNRESET),
	closed: opError("write", net.ErrClosed),
}

var (
	errReadTimeout  = opError("read", os.ErrDeadlineExceeded)
	errWriteTimeout = opError("write", os.ErrDeadlineExceeded)
	errSetClosed    = opError("set", net.ErrClosed)
)

func opError(op string, err error) error {
	return &net.OpError{Op: op, Net: "pipe", Source: pipeAddr{}, Addr: pipeAddr{}, Err: err}
}

func newStream(limit int) *stream {
	s := &stream{limit: limit}
	s.reader.wake.L = &s.mu
	s.writer.wake.L = &s.mu
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch r := &s.reader; {
		case r.fate > ended:
			return 0, readErrors[r.fate]
		case r.late():
			return 0, errReadTimeout
		case len(p) == 0:
			return 0, nil
		case s.n > 0:
			n := s.take(p)
			s.writer.wake.Broadcast()
			return n, nil
		case r.fate == ended:
			return 0, io.EOF
		}
		s.reader.wake.Wait()
	}
}

func (s *stream) write(p []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.busy {
		if err := s.writable(); err != nil {
			return 0, err
		}
		s.writer.wake.Wait()
	}
	s.busy = true
	defer func() {
		s.busy = false
		s.writer.wake.Broadcast()
	}()
	for {
		if err := s.writable(); err != nil {
			return n, err
		}
		n += s.put(p[n:])
		s.reader.wake.Broadcast()
		if n == len(p) {
			return n, nil
		}
		s.writer.wake.Wait()
	}
}

func (s *stream) writable() error {
	switch w := &s.writer; {
	case w.fate != open:
		return writeErrors[w.fate]
	case w.late():
		return errWriteTimeout
	}
	return nil
}

// take moves octets from the ring to p, as many as there are or fit.
func (s *stream) take(p []byte) int {
	p = p[:min(len(p), s.n)]
	k := copy(p, s.ring[s.start:])
	copy(p[k:], s.ring)
	s.n -= len(p)
	s.start += len(p)
	if s.start >= len(s.ring) {
		s.start -= len(s.ring)
	}
	return len(p)
}

// put moves octets from p to the ring, as many as the limit allows.
func (s *stream) put(p []byte) int {
	p = p[:min(len(p), s.limit-s.n)]
	if s.n+len(p) > len(s.ring) {
		grown := make([]byte, min(s.limit, max(2*len(s.ring), s.n+len(p), 512)))
		n := s.n
		s.take(grown)
		s.ring, s.start, s.n = grown, 0, n
	}
	if len(p) > 0 {
		at := (s.start + s.n) % len(s.ring)
		k := copy(s.ring[at:], p)
		copy(s.ring, p[k:])
		s.n += len(p)
	}
	return len(p)
}

// end gives both sides their fate and wakes them.
func (s *stream) end(reader, writer fate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reader.end(reader)
	s.writer.end(writer)
	if s.reader.fate > ended {
		s.ring, s.n = nil, 0
	}
}

func (d *side) end(f fate) {
	d.fate = max(d.fate, f)
	if d.fate == closed && d.timer != nil {
		d.timer.Stop()
	}
	d.wake.Broadcast()
}

func (s *stream) setReadDeadline(t time.Time) error  { return s.setDeadline(&s.reader, t) }
func (s *stream) setWriteDeadline(t time.Time) error { return s.setDeadline(&s.writer, t) }

func (s *stream) setDeadline(d *side, t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.fate == closed {
		return errSetClosed
	}
	d.by = t
	if d.timer != nil {
		d.timer.Stop()
	}
	d.wake.Broadcast() // the new deadline may have passed already
	if t.IsZero() {
		return nil
	}
	now := time.Now()
	wait := t.Sub(now)
	if wait <= 0 {
		return nil
	}
	// Measured on the monotonic clock like the timer, so that the timer
	// cannot fire before late says so.
	d.by = now.Add(wait)
	if d.timer != nil {
		d.timer.Reset(wait)
		return nil
	}
	d.timer = time.AfterFunc(wait, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		d.wake.Broadcast()
	})
	return nil
}

// late says whether the deadline has passed. The timer only wakes: one that
// fires for a deadline since moved does no harm.
func (d *side) late() bool {
	return !d.by.IsZero() && !time.Now().Before(d.by)
}
