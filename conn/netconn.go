package conn

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/bellwire/bellwire/frame"
)

// streamChunk is the largest message that a stream writes.
const streamChunk = 32 << 10

// Stream returns the connection as a net.Conn, for protocols that want a
// stream of octets: each Write becomes one or more messages of type t, and
// reads run through the messages of either type. Deadlines interrupt a call
// and harm nothing. After a clean close by the peer, reads return io.EOF.
// Close is the closing handshake with code 1000.
//
// While a stream is in use, nothing else should read from the connection.
func (c *Conn) Stream(t Type) net.Conn { return &stream{c: c, typ: t} }

type stream struct {
	c   *Conn
	typ Type

	mu sync.Mutex // one read at a time
	r  *Reader    // of the current message
}

func (s *stream) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(p) > 0 {
		if s.r == nil {
			_, r, err := s.c.Reader(context.Background())
			if err != nil {
				return 0, streamError(err)
			}
			s.r = r
		}
		n, err := s.r.Read(p)
		if err == io.EOF {
			s.r = nil
			continue
		}
		return n, streamError(err)
	}
	return 0, nil
}

func (s *stream) Write(p []byte) (int, error) {
	sent := 0
	for sent < len(p) {
		n := min(len(p)-sent, streamChunk)
		for s.typ == Text && sent+n < len(p) && n > 1 && !utf8.RuneStart(p[sent+n]) {
			n-- // each message has to be valid by itself
		}
		f := whole(s.typ, p[sent:sent+n])
		f.queued = true // so that a deadline set meanwhile interrupts it
		err := s.c.checkOutgoing(f.typ, f.data)
		if err == nil {
			err = s.c.send(context.Background(), f)
		}
		if err != nil {
			return sent, err
		}
		sent += n
	}
	return sent, nil
}

func (s *stream) Close() error {
	return s.c.Close(context.Background(), frame.Normal, "")
}

func (s *stream) LocalAddr() net.Addr  { return s.addr(net.Conn.LocalAddr) }
func (s *stream) RemoteAddr() net.Addr { return s.addr(net.Conn.RemoteAddr) }

func (s *stream) addr(of func(net.Conn) net.Addr) net.Addr {
	if nc := s.c.NetConn(); nc != nil {
		return of(nc)
	}
	return transportAddr{}
}

func (s *stream) SetReadDeadline(t time.Time) error  { return s.c.SetReadDeadline(t) }
func (s *stream) SetWriteDeadline(t time.Time) error { return s.c.SetWriteDeadline(t) }

func (s *stream) SetDeadline(t time.Time) error {
	return errors.Join(s.c.SetReadDeadline(t), s.c.SetWriteDeadline(t))
}

// streamError turns the ordinary end of the conversation into io.EOF.
func streamError(err error) error {
	var end *CloseError
	if errors.As(err, &end) && end.quiet() {
		return io.EOF
	}
	return err
}

// transportAddr stands for the address of a transport that has none.
type transportAddr struct{}

func (transportAddr) Network() string { return "websocket" }
func (transportAddr) String() string  { return "websocket" }
