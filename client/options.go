package client

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/handshake"
)

// Options say how to dial. The zero value, and nil, are what most programs
// want. Options may be shared by any number of dials; what they refer to must
// not change while one is in progress.
type Options struct {
	// Header is sent with the request. It may hold Host, which then stands in
	// place of the URL's, but nothing else that belongs to the handshake.
	// Proxy-Authorization goes to the proxy and to nobody else. User-Agent is
	// "bellwire" if there is none here; an empty one is not sent.
	Header http.Header

	// Subprotocols that the program speaks, the preferred one first.
	Subprotocols []string

	// TLS is for wss and for proxies by https. It is not modified. A
	// ServerName in it is that of the server in the URL, which is also the
	// default; NextProtos is always "http/1.1".
	TLS *tls.Config

	// Proxy names the proxy for a request, of which it may look at the URL
	// (http for ws, https for wss) and the Host; nil is none. Schemes: http,
	// https, and socks5 or socks5h, with which the proxy looks up the name. A
	// Proxy that is nil is http.ProxyFromEnvironment.
	Proxy func(*http.Request) (*url.URL, error)

	// Jar has the cookies for the request, and gets those of every answer.
	Jar http.CookieJar

	// Dial makes the connection to the server or to the proxy: network is tcp
	// or unix. It must return when ctx ends. Nil is a net.Dialer, which tries
	// addresses of IPv6 and IPv4 side by side.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// MaxRedirects is how many redirects in a row are followed: by default
	// none, so that an answer 3xx is an error. See the package's documentation
	// for what is left behind on the way.
	MaxRedirects int

	// Timeout bounds a dial with all its stages and redirects: 45 s by
	// default, -1 for no other bound than ctx.
	Timeout time.Duration

	// Conn is for the connection that the dial makes.
	Conn conn.Options
}

const (
	defaultTimeout   = 45 * time.Second
	defaultUserAgent = "bellwire"
)

// Check says what is wrong with o, or nil. Every dial calls it before it
// does anything else.
func (o *Options) Check() error {
	switch {
	case o == nil:
		return nil
	case o.MaxRedirects < 0:
		return fmt.Errorf("websocket: MaxRedirects is %d: want a number, or 0 to follow none", o.MaxRedirects)
	case o.Timeout < -1:
		return fmt.Errorf("websocket: Timeout is %v: want a duration, 0 for %v or -1 for none", o.Timeout, defaultTimeout)
	}
	anywhere := handshake.Offer{
		URL:          &url.URL{Scheme: "ws", Host: "localhost"},
		Header:       o.Header,
		Subprotocols: o.Subprotocols,
	}
	if err := anywhere.Check(); err != nil {
		return err
	}
	return o.Conn.Check()
}

// resolve returns o with every default filled in.
func (o *Options) resolve() Options {
	var r Options
	if o != nil {
		r = *o
	}
	if r.Proxy == nil {
		r.Proxy = http.ProxyFromEnvironment
	}
	if r.Dial == nil {
		r.Dial = new(net.Dialer).DialContext
	}
	if r.Timeout == 0 {
		r.Timeout = defaultTimeout
	}
	return r
}

// tlsFor is the configuration for a connection to the named host.
func (o *Options) tlsFor(host string) *tls.Config {
	config := o.TLS.Clone()
	if config == nil {
		config = new(tls.Config)
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	// A request in HTTP/1.1 is what follows, whatever else the configuration
	// is used for: a server that was offered h2 would take it.
	config.NextProtos = []string{"http/1.1"}
	return config
}
