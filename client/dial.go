package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/handshake"
)

// Dial connects to the server at a URL and returns the connection when the
// opening handshake is over. The error is a *DialError.
//
// Schemes are ws and wss, http and https for the same, and ws+unix for a Unix
// socket: ws+unix:///path/to.sock:/request/path?query.
//
// ctx covers the dial, not the connection: when it ends, the dial does, at
// whatever stage. Its values are found in the connection's Context.
func Dial(ctx context.Context, rawURL string, o *Options) (*conn.Conn, error) {
	c, e := dial(ctx, rawURL, o)
	if e != nil {
		return nil, e
	}
	return c, nil
}

// dial is Dial, with an error that shows its type.
func dial(ctx context.Context, rawURL string, o *Options) (*conn.Conn, *DialError) {
	p, e := newPlan(rawURL, o)
	if e != nil {
		return nil, e
	}
	ctx, cancel := p.bound(ctx)
	defer cancel()
	for hops := 0; ; hops++ {
		c, e := p.attempt(ctx, nil)
		if e == nil {
			return c, nil
		}
		if e = p.follow(e, hops); e != nil {
			return nil, p.explain(ctx, e)
		}
	}
}

// Handshake is Dial over a connection that exists: to the server itself, with
// TLS done if there is to be any. Proxies, redirects, Options.TLS and
// Options.Dial have no part in it.
//
// nc is Handshake's from now on, and closed if there is an error.
func Handshake(ctx context.Context, nc net.Conn, rawURL string, o *Options) (*conn.Conn, error) {
	if nc == nil {
		return nil, at(Setup, errors.New("there is no connection"))
	}
	p, e := newPlan(rawURL, o)
	if e != nil {
		nc.Close()
		return nil, e
	}
	ctx, cancel := p.bound(ctx)
	defer cancel()
	c, e := p.attempt(ctx, nc)
	if e != nil {
		return nil, p.explain(ctx, e)
	}
	return c, nil
}

// Header returns the header of the answer with which the server accepted the
// connection, and nil if the connection was not made by this package. It is
// not to be modified.
func Header(c *conn.Conn) http.Header {
	h, _ := c.Context().Value(headerKey{}).(http.Header)
	return h
}

// headerKey is what Header finds the header by.
type headerKey struct{}

// A plan is a dial: what is left to do, and with what.
type plan struct {
	opts   Options // every default filled in
	to     target
	header http.Header // names in canonical form; ours to change
}

func newPlan(rawURL string, o *Options) (*plan, *DialError) {
	to, err := parseTarget(rawURL)
	if err != nil {
		return nil, at(Setup, err)
	}
	p := &plan{opts: o.resolve(), to: to, header: http.Header{}}
	for name, values := range p.opts.Header {
		name = http.CanonicalHeaderKey(name)
		p.header[name] = append(p.header[name], values...)
	}
	if err = o.Check(); err == nil {
		offer := p.offer()
		err = offer.Check()
	}
	if err != nil {
		return nil, &DialError{Stage: Setup, URL: to.String(), Err: err}
	}
	return p, nil
}

// bound gives ctx the time-out of the options.
func (p *plan) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if p.opts.Timeout < 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, p.opts.Timeout, fmt.Errorf("it took longer than %v", p.opts.Timeout))
}

// explain completes the error of an attempt.
func (p *plan) explain(ctx context.Context, e *DialError) *DialError {
	e.URL = p.to.String()
	// The end of ctx closes the connection, and that is how most stages
	// learn of it.
	if why := whyEnded(ctx); why != nil && e.Status == 0 {
		e.Err = why
	}
	return e
}

// attempt asks the plan's target for a WebSocket: over nc, or if that is nil
// over a connection of its own.
func (p *plan) attempt(ctx context.Context, nc net.Conn) (*conn.Conn, *DialError) {
	r := &route{plan: p}
	if nc != nil {
		r.watch(ctx, nc)
	}
	c, e := r.open(ctx, nc)
	if e != nil {
		r.abandon()
		return nil, e
	}
	return c, nil
}

// open makes the connection, unless there is one, and shakes hands on it.
func (r *route) open(ctx context.Context, nc net.Conn) (*conn.Conn, *DialError) {
	// One key for each request, also after a redirect: "The nonce MUST be
	// selected randomly for each connection." RFC 6455 §4.1(7).
	offer, key := r.plan.offer(), handshake.NewKey()
	request, err := offer.AppendRequest(nil, key)
	if err != nil {
		return nil, at(Setup, err)
	}
	if nc == nil {
		var e *DialError
		if nc, e = r.connect(ctx); e != nil {
			return nil, e
		}
	}
	resp, in, err := ask(nc, http.MethodGet, request)
	if err != nil {
		return nil, at(Response, err)
	}
	if jar := r.plan.opts.Jar; jar != nil {
		if cookies := resp.Cookies(); len(cookies) > 0 {
			jar.SetCookies(r.plan.to.http(), cookies)
		}
	}
	agreed, err := offer.Verify(resp, key)
	if err != nil {
		return nil, r.refusal(resp, in, err)
	}
	if !r.unwatch() {
		return nil, at(Response, ctx.Err())
	}
	c, err := conn.New(nc, conn.Client, conn.Agreement{
		Subprotocol: agreed.Subprotocol,
		Early:       in.early(),
		Context:     context.WithValue(ctx, headerKey{}, resp.Header),
	}, &r.plan.opts.Conn)
	if err != nil {
		return nil, at(Setup, err)
	}
	return c, nil
}

// refusal is the error for an answer that does not open a WebSocket.
func (r *route) refusal(resp *http.Response, in *inbox, err error) *DialError {
	e := &DialError{Stage: Response, Status: resp.StatusCode, Header: resp.Header, Err: err}
	switch {
	case resp.StatusCode == http.StatusSwitchingProtocols:
		e.Stage = Negotiation
	case redirects(resp.StatusCode) && r.plan.opts.MaxRedirects > 0:
		// Nobody will read it.
	default:
		e.Body = in.body(resp, r.abandon)
	}
	return e
}

// ask sends a request and reads the head of the answer. A server may refuse a
// request without reading all of it, so that an error while sending does not
// count if there is an answer.
func ask(nc net.Conn, method string, request []byte) (*http.Response, *inbox, error) {
	_, sending := nc.Write(request)
	in := newInbox(nc)
	resp, err := in.head(method)
	if err != nil && sending != nil {
		err = sending
	}
	return resp, in, err
}

// offer is what the target is asked for.
func (p *plan) offer() handshake.Offer {
	h := p.header.Clone()
	delete(h, "Proxy-Authorization")
	if agent, set := h["User-Agent"]; !set {
		// "A user agent SHOULD send a User-Agent header field in each request
		// unless specifically configured not to do so." RFC 9110 §10.1.5.
		h["User-Agent"] = []string{defaultUserAgent}
	} else if len(agent) == 1 && agent[0] == "" {
		delete(h, "User-Agent")
	}
	if p.opts.Jar != nil {
		// "[T]he user agent MUST NOT attach more than one Cookie header
		// field": this adds to the one there is. RFC 6265 §5.4.
		r := http.Request{Header: h}
		for _, c := range p.opts.Jar.Cookies(p.to.http()) {
			r.AddCookie(c)
		}
	}
	return handshake.Offer{URL: p.to.url, Header: h, Subprotocols: p.opts.Subprotocols}
}
