// Package wstest helps to test programs that speak WebSocket, without a
// network and without waiting.
//
// From the bottom up:
//
//	NetPipe      two ends of a connection in memory, with deadlines, half-close and reset
//	Listen       a net.Listener whose connections are such pipes
//	Slow         a connection that is read slowly
//	Pipe         two WebSocket connections over a pipe, no handshake
//	Serve        an http.Handler, and a function that dials it
//	Peer         the other end of a connection, which may break every rule
//	Conformance  what RFC 6455 asks of a server, as subtests
//
// A handler is tested by what a client sees of it:
//
//	func TestEcho(t *testing.T) {
//		dial := wstest.Serve(t, server.Handler(echo))
//		c, err := dial(t.Context(), nil)
//		...
//	}
//
// What happens when the other end misbehaves is a conversation with a Peer:
//
//	p, tr := wstest.NewPeer(t, conn.Client)
//	c, err := conn.New(tr, conn.Server, conn.Agreement{}, nil)
//	...
//	p.Fragment(frame.Text, false, "begun")
//	p.Hangup()
//
// And any server that echoes, whatever it is made of, can be checked:
//
//	func TestConformance(t *testing.T) {
//		wstest.Conformance(t, func(ctx context.Context) (net.Conn, error) {
//			return new(net.Dialer).DialContext(ctx, "tcp", address)
//		})
//	}
//
// # Time
//
// All of it works in the bubbles of testing/synctest, and there an hour of
// keepalive takes no time: what waits, waits on channels, condition variables
// and timers. Pipes, listeners and slow connections belong into the bubble
// that uses them.
//
// # Concurrency
//
// Connections and listeners can be used by several goroutines at once, as
// net.Conn and net.Listener ask for. A Peer belongs to the goroutine of its
// test.
//
// NetPipe, Slow, Pipe and Peer start no goroutine. Serve starts one for its
// listener and those of net/http, and ends them when the test is over.
package wstest
