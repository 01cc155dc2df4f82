package conn

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bellwire/bellwire/frame"
)

// lifetime is how the connection ended. end is the one place where it does.
type lifetime struct {
	err      atomic.Pointer[CloseError]
	received atomic.Pointer[CloseError] // the peer's Close frame, before the end
	hungUp   atomic.Bool                // the transport has been closed
	finished chan struct{}              // closed by end

	mu     sync.Mutex
	ctx    context.Context // made on demand; see Context
	cancel context.CancelCauseFunc
}

// Err returns nil while the connection lives, and the *CloseError that says
// how it ended from then on.
func (c *Conn) Err() error {
	if e := c.life.err.Load(); e != nil {
		return e
	}
	return nil
}

// Context is done when the connection is; context.Cause then returns the
// *CloseError. Passing it, or a child of it that only carries values, to the
// methods of the same connection costs nothing.
//
// The end of a connection is noticed while somebody reads. A program that
// only writes lets another goroutine read:
//
//	go func() {
//		for range c.Messages(ctx) {
//		}
//	}()
func (c *Conn) Context() context.Context {
	c.life.mu.Lock()
	defer c.life.mu.Unlock()
	if c.life.ctx == nil {
		base := context.Background()
		if c.agreed.Context != nil {
			base = context.WithoutCancel(c.agreed.Context)
		}
		c.life.ctx, c.life.cancel = context.WithCancelCause(base)
		if e := c.life.err.Load(); e != nil {
			c.life.cancel(e)
		}
	}
	return c.life.ctx
}

// foreign returns the channel on which ctx can end a call, or nil if it
// cannot: because it is never cancelled, or because it is the connection's
// own, whose end wakes every call anyway.
func (c *Conn) foreign(ctx context.Context) <-chan struct{} {
	done := ctx.Done()
	if done == nil {
		return nil
	}
	c.life.mu.Lock()
	defer c.life.mu.Unlock()
	if c.life.ctx != nil && c.life.ctx.Done() == done {
		return nil
	}
	return done
}

// end makes e the error of every method from now on. The first caller wins;
// the winner's error is returned. The transport stays open, for the caller to
// hang up in its own manner.
func (c *Conn) end(e *CloseError) *CloseError {
	if r := c.life.received.Load(); r != nil && !e.Clean {
		// "The WebSocket Connection Close Code is defined as the status code
		// contained in the first Close control frame received", RFC 6455
		// §7.1.5: also if the answer could not be sent.
		e = &CloseError{Code: r.Code, Reason: r.Reason, Remote: r.Remote, Cause: e.Cause}
	}
	if !c.life.err.CompareAndSwap(nil, e) {
		return c.life.err.Load()
	}
	close(c.life.finished)
	c.pings.stop()
	c.rd.deadline.stopWatching()
	c.wr.end()
	c.life.mu.Lock()
	if c.life.cancel != nil {
		c.life.cancel(e)
	}
	c.life.mu.Unlock()
	c.traceClosed(e)
	return e
}

// cut ends the connection at once, without a word to the peer.
func (c *Conn) cut(e *CloseError) *CloseError {
	e = c.end(e)
	c.hangUp()
	return e
}

// hangUp closes the transport.
func (c *Conn) hangUp() error {
	if c.life.hungUp.Swap(true) {
		return nil
	}
	return c.tr.Close()
}

// lingerTime bounds how long an end that has said its last word waits for the
// peer's end of file.
const lingerTime = time.Second

// part closes the transport in good order, after our Close frame was sent; if
// it was not, there is no order to keep. The caller holds the read side, and
// has called end. clean says whether the peer's Close frame was received.
//
// "The underlying TCP connection, in most normal cases, SHOULD be closed
// first by the server." RFC 6455 §7.1.1. A server, and either end after a
// violation, half-closes and reads until the peer has hung up: closing a
// socket with unread input resets it, and a reset can overtake the Close
// frame. A client waits for the server after a clean closing handshake.
func (c *Conn) part(sent, clean bool) {
	wait := lingerTime
	if !sent {
		wait = 0 // and no half-close: in TLS it waits for the write that is stuck
	} else if c.role == Client && clean {
		wait = c.opts.CloseTimeout
	} else if h, ok := c.tr.(interface{ CloseWrite() error }); !ok || h.CloseWrite() != nil {
		wait = 0
	}
	if wait > 0 && !c.life.hungUp.Load() {
		c.rd.discardUntil(c, time.Now().Add(wait))
	}
	c.hangUp()
}

// CloseNow ends the connection at once, without a closing handshake. Every
// call in progress returns. It is idempotent.
func (c *Conn) CloseNow() error {
	c.end(&CloseError{Code: frame.Abnormal, Cause: errCloseNow})
	return c.hangUp()
}
