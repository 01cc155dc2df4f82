package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/bellwire/bellwire/handshake"
)

// redirects reports whether a status sends a GET request elsewhere.
func redirects(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// follow makes the redirect in e, which is the answer number hops, the plan's
// next target, and is nil. Otherwise the dial is over.
func (p *plan) follow(e *DialError, hops int) *DialError {
	location := e.Header.Get("Location")
	switch {
	case p.opts.MaxRedirects == 0, e.Stage != Response, !redirects(e.Status), location == "":
		return e
	case hops == p.opts.MaxRedirects:
		e.Err = fmt.Errorf("more than %d redirects", hops)
		return e
	}
	next, err := p.to.resolve(location)
	if err != nil {
		e.Err = fmt.Errorf("redirect refused: %w", err)
		return e
	}
	if !next.sameOrigin(p.to) {
		p.forget()
	}
	p.to = next
	return nil
}

// forget drops what was meant for the origin that the caller named. It does
// not come back, not even when a later redirect does: who sends us there is
// not the caller.
func (p *plan) forget() {
	for _, name := range []string{"Authorization", "Cookie", "Host", "Origin", "Proxy-Authorization"} {
		delete(p.header, name)
	}
	if p.opts.TLS != nil && p.opts.TLS.ServerName != "" {
		p.opts.TLS = p.opts.TLS.Clone()
		p.opts.TLS.ServerName = ""
	}
}

var (
	errDowngrade = errors.New("it leads from wss to ws")
	errScheme    = errors.New("it leads to another scheme")
)

// resolve finds the target of a Location field, which may be relative. A user
// name in it is ignored: no server says who we are.
func (t target) resolve(location string) (target, error) {
	ref, err := url.Parse(location)
	if err != nil {
		return target{}, errors.New("its Location does not parse")
	}
	u := t.http().ResolveReference(ref)
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	next := newTarget(u)
	switch {
	case u.Scheme != "ws" && u.Scheme != "wss":
		return target{}, errScheme
	case t.secure() && !next.secure():
		return target{}, errDowngrade
	}
	if err := (&handshake.Offer{URL: u}).Check(); err != nil {
		return target{}, err
	}
	if next.sameOrigin(t) {
		u.User, next.socket = t.url.User, t.socket
	}
	return next, nil
}
