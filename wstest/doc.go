// Package wstest helps to test programs that speak WebSocket: connections
// without sockets and a slow reader.
package wstest
