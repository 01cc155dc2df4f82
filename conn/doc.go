// Package conn is the WebSocket connection: what is left once the opening
// handshake is over. It drives the wire format of package frame over any
// Transport, in either role.
//
// Most programs get a *Conn from package server or package client. With a
// handshake of your own, New makes one.
//
//	for m, err := range c.Messages(ctx) {
//		if err != nil {
//			return err
//		}
//		if err := c.Write(ctx, m.Type, m.Data); err != nil {
//			return err
//		}
//	}
//
// What RFC 6455 demands of an endpoint happens by itself while somebody reads:
// pings are answered, a Close frame is echoed, rules and limits are enforced.
//
// # Concurrency
//
// Every method may be called from any goroutine. There is one reader at a
// time; a second one gets ErrConcurrentRead. Any number of goroutines may
// write. A connection starts no goroutine while it is idle: only while
// messages wait in the outgoing queue, and no caller is writing, one
// goroutine writes them.
//
// # Contexts and deadlines
//
// A context or a deadline that ends a call never harms the connection. A read
// that was interrupted goes on where it stopped; a write that was interrupted
// has sent nothing. A context that cannot be cancelled costs nothing, and
// neither does the connection's own; see Conn.Context.
//
// # Buffers
//
// Messages returned by Read belong to the caller. Bytes given to a write are
// borrowed until it returns, and never modified. A connection holds a read
// buffer only while a read is in progress or input is left over.
//
// # Limits
//
// Everything that a peer can make the connection hold or do is bounded by
// default; see Limits, Queue and Keepalive. Memory grows with what has been
// received, never with what a header claims.
//
// # Errors
//
// Once the connection is over, every method returns the same *CloseError. It
// tells who closed, with which code, whether cleanly, and what else was the
// cause:
//
//	errors.Is(err, net.ErrClosed)        // the connection is over
//	errors.Is(err, frame.GoingAway)      // … with close code 1001
//	errors.As(err, new(*frame.Error))    // … because the peer broke a rule
//	errors.As(err, new(*conn.LimitError)) // … or exceeded a limit
package conn
