package conn

import (
	"time"

	"github.com/bellwire/bellwire/frame"
)

// keepalive finds silent peers. It is a timer, not a goroutine, and is
// guarded by pingState.mu.
type keepalive struct {
	timer *time.Timer
	wire  uint64 // octets received at the last look
	asked bool   // a ping has gone out since
	phase uint32 // the read phase when it did; see Conn.readPhase
	doubt bool   // a second look is due
}

func (c *Conn) startKeepalive() {
	every := c.opts.Keepalive.Interval
	if every < 0 {
		return
	}
	c.pings.mu.Lock()
	defer c.pings.mu.Unlock()
	c.pings.keep.timer = time.AfterFunc(every, c.lookAfter)
}

// lookAfter is what the timer does.
func (c *Conn) lookAfter() {
	if c.Err() != nil {
		return
	}
	c.pings.mu.Lock()
	next, ping, dead := c.pings.keep.look(c.rd.in.wire.Load(), c.readPhase(), c.opts.Keepalive)
	c.pings.keep.timer.Reset(next)
	c.pings.mu.Unlock()
	if dead {
		c.cut(&CloseError{Code: frame.Abnormal, Cause: errKeepalive})
	} else if ping {
		_, _ = c.ping(nil) // a connection that is closing has a timer of its own
	}
}

// look decides what a look at the connection means, and when the next is due.
// wire is how much has been received; phase is odd while a read waits.
//
// An application that does not read cannot see the pong. So a silent peer is
// given up only while a read is waiting for it, and the read that found
// nothing has had time to find something.
func (k *keepalive) look(wire uint64, phase uint32, o Keepalive) (next time.Duration, ping, dead bool) {
	reading := phase%2 == 1
	switch {
	case wire != k.wire:
		next = o.Interval
		if k.asked {
			// The answer has been waited for: what is left of the Interval.
			next = max(o.Interval-o.Timeout, time.Millisecond)
		}
		*k = keepalive{timer: k.timer, wire: wire}
		return next, false, false
	case !k.asked:
		k.asked, k.phase = true, phase
		return o.Timeout, true, false
	case !reading:
		k.doubt = false
		return o.Timeout, false, false
	case phase == k.phase || k.doubt:
		return o.Interval, false, true
	}
	// The read that waits now began after the ping; it may just have begun.
	k.doubt = true
	return o.Timeout/8 + 1, false, false
}
