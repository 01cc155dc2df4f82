package client

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/proxy"
)

// proxy asks the options for the proxy to the plan's target.
func (p *plan) proxy(ctx context.Context) (*url.URL, error) {
	u := p.to.http()
	r := &http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: http.Header{}}
	return p.opts.Proxy(r.WithContext(ctx))
}

// through returns a tunnel to the plan's target through a proxy.
func (r *route) through(ctx context.Context, u *url.URL) (net.Conn, *DialError) {
	_, port, _ := net.SplitHostPort(r.plan.to.authority())
	addr := net.JoinHostPort(r.plan.to.name(), port)
	switch u.Scheme {
	case "http", "https":
		nc, err := r.reachProxy(ctx, u)
		if err != nil {
			return nil, at(Proxy, err)
		}
		return r.tunnel(nc, u, addr)
	case "socks5", "socks5h":
		nc, err := r.socks(ctx, u, addr)
		if err != nil {
			return nil, at(Proxy, err)
		}
		return nc, nil
	}
	return nil, at(Proxy, fmt.Errorf("a proxy by %q: want http, https, socks5 or socks5h", clip(u.Scheme)))
}

// proxyAddr is the address of a proxy.
func proxyAddr(u *url.URL) (string, error) {
	host, err := httpguts.PunycodeHostPort(u.Hostname())
	if err != nil || host == "" {
		return "", fmt.Errorf("the proxy's host %q is no name and no address", clip(u.Hostname()))
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	return net.JoinHostPort(host, port), nil
}

// reachProxy connects to a proxy that speaks HTTP.
func (r *route) reachProxy(ctx context.Context, u *url.URL) (net.Conn, error) {
	addr, err := proxyAddr(u)
	if err != nil {
		return nil, err
	}
	nc, err := r.dial(ctx, "tcp", addr)
	if err != nil || u.Scheme == "http" {
		return nc, err
	}
	host, _, _ := net.SplitHostPort(addr)
	config := r.plan.opts.tlsFor(host)
	config.ServerName = host // that of the options is the server's
	secured := tls.Client(nc, config)
	return secured, secured.HandshakeContext(ctx)
}

// tunnel asks a proxy by HTTP for a connection to addr: "the client SHOULD
// connect to that proxy and ask it to open a TCP connection to the host given
// by /host/ and the port given by /port/." RFC 6455 §4.1(3).
func (r *route) tunnel(nc net.Conn, u *url.URL, addr string) (net.Conn, *DialError) {
	request := "CONNECT " + addr + " HTTP/1.1\r\nHost: " + addr + "\r\n"
	if auth := r.plan.header.Get("Proxy-Authorization"); auth != "" {
		request += "Proxy-Authorization: " + auth + "\r\n"
	} else if u.User != nil {
		password, _ := u.User.Password()
		both := []byte(u.User.Username() + ":" + password)
		request += "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString(both) + "\r\n"
	}
	resp, in, err := ask(nc, http.MethodConnect, []byte(request+"\r\n"))
	switch {
	case err != nil:
		return nil, at(Proxy, err)
	// "Any 2xx (Successful) response indicates that the sender (and all
	// inbound proxies) will switch to tunnel mode". RFC 9110 §9.3.6.
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		e := &DialError{Stage: Proxy, Status: resp.StatusCode, Header: resp.Header, Err: errNoTunnel}
		e.Body = in.body(resp, r.abandon)
		return nil, e
	// Neither in TLS nor in HTTP does a server speak first: whose words these
	// are is better not found out by taking them for an answer.
	case len(in.early()) > 0:
		return nil, at(Proxy, errChatty)
	}
	return nc, nil
}

var (
	errNoTunnel = errors.New("the proxy does not open a tunnel")
	errChatty   = errors.New("the proxy sent something into the tunnel before the server could")
)

// socks opens a tunnel by RFC 1928. As in net/http, socks5 and socks5h mean
// the same: the proxy looks up the name.
func (r *route) socks(ctx context.Context, u *url.URL, addr string) (net.Conn, error) {
	hop, err := proxyAddr(u)
	if err != nil {
		return nil, err
	}
	var auth *proxy.Auth
	if u.User != nil {
		auth = &proxy.Auth{User: u.User.Username()}
		auth.Password, _ = u.User.Password()
	}
	d, err := proxy.SOCKS5("tcp", hop, auth, dialer(r.dial))
	if err != nil {
		return nil, err
	}
	if _, err := d.(proxy.ContextDialer).DialContext(ctx, "tcp", addr); err != nil {
		return nil, err
	}
	// What it returned hides the connection, which is all there is to it, and
	// with it the way to half-close.
	return r.raw, nil
}

// dialer is a function in the shape that package proxy wants.
type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

func (d dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	return d(ctx, network, addr)
}

func (d dialer) Dial(network, addr string) (net.Conn, error) {
	return d(context.Background(), network, addr)
}
