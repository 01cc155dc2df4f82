package conn

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// past is a deadline that interrupts a transport's call at once.
var past = time.Unix(1, 0)

// readDeadline merges what may interrupt a read of the transport: the
// application's deadline, the end of a closing handshake and a context. None
// of them does the connection harm: partial input stays in the decoder.
type readDeadline struct {
	mu    sync.Mutex
	set   atomic.Bool // user is; so that reads without one need no lock
	user  time.Time   // set by SetReadDeadline
	limit time.Time   // set while the connection is being closed

	// The watch on a context. It outlives the read that set it, so that the
	// next read with the same context costs nothing.
	done  <-chan struct{} // tells contexts apart; a context may not be comparable
	stop  func() bool
	turn  int  // tells the callbacks of successive watches apart
	armed bool // a read is in progress under the watch
	fired bool // the watched context has ended
	over  bool // the connection has: no more watches
}

// SetReadDeadline makes reads return os.ErrDeadlineExceeded from t on, those
// in progress included; the zero time means never. It is the way to bound a
// read without allocating. A read that timed out has lost nothing: the next
// one goes on where it stopped.
func (c *Conn) SetReadDeadline(t time.Time) error {
	d := &c.rd.deadline
	d.mu.Lock()
	defer d.mu.Unlock()
	d.user = t
	d.set.Store(!t.IsZero())
	return d.apply(c)
}

// setLimit bounds every read from now on by t.
func (d *readDeadline) setLimit(c *Conn, t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.limit = t
	_ = d.apply(c) // a transport without deadlines is cut by hanging up
}

// apply gives the transport its deadline. mu is held.
func (d *readDeadline) apply(c *Conn) error {
	t := d.user
	if !d.limit.IsZero() {
		t = d.limit // the application does not read any more
	}
	if d.armed && d.fired {
		t = past
	}
	return c.tr.SetReadDeadline(t)
}

// renew sets the transport's deadline anew.
func (d *readDeadline) renew(c *Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_ = d.apply(c)
}

// arm lets the end of ctx interrupt the read that follows. done is ctx's
// channel.
func (d *readDeadline) arm(c *Conn, ctx context.Context, done <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over {
		return // the read will find out
	}
	d.armed = true
	if d.done == done {
		if d.fired {
			_ = d.apply(c)
		}
		return
	}
	if d.stop != nil {
		d.stop()
	}
	d.turn++
	turn := d.turn
	d.done, d.fired = done, false
	d.stop = context.AfterFunc(ctx, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.turn == turn {
			d.fired = true
			if d.armed {
				_ = d.apply(c)
			}
		}
	})
}

// disarm ends what arm began.
func (d *readDeadline) disarm(c *Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.armed = false
	if d.fired {
		_ = d.apply(c)
	}
}

// stopWatching forgets the context, when the connection has ended.
func (d *readDeadline) stopWatching() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	if d.stop != nil {
		d.stop()
		d.stop, d.done = nil, nil
		d.turn++
	}
}

// passed reports whether the application's deadline has.
func (d *readDeadline) passed() bool {
	if !d.set.Load() {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.user.IsZero() && !time.Now().Before(d.user)
}

// why says which deadline has interrupted a read: the error for the caller,
// or nil if none has and the read may go on.
func (d *readDeadline) why(ctx context.Context, now time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case !d.limit.IsZero():
		if !now.Before(d.limit) {
			return errCloseTimeout
		}
	case !d.user.IsZero() && !now.Before(d.user):
		return os.ErrDeadlineExceeded
	}
	return nil
}
