package conn_test

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
)

// sockets returns both ends of a TCP connection.
func sockets(t *testing.T) (a, b *net.TCPConn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	dialed, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	accepted, err := ln.Accept()
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = dialed.Close()
		_ = accepted.Close()
	})
	return accepted.(*net.TCPConn), dialed.(*net.TCPConn)
}

func TestLargeMessagesPassThroughSockets(t *testing.T) {
	a, b := sockets(t)
	server, err := conn.New(a, conn.Server, conn.Agreement{}, &conn.Options{Limits: conn.Limits{MaxMessage: 32 << 20}})
	require.NoError(t, err)
	client, err := conn.New(b, conn.Client, conn.Agreement{}, &conn.Options{Limits: conn.Limits{MaxMessage: 32 << 20}})
	require.NoError(t, err)
	done := async(func() error { return echo(server) })
	for _, n := range []int{20_000, 100_000, 16 << 20} {
		want := pattern(n)
		sent := async(func() error { return client.Write(background, conn.Text, want) })
		m, err := client.Read(background)
		require.NoError(t, err)
		require.NoError(t, <-sent)
		require.True(t, string(want) == string(m.Data), "size %d", n)
	}
	require.NoError(t, client.Close(background, frame.Normal, ""))
	require.True(t, ended(t, <-done).Clean)
}

func TestTheServerHangsUpFirst(t *testing.T) {
	a, b := sockets(t)
	server, err := conn.New(a, conn.Server, conn.Agreement{}, nil)
	require.NoError(t, err)
	done := async(func() error { return echo(server) })
	p := &peer{t: t, nc: b, masked: true}
	p.close(frame.Normal, "")
	p.expectClose(frame.Normal)
	p.expectEOF() // though this end has not hung up
	require.NoError(t, b.Close())
	require.True(t, ended(t, <-done).Clean)
}

func TestTheCloseFrameIsNotLostToAReset(t *testing.T) {
	for range 20 {
		a, b := sockets(t)
		server, err := conn.New(a, conn.Server, conn.Agreement{}, nil)
		require.NoError(t, err)
		go echo(server)
		p := &peer{t: t, nc: b, masked: true}
		p.sendBytes([]byte{0x83, 0x80, 0, 0, 0, 0}) // a reserved opcode
		p.sendBytes(make([]byte, 500_000))          // and much that nobody will read
		p.expectClose(frame.ProtocolError)
		p.expectEOF()
		require.NoError(t, b.Close())
	}
}

func TestAResetSocketIsAnAbnormalEnd(t *testing.T) {
	a, b := sockets(t)
	server, err := conn.New(a, conn.Server, conn.Agreement{}, nil)
	require.NoError(t, err)
	p := &peer{t: t, nc: b, masked: true}
	p.sendBytes(p.wire(frame.Text, true, "cut")[:4])
	require.NoError(t, b.SetLinger(0))
	require.NoError(t, b.Close())
	e := ended(t, echo(server))
	require.Equal(t, frame.Abnormal, e.Code)
	require.ErrorContains(t, e, "reset")
}

func TestACleanCloseStaysCleanWhenTheServerResets(t *testing.T) {
	a, b := sockets(t)
	client, err := conn.New(b, conn.Client, conn.Agreement{}, nil)
	require.NoError(t, err)
	closed := async(func() error { return client.Close(background, frame.Normal, "") })
	p := &peer{t: t, nc: a}
	p.expectClose(frame.Normal)
	p.close(frame.Normal, "")
	require.NoError(t, a.SetLinger(0))
	require.NoError(t, a.Close())
	require.NoError(t, <-closed)
}

func TestCancelledReadsOfASocketLoseNothing(t *testing.T) {
	a, b := sockets(t)
	server, err := conn.New(a, conn.Server, conn.Agreement{}, nil)
	require.NoError(t, err)
	p := &peer{t: t, nc: b, masked: true}
	const messages = 300
	go func() {
		for range messages {
			for _, octet := range p.wire(frame.Text, true, "octet by octet") {
				_, _ = b.Write([]byte{octet})
			}
		}
	}()
	got, cancelled := 0, 0
	for got < messages {
		ctx, cancel := context.WithTimeout(background, 20*time.Microsecond)
		m, err := server.Read(ctx)
		cancel()
		if err != nil {
			require.ErrorIs(t, err, context.DeadlineExceeded)
			cancelled++
			continue
		}
		require.Equal(t, "octet by octet", string(m.Data))
		got++
	}
	t.Logf("%d reads were cancelled", cancelled)
}

func TestAQueuedStreamIsSentWhole(t *testing.T) {
	a, b := sockets(t)
	server, err := conn.New(a, conn.Server, conn.Agreement{}, nil)
	require.NoError(t, err)
	client, err := conn.New(b, conn.Client, conn.Agreement{}, nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(background) // so that fragments take the queue
	defer cancel()
	go func() {
		for range 50 {
			w, err := client.Writer(ctx, conn.Binary)
			if err != nil {
				return
			}
			_, _ = w.Write(pattern(5000))
			_, _ = w.Write(pattern(50_000))
			_, _ = w.Write(pattern(17))
			_ = w.Close()
			_ = client.WriteText(ctx, "between")
		}
	}()
	for range 50 {
		_, r, err := server.Reader(ctx)
		require.NoError(t, err)
		all, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Len(t, all, 55_017)
		m, err := server.Read(ctx)
		require.NoError(t, err)
		require.Equal(t, "between", string(m.Data))
	}
}
