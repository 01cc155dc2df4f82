package autobahn

import (
	"net"
	"runtime"
	"sync"
	"time"
)

// drainTime is how long the peer may take to read what is left when the tester
// hangs up.
const drainTime = 5 * time.Second

// A sender writes to the peer without ever making the tester wait. What is
// put leaves with the next flush, in one write up to the next cut.
type sender struct {
	nc   net.Conn
	done chan struct{} // closed when the sender's goroutine has ended

	pending [][]byte // owned by the endpoint: put, not flushed
	cutNext bool     // the last of pending ends a write

	mu     sync.Mutex // guards what is below
	wake   *sync.Cond
	queue  [][]byte
	finish bool // hang up when the queue is empty
	stop   bool // leave the queue alone
}

func newSender(nc net.Conn) *sender {
	s := &sender{nc: nc, done: make(chan struct{}), cutNext: true}
	s.wake = sync.NewCond(&s.mu)
	go s.run()
	return s
}

// put adds octets to what leaves next; with cut, what follows them leaves in
// another write.
func (s *sender) put(b []byte, cut bool) {
	if s.cutNext {
		s.pending = append(s.pending, b)
	} else {
		last := len(s.pending) - 1
		s.pending[last] = append(s.pending[last], b...)
	}
	s.cutNext = cut
}

// flush hands what was put to the goroutine.
func (s *sender) flush() {
	if len(s.pending) == 0 {
		return
	}
	s.mu.Lock()
	s.queue = append(s.queue, s.pending...)
	s.wake.Signal()
	s.mu.Unlock()
	s.pending, s.cutNext = nil, true
}

// hangUp closes TCP when everything that was put has been written.
func (s *sender) hangUp() {
	s.flush()
	_ = s.nc.SetWriteDeadline(time.Now().Add(drainTime))
	s.mu.Lock()
	s.finish = true
	s.wake.Signal()
	s.mu.Unlock()
}

// reset ends TCP at once, with RST.
func (s *sender) reset() {
	if tcp, ok := s.nc.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	s.cease()
}

// cease closes TCP and leaves what has not been written.
func (s *sender) cease() {
	s.mu.Lock()
	s.stop = true
	s.wake.Signal()
	s.mu.Unlock()
	_ = s.nc.Close()
}

func (s *sender) run() {
	defer close(s.done)
	for {
		s.mu.Lock()
		for len(s.queue) == 0 && !s.finish && !s.stop {
			s.wake.Wait()
		}
		writes, stop := s.queue, s.stop
		s.queue = nil
		s.mu.Unlock()
		if stop || len(writes) == 0 {
			_ = s.nc.Close()
			return
		}
		for i, b := range writes {
			if i > 0 {
				pause()
			}
			if _, err := s.nc.Write(b); err != nil {
				break // the reader sees the end
			}
		}
	}
}

// pause lets others have a turn for about as long as an event loop does. A
// sleep would take up to a hundred times as long, and so would a fixed number
// of turns where many want one. There is such a number all the same: on the
// clock of testing/synctest no time passes here.
func pause() {
	began := time.Now()
	for turns := 0; turns < 100 && time.Since(began) < 10*time.Microsecond; turns++ {
		runtime.Gosched()
	}
}
