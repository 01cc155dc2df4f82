package server

import (
	"errors"
	"net"
	"net/http"
	"runtime/debug"
	"time"
)

// How long Serve waits when a connection could not be accepted for a reason
// that passes: twice as long each time.
const (
	firstPause = 5 * time.Millisecond
	maxPause   = time.Second
)

// accept accepts connections until the listener fails or the server stops.
func (s *Server) accept(l net.Listener) error {
	var pause time.Duration
	for {
		nc, err := l.Accept()
		switch {
		case err == nil:
			pause = 0
			go s.serve(nc)
		case s.ctx.Err() != nil:
			return http.ErrServerClosed
		case !passes(err):
			return err
		default:
			pause = min(max(2*pause, firstPause), maxPause)
			s.up.o.log().Warn("websocket: accept", "error", err, "pause", pause)
			select {
			case <-time.After(pause):
			case <-s.ctx.Done():
			}
		}
	}
}

// passes reports whether an error of Accept may be another one next time. The
// method is deprecated for errors at large, since nobody could say what it
// means; here it means this.
func passes(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// serve is the goroutine of one connection.
func (s *Server) serve(nc net.Conn) {
	defer func() {
		// The functions of a policy and of a group are the program's.
		if p := recover(); p != nil {
			s.up.o.log().Error("websocket: panic in a handshake", "remote", nc.RemoteAddr().String(), "panic", p, "stack", string(debug.Stack()))
			_ = nc.Close()
		}
	}()
	c, r, sl, err := s.up.upgradeConn(s.ctx, nc, nil)
	if err != nil {
		s.up.logRefusal(nc.RemoteAddr().String(), err)
		return
	}
	s.up.run(s.f, c, r, sl)
}
