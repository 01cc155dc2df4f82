// Package handshake is the opening handshake of the WebSocket protocol: RFC
// 6455 §4 in HTTP/1.1, and what RFC 8441 §5 makes of it in HTTP/2. It turns
// bytes and headers into decisions, and decisions into bytes. It has no socket,
// no clock and no lock, so that it serves any HTTP server and any client.
//
//	client                                                server
//
//	Offer.AppendRequest ──── GET, Upgrade: websocket ───► FromHTTP or Parser.Parse
//	                                                      a Request: it breaks no rule
//	                                                      Policy.Accept: it is welcome
//	Offer.Verify ◄────────── 101 Switching Protocols ──── Result.AppendResponse
//	             ◄────────── 4xx, 5xx, and why ────────── Error.AppendResponse, ServeHTTP
//
// Every rule has an [Error] of its own that names the section it stands in,
// what was received and what to do; its [Reason] is for programs.
//
// [Origins] deserves a look: by default, only pages of the server's own origin
// may connect.
//
// # Concurrency
//
// A [Policy], an [Origins] and an [Offer] serve any number of goroutines, as
// long as nobody modifies them. A [Parser] belongs to one connection, and a
// [Request] to whoever handles it: see [Request.Header].
//
// # Buffers
//
// Functions named Append extend dst as append does. Byte slices that go in are
// borrowed until the call returns, and are not modified.
//
// # Limits
//
// A Parser bounds what it reads by its [Limits], a list in a header has at most
// 128 elements, and the time taken grows with the number of bytes. What net/http
// reads is bounded by http.Server.MaxHeaderBytes.
package handshake
