package server

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
)

// Drain says how connections are closed when a server stops.
type Drain struct {
	// Code and Reason go into the Close frames: by default 1001 going away.
	// frame.ServiceRestart tells a client to come back soon.
	Code   frame.Code
	Reason string

	// Spread is the time over which the Close frames are sent, evenly, so that
	// the clients do not all reconnect at the same moment. 0: all at once.
	Spread time.Duration
}

const defaultCode = frame.GoingAway

// check fills in the default and says what is wrong.
func (d *Drain) check() error {
	d.Code = cmp.Or(d.Code, defaultCode)
	if _, err := frame.AppendClose(nil, d.Code, d.Reason); err != nil {
		return fmt.Errorf("websocket: Drain cannot be sent in a Close frame: %w", err)
	}
	return nil
}

// close closes a connection that has come while the others were leaving.
func (d *Drain) close(c *conn.Conn) {
	_ = c.Close(context.Background(), d.Code, d.Reason)
}

// Shutdown sees everybody off. From now on requests are refused with 503. The
// connections are closed as d says, each within its CloseTimeout. Then
// Shutdown waits until they have ended and their Funcs have returned. When ctx
// ends before that, the connections that are left are cut, and Shutdown
// returns ctx.Err().
//
// A group that has been shut down stays so. A further call waits as the first
// does; the Drain of the first counts. Do not call it from a Func of the group,
// for which it would wait.
func (g *Group) Shutdown(ctx context.Context, d Drain) error {
	return g.shutdown(ctx, d, func() {})
}

// shutdown is Shutdown. stop stops the listeners: when nobody new is accepted
// any more, and before the first client hears that it has to look for another
// server.
func (g *Group) shutdown(ctx context.Context, d Drain, stop func()) error {
	if err := d.check(); err != nil {
		return err
	}
	members := g.refuse(d)
	stop()
	empty := g.emptied()
	closeAll(ctx, members, d, empty)
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		g.cut()
		return ctx.Err()
	}
}

// refuse turns away everybody from now on. The first call returns those who are
// there, for the caller to close.
func (g *Group) refuse(d Drain) []*conn.Conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.drain != nil {
		return nil
	}
	g.drain = &d
	return g.membersLocked()
}

// closeAll begins to close one connection after the other, evenly spread. It
// returns when all have been told, when ctx ends, or when empty does.
func closeAll(ctx context.Context, members []*conn.Conn, d Drain, empty <-chan struct{}) {
	began := time.Now()
	step := d.Spread / time.Duration(max(len(members), 1))
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i, c := range members {
		if wait := time.Until(began.Add(step * time.Duration(i))); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-empty:
				return
			case <-ctx.Done():
				return
			}
		}
		go c.Close(ctx, d.Code, d.Reason)
	}
}

// cut ends every connection at once. They are cut side by side: closing TLS
// may wait for a peer that does not read.
func (g *Group) cut() {
	var all sync.WaitGroup
	for c := range g.All() {
		all.Go(func() { _ = c.CloseNow() })
	}
	all.Wait()
}

// closeDown is Shutdown without a bound but that of each closing handshake.
func (g *Group) closeDown() {
	_ = g.Shutdown(context.Background(), Drain{})
}

// Shutdown stops an HTTP server and the connections that were upgraded on it,
// in the right order: requests for connections are refused, the listeners are
// closed, the connections are closed as d says, and then both are waited for.
// Its error is that of Group.Shutdown, or else that of http.Server.Shutdown.
// A nil group is DefaultGroup.
func Shutdown(ctx context.Context, s *http.Server, g *Group, d Drain) error {
	if err := d.check(); err != nil {
		return err
	}
	if g == nil {
		g = DefaultGroup
	}
	// net/http runs these functions when it has closed the listeners.
	deaf := make(chan struct{})
	s.RegisterOnShutdown(sync.OnceFunc(func() { close(deaf) }))
	stopped := make(chan error, 1)
	err := g.shutdown(ctx, d, func() {
		go func() { stopped <- s.Shutdown(ctx) }()
		<-deaf
	})
	if e := <-stopped; err == nil {
		err = e
	}
	return err
}
