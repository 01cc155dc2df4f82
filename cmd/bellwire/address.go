package main

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// checkAddress says what is wrong with the address of a server, as far as it
// can be seen from here, and what may be meant instead.
func checkAddress(raw string) error {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		// "ws:/host" and "wss:host" are URLs, but not of a server.
		if before, after, _ := strings.Cut(raw, ":"); before == "ws" || before == "wss" {
			return fmt.Errorf("%q has no host: did you mean %s?", raw, before+"://"+strings.TrimLeft(after, "/"))
		}
		return fmt.Errorf("%q has no scheme: did you mean %s?", raw, withScheme(raw))
	}
	if !slices.Contains([]string{"ws", "wss", "http", "https", "ws+unix"}, strings.ToLower(scheme)) {
		return fmt.Errorf("%q is not a scheme for WebSocket: did you mean %s?", scheme, withScheme(rest))
	}
	if u, err := url.Parse(raw); err == nil && u.Fragment != "" {
		u.Fragment = ""
		return fmt.Errorf("a WebSocket URL has no fragment (RFC 6455 §3): did you mean %s?", u)
	}
	return nil
}

// withScheme guesses the scheme: a machine nearby seldom has a certificate,
// one far away should.
func withScheme(rest string) string {
	if strings.HasPrefix(rest, ":") {
		rest = "localhost" + rest
	}
	host, _, _ := strings.Cut(rest, "/")
	if h, port, err := net.SplitHostPort(host); err == nil {
		if host = h; port == "443" {
			return "wss://" + rest
		}
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	if near := ip != nil || !strings.Contains(host, ".") || strings.HasSuffix(host, ".local"); near {
		return "ws://" + rest
	}
	return "wss://" + rest
}
