// Package server is the front door: it turns HTTP requests into WebSocket
// connections (RFC 6455 §4.2), runs a function for each, keeps count of them,
// and sees them off when the program stops.
//
//	http.Handle("/echo", server.Handler(func(ctx context.Context, c *conn.Conn, r *handshake.Request) error {
//		for m, err := range c.Messages(ctx) {
//			if err != nil {
//				return err
//			}
//			if err := c.Write(ctx, m.Type, m.Data); err != nil {
//				return err
//			}
//		}
//		return nil
//	}))
//
// There are three ways in. [Handler] and [Upgrader] are handlers of net/http,
// for HTTP/1.1. [Server] has a listener of its own, TCP or TLS, without
// net/http. [Upgrader.UpgradeConn] is for programs that accept by themselves.
// All of them end in the same [conn.Conn].
//
// A [Group] knows the connections that live: it caps their number, broadcasts
// to them and closes them. A call of [http.Server.Shutdown] does not know of
// them; [Shutdown], [Group.Shutdown] and [Server.Shutdown] do.
//
// # Concurrency
//
// Everything in this package may be used from any goroutine, and no lock is
// held while a program's own functions run. A [Func] runs in the goroutine of
// its request. These goroutines are started here:
//
//   - by [Server.Serve], one per connection. It ends with the Func; before that
//     is called, HandshakeTimeout ends it, and after a refusal a second more.
//   - by [Group.Shutdown], one per connection, to close it. It ends with the
//     connection: after conn.Options.CloseTimeout or when the context ends,
//     whichever is first. One for a connection that comes too late, likewise.
//   - by [Group.Shutdown] when the context ends, and by [Server.Close], one per
//     connection that is left, to cut it. They are waited for.
//   - by [Shutdown], one for http.Server.Shutdown. The context ends it.
//   - by [Group.Attach], when the HTTP server is shut down: net/http starts one.
//     It ends when the group is empty.
//   - when the context of a handshake ends, one to hang up.
//
// A connection by itself has no goroutine; package conn starts one only while
// something waits to be written.
//
// # Limits
//
// By default a request may be 16 KiB ([Options].Limits; net/http has a limit of
// its own) and a handshake may take 10 seconds. A connection is bounded by
// [conn.Options]: messages of 1 MiB, 1 MiB that waits to be sent, 100 pings a
// second, 30 seconds for a write without progress; a peer that does not answer
// a keepalive ping for 20 seconds is given up, provided that the Func reads.
// The number of connections is not limited unless [Group].MaxConns or MaxPerKey
// say so.
//
// Pages of other sites cannot connect unless [handshake.Policy].Origins lets
// them. http.CrossOriginProtection does not see to that: it lets every GET pass.
package server
