package wstest

import (
	"net"
	"time"
)

// pipeBuffer is what NetPipe buffers in each direction, in octets: about what
// a kernel gives a fresh TCP connection.
const pipeBuffer = 64 << 10

// NetPipe returns the two ends of an in-memory connection that behaves like
// TCP on a fast network: each direction buffers up to 64 KiB, so a Write
// blocks only when the other end does not read.
//
// Each end offers two methods more than net.Conn, to be reached by a type
// assertion:
//
//	CloseWrite() error // FIN: the other end reads EOF, and may still write
//	Reset() error      // RST: both ends get ECONNRESET, buffered octets are lost
//
// After Close the other end reads what was buffered and then io.EOF; its
// writes are answered with EPIPE. Calls on a closed end give net.ErrClosed. A
// deadline that has passed gives os.ErrDeadlineExceeded; it may be set while a
// call is blocked, and a later one makes the end usable again.
//
// No goroutine is started, and every call that blocks blocks durably in the
// sense of testing/synctest. All methods may be called concurrently; concurrent
// writes are not interleaved.
func NetPipe() (a, b net.Conn) {
	return NetPipeSize(pipeBuffer)
}

// NetPipeSize is NetPipe with a buffer of n octets in each direction, at least
// one. Memory grows with what is buffered, not with n.
func NetPipeSize(n int) (a, b net.Conn) {
	ab, ba := newStream(max(n, 1)), newStream(max(n, 1))
	return &pipeEnd{in: ba, out: ab}, &pipeEnd{in: ab, out: ba}
}

// A pipeEnd is one end of a pipe: the reading side of one stream and the
// writing side of another.
type pipeEnd struct{ in, out *stream }

func (e *pipeEnd) Read(p []byte) (int, error)  { return e.in.read(p) }
func (e *pipeEnd) Write(p []byte) (int, error) { return e.out.write(p) }

func (e *pipeEnd) Close() error {
	e.in.end(closed, ended)
	e.out.end(ended, closed)
	return nil
}

func (e *pipeEnd) CloseWrite() error {
	e.out.end(ended, ended)
	return nil
}

func (e *pipeEnd) Reset() error {
	e.in.end(reset, reset)
	e.out.end(reset, reset)
	return nil
}

func (e *pipeEnd) SetReadDeadline(t time.Time) error  { return e.in.setReadDeadline(t) }
func (e *pipeEnd) SetWriteDeadline(t time.Time) error { return e.out.setWriteDeadline(t) }

func (e *pipeEnd) SetDeadline(t time.Time) error {
	if err := e.SetReadDeadline(t); err != nil {
		return err
	}
	return e.SetWriteDeadline(t)
}

func (e *pipeEnd) LocalAddr() net.Addr  { return pipeAddr{} }
func (e *pipeEnd) RemoteAddr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }
