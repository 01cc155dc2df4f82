package wstest

import (
	"context"
	"net"
	"sync"
)

// A Listener is a net.Listener without a network: what its Dial returns is one
// end of a NetPipe, and what its Accept returns is the other.
type Listener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

// Listen returns a listener. In a synctest bubble, it must be called inside.
//
//	l := wstest.Listen()
//	go http.Serve(l, handler)
//	c, err := client.Dial(ctx, "ws://example.com/chat", &client.Options{Dial: l.DialContext})
func Listen() *Listener {
	return &Listener{conns: make(chan net.Conn), done: make(chan struct{})}
}

// Dial connects to the listener. It waits until the connection is accepted,
// the listener is closed or ctx ends.
func (l *Listener) Dial(ctx context.Context) (net.Conn, error) {
	near, far := NetPipe()
	err := error(nil)
	select {
	case l.conns <- far:
		return near, nil
	case <-l.done:
		err = net.ErrClosed
	case <-ctx.Done():
		err = ctx.Err()
	}
	near.Close()
	return nil, &net.OpError{Op: "dial", Net: "pipe", Addr: pipeAddr{}, Err: err}
}

// DialContext is Dial in the form that a program's options ask for. Network
// and address are not looked at.
func (l *Listener) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	return l.Dial(ctx)
}

// Accept waits for the next Dial. After Close the error is net.ErrClosed.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.done:
		return nil, opError("accept", net.ErrClosed)
	}
}

// Close ends Accept and Dial, now and later. Connections go on.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr returns the address of every pipe.
func (l *Listener) Addr() net.Addr { return pipeAddr{} }
