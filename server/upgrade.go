package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/handshake"
)

// Upgrader turns requests into connections.
type Upgrader struct {
	o Options // defaults filled in; not modified
}

// NewUpgrader makes an Upgrader. The error says which option is wrong.
func NewUpgrader(o Options) (*Upgrader, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	return newUpgrader(o), nil
}

func newUpgrader(o Options) *Upgrader {
	if o.Group == nil {
		o.Group = DefaultGroup
	}
	if o.HandshakeTimeout == 0 {
		o.HandshakeTimeout = defaultHandshakeTimeout
	}
	o.Conn.Trace = o.Group.watch(o.Conn.Trace)
	return &Upgrader{o: o}
}

// Upgrade accepts the request and returns its connection, which the caller has
// to end. The values of r.Context() are in its context.
//
// Header fields in w.Header() are sent with the answer, such as cookies, but
// for those that speak of content or of the HTTP connection.
//
// On an error the request has been answered. A request that was refused gives
// a *handshake.Error.
func (u *Upgrader) Upgrade(w http.ResponseWriter, r *http.Request) (*conn.Conn, error) {
	c, _, s, err := u.upgrade(w, r)
	if err != nil {
		return nil, err
	}
	s.release()
	return c, nil
}

// upgrade is Upgrade. The caller holds the slot, for as long as it has
// something to do with the connection.
func (u *Upgrader) upgrade(w http.ResponseWriter, r *http.Request) (*conn.Conn, *handshake.Request, *slot, error) {
	a, err := u.accept(w, r)
	if err != nil {
		if errors.Is(err, handshake.Overloaded) {
			// A client that is to come back later, or elsewhere, need not
			// keep the connection.
			w.Header().Set("Connection", "close")
		}
		return nil, nil, nil, refuse(w, r, err)
	}
	upgraded := false
	defer func() {
		if !upgraded { // or a Hijack of somebody's making has panicked
			a.slot.release()
		}
	}()
	nc, early, err := u.hijack(w)
	if err != nil {
		return nil, nil, nil, refuse(w, r, err)
	}
	a.early = early
	_ = nc.SetDeadline(time.Now().Add(u.o.HandshakeTimeout)) // begin fails if this does
	c, err := u.begin(r.Context(), nc, a)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("websocket: handshake: %w", err)
	}
	upgraded = true
	return c, a.res.Request, a.slot, nil
}

// accepted is a handshake that the policy has accepted.
type accepted struct {
	res   *handshake.Result
	head  []byte // the answer
	early []byte // what came behind the request; borrowed
	slot  *slot  // held
}

// accept decides about a request. The error is a *handshake.Error.
func (u *Upgrader) accept(w http.ResponseWriter, r *http.Request) (*accepted, error) {
	req, err := handshake.FromHTTP(r)
	if err != nil {
		return nil, err
	}
	if req.Proto >= 2 {
		return nil, &handshake.Error{
			Status: http.StatusNotImplemented,
			Reason: handshake.BadHTTPVersion,
			Msg:    "this server takes WebSocket connections over HTTP/1.1 alone",
		}
	}
	return u.decide(req, w.Header())
}

// decide asks the policy and the group about a request. The fields of extra
// are for the answer too.
func (u *Upgrader) decide(r *handshake.Request, extra http.Header) (*accepted, error) {
	res, err := u.o.Handshake.Accept(r)
	if err != nil {
		return nil, err
	}
	res.Header = merge(extra, res.Header)
	head, err := res.AppendResponse(nil)
	if err != nil {
		return nil, err
	}
	s, err := u.o.Group.reserve(r)
	return &accepted{res: res, head: head, slot: s}, err
}

// begin sends the answer, within the deadline that has been set, and makes the
// connection. On an error it closes nc.
func (u *Upgrader) begin(ctx context.Context, nc net.Conn, a *accepted) (*conn.Conn, error) {
	_, err := nc.Write(a.head)
	if err == nil {
		err = nc.SetDeadline(time.Time{})
	}
	var c *conn.Conn
	if err == nil {
		c, err = conn.New(nc, conn.Server, conn.Agreement{
			Subprotocol: a.res.Subprotocol, Early: a.early, Context: ctx,
		}, &u.o.Conn)
	}
	if err != nil {
		_ = nc.Close()
		return nil, err
	}
	u.o.Group.enter(c, a.slot)
	return c, nil
}

// merge adds to what the policy wants in the answer what others have set. A
// 101 has no content, and its Connection is the handshake's.
func merge(set, policy http.Header) http.Header {
	if len(set) == 0 {
		return policy
	}
	all := make(http.Header, len(set)+len(policy))
	for name, values := range set {
		switch {
		case name == "Connection", name == "Transfer-Encoding", strings.HasPrefix(name, "Content-"):
		default:
			all[name] = values
		}
	}
	maps.Copy(all, policy)
	return all
}

// refuse answers the request with err and returns it.
func refuse(w http.ResponseWriter, r *http.Request, err error) error {
	var e *handshake.Error
	if !errors.As(err, &e) {
		e = &handshake.Error{Status: http.StatusInternalServerError}
	}
	e.ServeHTTP(w, r)
	return err
}

// hijack takes the connection from net/http, and the bytes that came behind
// the request, which are the first frames. They are borrowed until the
// connection is used.
func (u *Upgrader) hijack(w http.ResponseWriter) (net.Conn, []byte, error) {
	nc, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		err = explain(w, err)
		u.o.log().Error(err.Error())
		return nil, nil, err
	}
	early, _ := rw.Reader.Peek(rw.Reader.Buffered()) // no more than there is
	return nc, early, nil
}

// explain says who is in the way of the connection: of all the layers that
// middleware has put around net/http's, the one without a way through.
func explain(w http.ResponseWriter, err error) error {
	for {
		switch layer := w.(type) {
		case http.Hijacker:
			return fmt.Errorf("websocket: %T does not give up the connection: %w", w, err)
		case interface{ Unwrap() http.ResponseWriter }:
			w = layer.Unwrap()
		default:
			return fmt.Errorf("websocket: %T hides the connection, since it has neither Hijack nor Unwrap: "+
				"add an Unwrap() http.ResponseWriter method to it, or keep this middleware away from WebSocket requests: %w", w, err)
		}
	}
}
