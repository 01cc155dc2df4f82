package wstest

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// Slow returns nc read at no more than bytesPerSec octets a second, as by a
// consumer on a bad line; at 0 or less nothing is ever read. Only Read is
// slow: what the writer feels is that nc's buffers fill.
//
// A Read that waits ends at its deadline, and on Close. Slow and its reads
// belong into one synctest bubble, or outside all.
func Slow(nc net.Conn, bytesPerSec int) net.Conn {
	return &slowConn{Conn: nc, rate: max(bytesPerSec, 0), changed: make(chan struct{})}
}

type slowConn struct {
	net.Conn
	rate int

	mu      sync.Mutex
	free    time.Time     // when the octets taken so far are paid for
	by      time.Time     // read deadline
	closed  bool          // the connection below knows what a Read gives
	changed chan struct{} // closed when by or closed changes, then replaced
}

// A slow Read takes what may pass in a hundredth of a second, so that the
// flow is even.
const slowSteps = 100

func (s *slowConn) Read(p []byte) (int, error) {
	if err := s.waitTurn(); err != nil {
		return 0, err
	}
	n, err := s.Conn.Read(p[:min(len(p), max(s.rate/slowSteps, 1))])

	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); s.free.Before(now) {
		s.free = now
	}
	if s.rate > 0 {
		s.free = s.free.Add(time.Duration(n) * time.Second / time.Duration(s.rate))
	}
	return n, err
}

func (s *slowConn) waitTurn() error {
	for {
		s.mu.Lock()
		free, by, closed, changed := s.free, s.by, s.closed, s.changed
		s.mu.Unlock()

		now := time.Now()
		var until time.Time // zero: nothing but a change ends the wait
		switch {
		case closed:
			return nil
		case !by.IsZero() && !now.Before(by):
			return &net.OpError{Op: "read", Net: "slow", Err: os.ErrDeadlineExceeded}
		case s.rate > 0 && !now.Before(free):
			return nil
		case s.rate > 0:
			until = free
		}
		if !by.IsZero() && (until.IsZero() || by.Before(until)) {
			until = by
		}
		var wake <-chan time.Time
		if !until.IsZero() {
			timer := time.NewTimer(until.Sub(now))
			defer timer.Stop()
			wake = timer.C
		}
		select {
		case <-wake:
		case <-changed:
		}
	}
}

func (s *slowConn) change(set func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	set()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *slowConn) SetReadDeadline(t time.Time) error {
	s.change(func() { s.by = t })
	return s.Conn.SetReadDeadline(t)
}

func (s *slowConn) SetDeadline(t time.Time) error {
	s.change(func() { s.by = t })
	return s.Conn.SetDeadline(t)
}

func (s *slowConn) Close() error {
	err := s.Conn.Close()
	s.change(func() { s.closed = true })
	return err
}

// CloseWrite closes the writing half, where the connection below can.
func (s *slowConn) CloseWrite() error {
	if half, ok := s.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
