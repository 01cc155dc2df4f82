package client

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
)

// A route is the way to the server that one attempt takes.
type route struct {
	plan    *plan
	raw     net.Conn    // what carries everything else
	unwatch func() bool // false if the watch has closed it
}

// watch closes nc when ctx ends, which ends every read and write on it and on
// what is built on it. A deadline would do as well, but there are connections
// without.
func (r *route) watch(ctx context.Context, nc net.Conn) {
	r.raw = nc
	r.unwatch = context.AfterFunc(ctx, func() { nc.Close() })
}

// abandon closes what there is of the route. It closes the lowest layer: that
// of TLS would first wait for room to say goodbye.
func (r *route) abandon() {
	if r.raw != nil {
		r.unwatch()
		r.raw.Close()
	}
}

// connect goes all the way to the server, TLS included.
func (r *route) connect(ctx context.Context) (net.Conn, *DialError) {
	p := r.plan
	nc, e := r.reach(ctx)
	if e != nil || !p.to.secure() {
		return nc, e
	}
	secured := tls.Client(nc, p.opts.tlsFor(p.to.name()))
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, at(TLS, err)
	}
	return secured, nil
}

// reach goes to the server's port or socket, through a proxy if there is one.
func (r *route) reach(ctx context.Context) (net.Conn, *DialError) {
	network, addr := r.plan.to.endpoint()
	if network == "tcp" {
		proxy, err := r.plan.proxy(ctx)
		if err != nil {
			return nil, at(Proxy, err)
		}
		if proxy != nil {
			return r.through(ctx, proxy)
		}
	}
	nc, err := r.dial(ctx, network, addr)
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return nil, at(DNS, err)
	}
	if err != nil {
		return nil, at(Connect, err)
	}
	return nc, nil
}

// dial makes the connection that carries everything else.
func (r *route) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	nc, err := r.plan.opts.Dial(ctx, network, addr)
	if err != nil {
		return nil, unreachable{err}
	}
	if nc == nil {
		return nil, errors.New("Options.Dial returned neither a connection nor an error")
	}
	r.watch(ctx, nc)
	return nc, nil
}

// unreachable is an error of Options.Dial, which may be of any type. It is one
// of the network.
type unreachable struct{ error }

func (u unreachable) Unwrap() error { return u.error }
