// Package bellwire is the map of a WebSocket engine (RFC 6455); the code is in
// the packages below.
//
//	server     net/http handlers, an own listener, groups, shutdown
//	client     dialling, proxies, redirects, reconnecting
//	conn       the connection, which both of them give you
//	handshake  the opening handshake, without sockets
//	frame      the wire format and its rules, without I/O
//	wstest     connections in memory, a peer that breaks every rule
//
// The examples of this package are the programs of the README.
package bellwire
