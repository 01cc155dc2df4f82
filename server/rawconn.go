package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/handshake"
)

// UpgradeConn is the handshake on a connection that the program has accepted
// by itself. early is what it has already read of the request, borrowed until
// UpgradeConn returns. nc belongs to the connection from now on, and has been
// closed if there is an error; the caller has to end the connection. If nc is
// a *tls.Conn, the handshake of TLS is part of it.
//
// ctx bounds the handshake up to the answer, and HandshakeTimeout bounds all
// of it; ctx's values are in the connection's context. A request that was
// refused has been answered, and gives a *handshake.Error.
func (u *Upgrader) UpgradeConn(ctx context.Context, nc net.Conn, early []byte) (*conn.Conn, *handshake.Request, error) {
	c, r, s, err := u.upgradeConn(ctx, nc, early)
	if err != nil {
		return nil, nil, err
	}
	s.release()
	return c, r, nil
}

// upgradeConn is UpgradeConn. The caller holds the slot, for as long as it has
// something to do with the connection.
func (u *Upgrader) upgradeConn(ctx context.Context, nc net.Conn, early []byte) (*conn.Conn, *handshake.Request, *slot, error) {
	u.o.Group.call()
	defer u.o.Group.hangUp()
	stop := context.AfterFunc(ctx, func() { _ = nc.Close() })
	defer stop()
	a, err := u.negotiate(nc, early)
	if err != nil {
		answer(nc, err)
		_ = nc.Close()
	}
	// From here on a client is told before it is hung up on: the group closes
	// the connection with a Close frame.
	if !stop() {
		if err == nil {
			a.slot.release()
		}
		err = context.Cause(ctx)
	}
	var c *conn.Conn
	if err == nil {
		if c, err = u.begin(ctx, nc, a); err != nil {
			a.slot.release()
		}
	}
	if err != nil {
		return nil, nil, nil, fmt.Errorf("websocket: handshake: %w", err)
	}
	return c, a.res.Request, a.slot, nil
}

// negotiate reads the request and decides about it. An error that is a
// *handshake.Error is to be answered.
func (u *Upgrader) negotiate(nc net.Conn, early []byte) (*accepted, error) {
	if err := nc.SetDeadline(time.Now().Add(u.o.HandshakeTimeout)); err != nil {
		return nil, err
	}
	secured, err := secure(nc)
	if err != nil {
		return nil, err
	}
	r, early, err := readRequest(nc, early, u.o.Limits)
	if err != nil {
		return nil, err
	}
	if r.RemoteAddr = nc.RemoteAddr().String(); secured != nil {
		r.TLS, r.Scheme = secured, "https"
	}
	a, err := u.decide(r, nil)
	if err != nil {
		return nil, err
	}
	a.early = early
	return a, nil
}

// secure does the handshake of TLS, if that is what nc speaks.
func secure(nc net.Conn) (*tls.ConnectionState, error) {
	t, ok := nc.(interface {
		Handshake() error
		ConnectionState() tls.ConnectionState
	})
	if !ok {
		return nil, nil
	}
	if err := t.Handshake(); err != nil {
		return nil, err
	}
	state := t.ConnectionState()
	return &state, nil
}

// firstRead is how much is read at first; most requests have half of it.
const firstRead = 2 << 10

// readRequest reads from nc, behind early, until there is a whole request. It
// returns what has come behind that. The memory follows what has arrived, and
// the Parser's limits bound it.
func readRequest(nc net.Conn, early []byte, l handshake.Limits) (*handshake.Request, []byte, error) {
	p := handshake.Parser{Limits: l}
	b := append(make([]byte, 0, max(firstRead, len(early))), early...)
	for {
		r, n, err := p.Parse(b)
		if err != nil || n > 0 {
			return r, b[n:], err
		}
		if len(b) == cap(b) {
			b = slices.Grow(b, len(b))
		}
		n, err = nc.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if n == 0 && err != nil {
			return nil, nil, err
		}
	}
}

// Closing a socket resets it if it has unread input, and the reset can
// overtake the answer. So the answer is followed by the end of our half, and
// what the peer has sent is read until it hangs up, but not for long.
const (
	lingerTime   = time.Second
	lingerOctets = 256 << 10
)

// answer tells the peer why the handshake has failed with err, if it can be
// told.
func answer(nc net.Conn, err error) {
	e, ok := errors.AsType[*handshake.Error](err)
	if plain, isHTTP := errors.AsType[tls.RecordHeaderError](err); isHTTP && plain.Conn != nil {
		// crypto/tls gives the connection back if what came was not TLS.
		nc, ok = plain.Conn, true
		e = &handshake.Error{Status: http.StatusBadRequest, Msg: "this port speaks TLS: connect with wss"}
	}
	if !ok || nc.SetDeadline(time.Now().Add(lingerTime)) != nil {
		return
	}
	if _, err := nc.Write(e.AppendResponse(nil)); err != nil {
		return
	}
	if h, ok := nc.(interface{ CloseWrite() error }); ok && h.CloseWrite() == nil {
		_, _ = io.CopyN(io.Discard, nc, lingerOctets)
	}
}
