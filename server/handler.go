package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/handshake"
)

// Func serves one connection. ctx is c.Context(): it is done when the
// connection is, and has the values of the request's context.
//
// When the Func returns the connection is closed, within its CloseTimeout. How
// is up to the error: nil is code 1000, [conn.Abort] any other. Every other
// error, and a panic, is logged and the peer gets 1011, without the text; a
// panic with http.ErrAbortHandler cuts the connection and is not logged. An
// error that says how the connection has ended, as c.Read returns it, is the
// ordinary way to return and is not logged.
//
// r is not kept: it can be collected when the Func does not need it any more.
type Func func(ctx context.Context, c *conn.Conn, r *handshake.Request) error

// Handler serves f on every request, with the zero Options.
func Handler(f Func) http.Handler {
	return newUpgrader(Options{}).Handler(f)
}

// Handler serves f on every request. A request that is refused is answered; if
// that is the server's fault, it is logged.
func (u *Upgrader) Handler(f Func) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, req, s, err := u.upgrade(w, r)
		if err != nil {
			u.logRefusal(r.RemoteAddr, err)
			return
		}
		u.run(f, c, req, s)
	})
}

var (
	errPanic = errors.New("websocket: the handler panicked")
	errCut   = errors.New("websocket: the handler wants the connection cut")
)

// run serves c with f, ends it, and lets go of its slot. It keeps nothing of r.
func (u *Upgrader) run(f Func, c *conn.Conn, r *handshake.Request, s *slot) {
	defer s.release()
	defer c.CloseNow() // if f has called runtime.Goexit; else it has ended
	switch err := u.call(f, c, r); {
	case err == errCut:
	case err == nil:
		_ = c.Close(context.Background(), frame.Normal, "")
	default:
		u.fail(c, err)
	}
}

// call calls f. A panic is logged here, where its stack is.
func (u *Upgrader) call(f Func, c *conn.Conn, r *handshake.Request) (err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			err = errCut
		default:
			err = errPanic
			u.o.log().Error("websocket: panic in a handler", "remote", remote(c), "panic", p, "stack", string(debug.Stack()))
		}
	}()
	return f(c.Context(), c, r)
}

// fail closes c because its handler has returned err.
func (u *Upgrader) fail(c *conn.Conn, err error) {
	code, reason := frame.Internal, ""
	if abort, ok := errors.AsType[*conn.AbortError](err); ok {
		if _, wrong := frame.AppendClose(nil, abort.Code, abort.Reason); wrong != nil {
			err = fmt.Errorf("%w: %w", err, wrong)
		} else {
			code, reason, err = abort.Code, abort.Reason, nil
		}
	}
	if err != nil && err != errPanic && !ordinary(c, err) {
		u.o.log().Error("websocket: a handler has failed", "remote", remote(c), "error", err)
	}
	_ = c.Close(context.Background(), code, reason)
}

// ordinary reports whether err says no more than that the connection has
// ended, or is being closed by another goroutine.
func ordinary(c *conn.Conn, err error) bool {
	_, closed := errors.AsType[*conn.CloseError](err)
	return closed || c.Err() != nil && errors.Is(err, context.Canceled)
}

// logRefusal logs why a handshake has failed, for whoever wonders why a client
// cannot connect.
func (u *Upgrader) logRefusal(remote string, err error) {
	level := slog.LevelDebug
	e, ok := errors.AsType[*handshake.Error](err)
	// Anything but a refusal is answered with 500, for example header fields
	// that must not be sent.
	if ok && (e.Status < 300 || e.Status > 599 || e.Status == http.StatusInternalServerError) {
		level = slog.LevelError
	}
	u.o.log().Log(context.Background(), level, "websocket: no connection", "remote", remote, "error", err)
}

func remote(c *conn.Conn) string {
	if nc := c.NetConn(); nc != nil {
		return nc.RemoteAddr().String()
	}
	return ""
}
