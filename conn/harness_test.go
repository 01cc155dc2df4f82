package conn_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/wstest"
)

var background = context.Background()

// pair returns both ends of a connection in memory.
func pair(t testing.TB, s, c *conn.Options) (server, client *conn.Conn) {
	t.Helper()
	a, b := wstest.NetPipe()
	server, err := conn.New(a, conn.Server, conn.Agreement{}, s)
	require.NoError(t, err)
	client, err = conn.New(b, conn.Client, conn.Agreement{}, c)
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = server.CloseNow()
		_ = client.CloseNow()
	})
	return server, client
}

// peer is the other end of a connection under test. It sends whatever it is
// told to.
type peer struct {
	t      testing.TB
	nc     net.Conn
	masked bool
}

// against returns a connection of the given role and its peer.
func against(t testing.TB, role conn.Role, o *conn.Options) (*conn.Conn, *peer) {
	t.Helper()
	ours, theirs := wstest.NetPipe()
	c, err := conn.New(ours, role, conn.Agreement{}, o)
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = c.CloseNow()
		_ = theirs.Close()
	})
	return c, &peer{t: t, nc: theirs, masked: role == conn.Server}
}

var key = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// wire draws a frame as this peer would send it.
func (p *peer) wire(op frame.Opcode, fin bool, payload string) []byte {
	h := frame.Header{Fin: fin, Opcode: op, Length: int64(len(payload))}
	if p.masked {
		h.Masked, h.Key = true, key
	}
	return wireOf(h, payload)
}

// wireOf draws a frame with any header.
func wireOf(h frame.Header, payload string) []byte {
	b := h.Append(nil)
	body := []byte(payload)
	if h.Masked {
		frame.Mask(body, h.Key, 0)
	}
	return append(b, body...)
}

func (p *peer) send(op frame.Opcode, fin bool, payload string) {
	p.sendBytes(p.wire(op, fin, payload))
}

func (p *peer) sendBytes(b []byte) {
	p.t.Helper()
	_, err := p.nc.Write(b)
	require.NoError(p.t, err)
}

// receive reads one frame.
func (p *peer) receive() (frame.Header, string) {
	p.t.Helper()
	h, payload, err := readFrame(p.nc)
	require.NoError(p.t, err, "reading the next frame")
	require.Equal(p.t, !p.masked, h.Masked, "clients mask, servers do not")
	return h, payload
}

func readFrame(r io.Reader) (frame.Header, string, error) {
	var head []byte
	for {
		h, n, err := frame.Parse(head)
		if err != nil {
			return h, "", err
		}
		if n > 0 {
			payload := make([]byte, h.Length)
			if _, err := io.ReadFull(r, payload); err != nil {
				return h, "", err
			}
			if h.Masked {
				frame.Mask(payload, h.Key, 0)
			}
			return h, string(payload), nil
		}
		var b [1]byte
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return h, "", err
		}
		head = append(head, b[0])
	}
}

func (p *peer) expect(op frame.Opcode, payload string) {
	p.t.Helper()
	h, got := p.receive()
	require.Equal(p.t, op, h.Opcode, "opcode of a frame with payload %q", clip(got))
	require.True(p.t, h.Fin)
	require.True(p.t, payload == got, "payload: want %q, got %q", clip(payload), clip(got))
}

func (p *peer) expectClose(code frame.Code) string {
	p.t.Helper()
	h, got := p.receive()
	require.Equal(p.t, frame.Close, h.Opcode, "opcode of a frame with payload %q", clip(got))
	c, reason, err := frame.ParseClose([]byte(got))
	require.NoError(p.t, err)
	require.Equal(p.t, code, c, "close code; the reason is %q", reason)
	return reason
}

func (p *peer) expectEOF() {
	p.t.Helper()
	var b [1]byte
	n, err := p.nc.Read(b[:])
	require.Zero(p.t, n)
	require.Equal(p.t, io.EOF, err)
}

func (p *peer) close(code frame.Code, reason string) {
	p.send(frame.Close, true, closePayload(code, reason))
}

func closePayload(code frame.Code, reason string) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(code))) + reason
}

func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}

// echo answers every message until the connection ends, and returns why.
func echo(c *conn.Conn) error {
	var buf []byte
	for {
		t, data, err := c.ReadInto(background, buf[:0])
		if err != nil {
			return err
		}
		if err := c.Write(background, t, data); err != nil {
			return err
		}
		buf = data
	}
}

// async runs f and returns where its error will be.
func async(f func() error) <-chan error {
	ch := make(chan error, 1)
	go func() { ch <- f() }()
	return ch
}

// ended asserts that err is how a connection ended.
func ended(t testing.TB, err error) *conn.CloseError {
	t.Helper()
	var e *conn.CloseError
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, err, net.ErrClosed)
	return e
}

func pattern(n int) []byte {
	return bytes.Repeat([]byte("BAsd7&jh23"), n/10+1)[:n]
}

const second = time.Second
