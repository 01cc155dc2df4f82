// Package client opens WebSocket connections: it dials, through proxies and
// redirects if need be, and dials again when a connection has ended.
//
//	c, err := client.Dial(ctx, "wss://example.com/feed", nil)
//	if err != nil {
//		return err
//	}
//	defer c.CloseNow()
//	for m, err := range c.Messages(ctx) {
//		...
//	}
//
// A dial goes through stages, each of which ends at once when the context
// does, and with the whole after Options.Timeout:
//
//	setup        the URL and the options are checked
//	DNS          the name is looked up
//	connect      TCP, or a Unix socket
//	proxy        CONNECT (RFC 6455 §4.1(3)), or SOCKS 5
//	TLS          for wss, with the server's name in the hello
//	response     the request is sent and answered
//	negotiation  the answer is checked, by the second list of RFC 6455 §4.1
//
// A [DialError] says at which of them it failed, what the server answered, and
// whether it is worth while to try again.
//
// # Redirects
//
// They are off by default. If Options.MaxRedirects allows them, 301, 302, 303,
// 307 and 308 are followed, to ws or wss (or http and https, which mean the
// same), but never from wss to ws. Where the origin changes, that is scheme,
// host or port, these stay behind for good: Authorization, Cookie, Host, Origin
// and Proxy-Authorization of Options.Header, the user name and password of the
// URL, and the ServerName of Options.TLS. Everything else goes along, so a
// secret in another field, in a subprotocol or in the URL's query is better
// not combined with redirects.
//
// # Cookies
//
// Options.Jar is asked with http for ws and https for wss, and stores what is
// set by any answer: a 101, a redirect, a refusal.
//
// # Limits
//
// Of an answer at most 64 KiB are read, with five interim answers before it,
// and of a refusal's body 4 KiB, for at most two seconds. Bytes that arrive
// behind a 101 are the first frames (RFC 6455 §4.2.2) and reach the connection.
//
// # Concurrency
//
// All functions may be called at the same time, with the same Options. A dial
// leaves no goroutine behind.
package client
