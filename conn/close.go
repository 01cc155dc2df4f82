package conn

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/frame"
)

// closeState is our half of the closing handshake. The other half, that a
// Close frame has been received, ends the connection. It is guarded by wr.mu.
type closeState struct {
	why  *CloseError // nil: no Close frame has been asked for
	code frame.Code  // of our Close frame
	text string      // its reason

	framed bool // it is on its way to the transport; nothing may follow it
	sent   bool // the transport has it
	lost   bool // messages that waited were dropped for it
}

func (s *closeState) pending() bool { return s.why != nil && !s.framed }

// closing returns why the connection is being closed, or nil if it is not.
func (w *writeSide) closing() *CloseError {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.close.why
}

// startClose asks for a Close frame to be sent, behind everything that waits,
// and refuses all writes from now on. The first caller wins; it is told so.
func (c *Conn) startClose(code frame.Code, reason string, why *CloseError) bool {
	c.wr.mu.Lock()
	defer c.wr.mu.Unlock()
	return c.startCloseLocked(code, reason, why)
}

func (c *Conn) startCloseLocked(code frame.Code, reason string, why *CloseError) bool {
	w := &c.wr
	if w.close.why != nil || c.life.err.Load() != nil {
		return false
	}
	w.close.why, w.close.code, w.close.text = why, code, reason
	if s := w.stream; s != nil && s.stage == notBegun {
		w.stream = nil // it hears of the closing when it writes
	} else if s != nil && s.stage == begun {
		// The open message stays a fragment: what waits behind it cannot
		// go out any more, and neither can its rest.
		w.dropWaiting()
	}
	w.broadcast()
	c.kick()
	return true
}

// appendClose frames the Close frame. wr.mu is held.
func (c *Conn) appendClose(b []byte) []byte {
	s := &c.wr.close
	s.framed = true
	var payload [frame.MaxControlPayload]byte
	p, err := frame.AppendClose(payload[:0], s.code, s.text)
	if err != nil {
		p = payload[:0] // no code rather than a wrong one
	}
	return c.appendControl(b, frame.Close, p)
}

// awaitCloseSent waits until the transport has taken our Close frame, or the
// time for that is over, and reports which.
func (c *Conn) awaitCloseSent() bool {
	ctx, cancel := context.WithTimeout(context.Background(), c.opts.CloseTimeout)
	defer cancel()
	w := &c.wr
	w.mu.Lock()
	defer w.mu.Unlock()
	for !w.close.sent && c.life.err.Load() == nil {
		if w.wait(ctx, ctx.Done(), time.Time{}) != nil {
			break
		}
	}
	return w.close.sent
}

// receiveClose acts on the peer's Close frame: "If an endpoint receives a
// Close frame and did not previously send a Close frame, the endpoint MUST
// send a Close frame in response." RFC 6455 §5.5.1. It echoes the code. The
// error is how the connection ended. The caller holds the read side.
func (c *Conn) receiveClose(payload []byte) error {
	code, reason, err := frame.ParseClose(payload)
	if err != nil {
		return c.fail(err)
	}
	e := c.answerClose(code, reason)
	sent := c.awaitCloseSent()
	won := c.end(&CloseError{Code: code, Reason: reason, Remote: e.Remote, Clean: sent, Cause: e.Cause})
	c.part(sent, true)
	return won
}

// answerClose notes that a Close frame has been received, before its answer
// can fail, and asks for the answer unless our Close frame was first.
func (c *Conn) answerClose(code frame.Code, reason string) *CloseError {
	c.wr.mu.Lock()
	defer c.wr.mu.Unlock()
	e := &CloseError{Code: code, Reason: reason, Remote: true}
	if why := c.wr.close.why; why != nil {
		e.Remote, e.Cause = why.Remote, why.Cause
	}
	c.life.received.Store(e)
	c.startCloseLocked(code, "", e)
	return e
}

// fail ends the connection because the peer broke a rule or exceeded a limit:
// it sends a Close frame that says so, and hangs up. RFC 6455 §7.1.7. The
// caller holds the read side.
func (c *Conn) fail(cause error) error {
	if e := c.life.err.Load(); e != nil {
		return e
	}
	code, reason := verdict(cause)
	e := &CloseError{Code: frame.Abnormal, Cause: cause}
	c.startClose(code, reason, e)
	sent := c.awaitCloseSent()
	won := c.end(e)
	c.part(sent, false)
	return won
}

// verdict says with which code and reason a peer is told of cause.
func verdict(cause error) (frame.Code, string) {
	switch e := cause.(type) {
	case *frame.Error:
		return e.Code, e.Error()
	case *LimitError:
		if e.Limit == "MaxMessage" {
			return frame.TooBig, "message too big"
		}
		return frame.Policy, "limit exceeded: " + e.Limit
	}
	return frame.Internal, ""
}

// abandon sends a Close frame to a peer that may never read it, in place of
// everything that waits, without waiting for anything. wr.mu is held.
func (c *Conn) abandon(code frame.Code, reason string, cause error) error {
	if e := c.life.err.Load(); e != nil {
		return e
	}
	c.wr.dropWaiting()
	why := &CloseError{Code: code, Reason: reason, Cause: cause}
	if c.startCloseLocked(code, reason, why) {
		time.AfterFunc(c.opts.CloseTimeout, func() {
			c.cut(&CloseError{Code: frame.Abnormal, Cause: cause})
		})
	}
	return why
}

// dropWaiting drops the messages that wait, since a Close frame takes their
// place. mu is held.
func (w *writeSide) dropWaiting() {
	w.close.lost = w.close.lost || !w.queue.empty()
	w.queue.clear()
}

// Close ends the connection in good order: it sends what waits in the queue
// and a Close frame, and then reads, and forgets, what still comes until the
// peer has answered (RFC 6455 §7.1.2). All of that takes at most
// Options.CloseTimeout, and no longer than ctx; then the connection is cut.
//
// The code must be one that may be sent (frame.Code.Valid), or
// frame.NoStatus for a Close frame without one. A reason of more than 123
// octets is cut.
//
// Close returns nil after a clean closing handshake, whoever began it, and
// otherwise how the connection ended. It is idempotent, and may be called
// while another goroutine reads.
func (c *Conn) Close(ctx context.Context, code frame.Code, reason string) error {
	if _, err := frame.AppendClose(nil, code, reason); err != nil {
		return err
	}
	c.startClose(code, reason, &CloseError{Code: code, Reason: reason})
	if c.foreign(ctx) != nil {
		stop := context.AfterFunc(ctx, func() {
			c.cut(&CloseError{Code: frame.Abnormal, Cause: ctx.Err()})
		})
		defer stop()
	}
	c.finishClosing()
	if e := c.life.err.Load(); !e.Clean {
		return e
	}
	return nil
}

// finishClosing returns when the connection has ended, which is within
// CloseTimeout. If nobody else reads, it does.
func (c *Conn) finishClosing() {
	late := time.AfterFunc(c.opts.CloseTimeout, func() {
		c.cut(&CloseError{Code: frame.Abnormal, Cause: errCloseTimeout})
	})
	defer late.Stop()
	until := time.Now().Add(c.opts.CloseTimeout)
	freed := make(chan struct{}, 1)
	c.rd.freed.CompareAndSwap(nil, &freed)
	c.rd.draining.Store(true)
	for c.Err() == nil {
		if c.rd.acquire() {
			c.drain(until)
			c.rd.release()
			continue
		}
		select {
		case <-*c.rd.freed.Load():
		case <-c.life.finished:
		}
	}
}

// drain reads until the connection has ended, at the latest until then.
func (c *Conn) drain(until time.Time) {
	c.rd.deadline.setLimit(c, until)
	if s := c.rd.msg.stream; s != nil {
		s.left = nil
		s.finish(errStale)
	}
	for {
		if _, err := c.next(context.Background()); err != nil {
			return // nothing else ends this loop, so it is the end
		}
	}
}
