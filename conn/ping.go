package conn

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bellwire/bellwire/frame"
)

// pingState knows which of our pings have not been answered, and keeps the
// connection alive.
type pingState struct {
	rtt atomic.Int64 // of the latest pong, in nanoseconds

	mu      sync.Mutex
	count   uint64     // of pings sent; each carries its number
	waiting []*pinging // in the order sent
	keep    keepalive
}

type pinging struct {
	number   uint64
	sent     time.Time
	answered chan time.Duration // nil: nobody waits
}

// Ping sends a ping and waits for the pong, bounded by ctx. It returns the
// time in between. Pongs are seen while a read is in progress, so another
// goroutine must be reading. A transport that takes nothing, not even pings,
// makes it fail with ErrQueueFull in the end.
func (c *Conn) Ping(ctx context.Context) (time.Duration, error) {
	p, err := c.ping(make(chan time.Duration, 1))
	if err != nil {
		return 0, err
	}
	select {
	case rtt := <-p.answered:
		return rtt, nil
	case <-c.life.finished:
		return 0, c.Err()
	case <-ctx.Done():
		c.pings.forget(p)
		if e := c.life.err.Load(); e != nil {
			return 0, e
		}
		return 0, fmt.Errorf("websocket: ping: %w", ctx.Err())
	}
}

// ping sends a ping, if that is still possible.
func (c *Conn) ping(answered chan time.Duration) (*pinging, error) {
	c.wr.mu.Lock()
	defer c.wr.mu.Unlock()
	if err := c.over(); err != nil {
		return nil, err
	}
	if len(c.wr.control.pings) > controlMax {
		return nil, ErrQueueFull
	}
	p := c.pings.add(answered)
	payload := binary.BigEndian.AppendUint64(nil, p.number)
	c.wr.control.pings = c.appendControl(c.wr.control.pings, frame.Ping, payload)
	c.kick()
	return p, nil
}

// add makes a ping that waits for its answer, in place of an earlier one that
// nobody waits for.
func (s *pingState) add(answered chan time.Duration) *pinging {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	p := &pinging{number: s.count, sent: time.Now(), answered: answered}
	s.waiting = slices.DeleteFunc(s.waiting, func(p *pinging) bool { return p.answered == nil })
	s.waiting = append(s.waiting, p)
	return p
}

// receivePong notes the answer to one of our pings, and reports whether it is
// one. "A response to an unsolicited Pong frame is not expected." §5.5.3. Since a peer may answer only the latest of several pings, a pong answers
// those before it too.
func (c *Conn) receivePong(payload []byte) bool {
	if len(payload) != 8 {
		return false
	}
	number := binary.BigEndian.Uint64(payload)
	now := time.Now()
	s := &c.pings
	s.mu.Lock()
	answered := 0
	for i, p := range s.waiting {
		if p.number == number {
			answered = i + 1
		}
	}
	var rtt time.Duration
	for _, p := range s.waiting[:answered] {
		rtt = now.Sub(p.sent)
		if p.answered != nil {
			p.answered <- rtt // has room for the one answer
		}
	}
	s.waiting = append(s.waiting[:0], s.waiting[answered:]...)
	s.mu.Unlock()
	if answered == 0 {
		return false
	}
	s.rtt.Store(int64(rtt))
	if t := c.opts.Trace; t != nil && t.Ping != nil {
		t.Ping(c, rtt)
	}
	return true
}

func (s *pingState) forget(p *pinging) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, q := range s.waiting {
		if p == q {
			s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
			return
		}
	}
}

// stop ends the keepalive, when the connection has ended.
func (s *pingState) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = nil
	if s.keep.timer != nil {
		s.keep.timer.Stop()
	}
}
