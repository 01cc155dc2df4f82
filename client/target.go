package client

import (
	"errors"
	"net"
	"net/url"
	"strings"

	"github.com/bellwire/bellwire/handshake"
)

// A target is where a dial goes.
type target struct {
	url    *url.URL // ws or wss, unless the offer has yet to refuse it
	socket string   // path of a Unix socket; empty for TCP
}

// parseTarget reads the URL that the caller gave. Whether it is one for a
// WebSocket is for the offer to decide.
func parseTarget(raw string) (target, error) {
	u, err := url.Parse(raw)
	if err != nil {
		// What url.Parse complains about, and how, may be a password.
		if of, ok := errors.AsType[*url.Error](err); ok && !strings.Contains(raw, "@") {
			return target{}, of.Err
		}
		return target{}, errors.New("the URL does not parse")
	}
	if u.Opaque != "" {
		return target{}, errors.New("a URL has two slashes behind the scheme: ws://host/path")
	}
	if u.Scheme == "ws+unix" {
		return unixTarget(u)
	}
	return newTarget(u), nil
}

// newTarget takes the URL over, with the schemes of HTTP as other names for
// those of WebSockets.
func newTarget(u *url.URL) target {
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	}
	return target{url: u}
}

// unixTarget splits ws+unix:///path/to.sock:/request/path?query. The first
// ":/" ends the socket's path, which may have it escaped.
func unixTarget(u *url.URL) (target, error) {
	path, request, _ := strings.Cut(u.EscapedPath(), ":/")
	socket, err := url.PathUnescape(path)
	if err != nil || u.Host != "" || !strings.HasPrefix(socket, "/") || strings.ContainsRune(socket, 0) {
		return target{}, errors.New("write ws+unix:///path/to.sock:/request/path, with an absolute path and no host")
	}
	on := *u
	on.Scheme, on.Host = "ws", "localhost"
	on.Path, on.RawPath = "/", ""
	if request != "" {
		on.RawPath = "/" + request
		if on.Path, err = url.PathUnescape(on.RawPath); err != nil {
			return target{}, err
		}
	}
	return target{url: &on, socket: socket}, nil
}

// String is the URL without its user name and password.
func (t target) String() string {
	u := *t.url
	u.User = nil
	if t.socket != "" {
		path := url.URL{Path: t.socket}
		return "ws+unix://" + path.EscapedPath() + ":" + u.RequestURI()
	}
	return u.String()
}

func (t target) secure() bool { return t.url.Scheme == "wss" }

// endpoint is what to connect to.
func (t target) endpoint() (network, addr string) {
	if t.socket != "" {
		return "unix", t.socket
	}
	return "tcp", t.authority()
}

// authority is the host, in ASCII, and the port.
func (t target) authority() string {
	o := handshake.Offer{URL: t.url}
	return o.Addr()
}

// name is the host's, as a certificate has it.
func (t target) name() string {
	host, _, _ := net.SplitHostPort(t.authority())
	host, _, _ = strings.Cut(host, "%") // the zone is of this machine
	return host
}

// sameOrigin reports whether a secret for one is a secret for the other.
func (t target) sameOrigin(as target) bool {
	return t.secure() == as.secure() && strings.EqualFold(t.authority(), as.authority())
}

// http is the URL that cookie jars, proxies and redirects speak of.
func (t target) http() *url.URL {
	u := *t.url
	u.User = nil
	u.Scheme = "http"
	if t.secure() {
		u.Scheme = "https"
	}
	return &u
}
