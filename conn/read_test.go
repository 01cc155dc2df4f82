package conn_test

import (
	"context"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/wstest"
)

func TestMessagesOfEverySizeArriveWhole(t *testing.T) {
	sizes := []int{0, 1, 125, 126, 127, 4095, 4096, 4097, 16384, 65535, 65536, 1 << 20}
	for _, toServer := range []bool{true, false} {
		from, to := pair(t, nil, nil)
		if toServer {
			from, to = to, from
		}
		for _, n := range sizes {
			want := pattern(n)
			sent := async(func() error { return from.Write(background, conn.Binary, want) })
			m, err := to.Read(background)
			require.NoError(t, err)
			require.NoError(t, <-sent)
			require.Equal(t, conn.Binary, m.Type)
			require.True(t, string(want) == string(m.Data), "size %d, to the server: %t", n, toServer)
			require.Equal(t, pattern(n), want, "the caller's slice was modified")
		}
	}
}

func TestAReadThatIsCancelledAtAnyOctetLosesNothing(t *testing.T) {
	for _, role := range []conn.Role{conn.Server, conn.Client} {
		p := &peer{masked: role == conn.Server}
		wire := append(p.wire(frame.Text, false, "Hello, "), p.wire(frame.Ping, true, "p")...)
		wire = append(wire, p.wire(frame.Continuation, true, "wörld")...)
		for cut := 0; cut <= len(wire); cut++ {
			synctest.Test(t, func(t *testing.T) {
				c, p := against(t, role, nil)
				p.sendBytes(wire[:cut])
				if cut < len(wire) {
					ctx, cancel := context.WithTimeout(background, second)
					start := time.Now()
					_, err := c.Read(ctx)
					require.ErrorIs(t, err, context.DeadlineExceeded, "cut at %d", cut)
					require.Equal(t, second, time.Since(start))
					cancel()
				}
				p.sendBytes(wire[cut:])
				m, err := c.Read(background)
				require.NoError(t, err, "cut at %d", cut)
				require.Equal(t, "Hello, wörld", string(m.Data))
				require.Equal(t, conn.Text, m.Type)
				p.expect(frame.Pong, "p")
			})
		}
	}
}

func TestReadIntoLeavesTheBufferAloneWhenItFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		buf := append(make([]byte, 0, 64), "mine:"...)
		p.send(frame.Text, false, "half ")
		require.NoError(t, c.SetReadDeadline(time.Now().Add(second)))
		_, got, err := c.ReadInto(background, buf)
		require.Equal(t, os.ErrDeadlineExceeded, err)
		require.Equal(t, "mine:", string(got))

		p.send(frame.Continuation, true, "whole")
		require.NoError(t, c.SetReadDeadline(time.Time{}))
		_, got, err = c.ReadInto(background, buf)
		require.NoError(t, err)
		require.Equal(t, "mine:half whole", string(got))
	})
}

func TestAnInterruptedMessageCanBeStreamedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		p.send(frame.Text, false, "one ")
		ctx, cancel := context.WithTimeout(background, second)
		defer cancel()
		_, err := c.Read(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		p.send(frame.Continuation, true, "two")
		typ, r, err := c.Reader(background)
		require.NoError(t, err)
		require.Equal(t, conn.Text, typ)
		all, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, "one two", string(all))
	})
}

func TestTheConnectionsOwnContextDoesNotInterruptReads(t *testing.T) {
	server, client := pair(t, nil, nil)
	got := async(func() error { _, err := server.Read(server.Context()); return err })
	require.NoError(t, client.WriteText(background, "x"))
	require.NoError(t, <-got)

	got = async(func() error { _, err := server.Read(server.Context()); return err })
	require.NoError(t, client.Close(background, frame.GoingAway, "bye"))
	require.ErrorIs(t, <-got, frame.GoingAway)
}

func TestASecondReadAtATimeIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		first := async(func() error { _, err := c.Read(background); return err })
		synctest.Wait()
		_, err := c.Read(background)
		require.Equal(t, conn.ErrConcurrentRead, err)
		_, _, err = c.Reader(background)
		require.Equal(t, conn.ErrConcurrentRead, err)
		p.send(frame.Text, true, "x")
		require.NoError(t, <-first)
	})
}

func TestMessagesEndsQuietlyAfterACleanClose(t *testing.T) {
	for _, code := range []frame.Code{frame.Normal, frame.GoingAway, frame.NoStatus} {
		server, client := pair(t, nil, nil)
		closed := async(func() error {
			_ = client.WriteText(background, "one")
			_ = client.WriteText(background, "two")
			return client.Close(background, code, "")
		})
		var got []string
		for m, err := range server.Messages(background) {
			require.NoError(t, err)
			got = append(got, string(m.Data))
		}
		require.Equal(t, []string{"one", "two"}, got)
		require.NoError(t, <-closed)
		require.ErrorIs(t, server.Err(), code)
	}
}

func TestMessagesYieldsAnyOtherEnd(t *testing.T) {
	server, client := pair(t, nil, nil)
	go client.Close(background, frame.Policy, "no")
	var last error
	for _, err := range server.Messages(background) {
		last = err
	}
	require.ErrorIs(t, last, frame.Policy)
	require.EqualError(t, last, `websocket: connection closed by the peer: 1008 policy violation "no"`)
}

func TestEveryReadAfterTheEndReturnsTheSameError(t *testing.T) {
	server, client := pair(t, nil, nil)
	go client.Close(background, 4321, "done")
	_, first := server.Read(background)
	e := ended(t, first)
	require.Equal(t, &conn.CloseError{Code: 4321, Reason: "done", Remote: true, Clean: true}, e)
	for range 2000 {
		_, err := server.Read(background)
		require.Same(t, e, err)
	}
	require.Same(t, e, server.Err())
	require.Same(t, e, server.WriteText(background, "late"))
	require.Same(t, e, context.Cause(server.Context()))
}

func TestBytesBehindTheHandshakeAreTheFirstFrames(t *testing.T) {
	ours, theirs := wstest.NetPipe()
	p := &peer{t: t, nc: theirs, masked: true}
	early := p.wire(frame.Text, true, "early")
	whole := append(early, p.wire(frame.Text, true, "late")...)
	cut := len(early) + 3
	c, err := conn.New(ours, conn.Server, conn.Agreement{Early: whole[:cut]}, nil)
	require.NoError(t, err)
	defer c.CloseNow()
	clear(whole[:len(early)]) // borrowed only until New returned
	p.sendBytes(whole[cut:])
	for _, want := range []string{"early", "late"} {
		m, err := c.Read(background)
		require.NoError(t, err)
		require.Equal(t, want, string(m.Data))
	}
}

func TestALostTransportIsAnAbnormalEnd(t *testing.T) {
	c, p := against(t, conn.Server, nil)
	p.sendBytes([]byte{0x81})
	require.NoError(t, p.nc.Close())
	_, err := c.Read(background)
	e := ended(t, err)
	require.Equal(t, frame.Abnormal, e.Code)
	require.False(t, e.Clean)
	require.True(t, e.Remote)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestAStaleDeadlineOfTheTransportIsNotAnError(t *testing.T) {
	ours, theirs := wstest.NetPipe()
	require.NoError(t, ours.SetReadDeadline(time.Unix(1, 0)))
	c, err := conn.New(ours, conn.Client, conn.Agreement{}, nil)
	require.NoError(t, err)
	defer c.CloseNow()
	p := &peer{t: t, nc: theirs}
	p.send(frame.Text, true, "x")
	_, err = c.Read(background)
	require.NoError(t, err)
}

func TestReadersStreamAndSkip(t *testing.T) {
	server, client := pair(t, nil, nil)
	big := pattern(300_000)
	go func() {
		_ = client.Write(background, conn.Binary, big)
		_ = client.Write(background, conn.Binary, big)
		_ = client.WriteText(background, "small")
		_ = client.Write(background, conn.Binary, nil)
	}()
	_, r, err := server.Reader(background)
	require.NoError(t, err)
	all, err := io.ReadAll(r)
	require.NoError(t, err)
	require.True(t, string(big) == string(all))

	_, r, err = server.Reader(background)
	require.NoError(t, err)
	_, err = io.ReadFull(r, make([]byte, 10))
	require.NoError(t, err)
	m, err := server.Read(background) // skips the rest
	require.NoError(t, err)
	require.Equal(t, "small", string(m.Data))
	_, err = r.Read(make([]byte, 1))
	require.ErrorContains(t, err, "skipped")

	_, r, err = server.Reader(background)
	require.NoError(t, err)
	n, err := r.WriteTo(io.Discard)
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestReadIntoAndWriteDoNotAllocate(t *testing.T) {
	c, p := against(t, conn.Server, nil)
	payload := string(pattern(128))
	wire := p.wire(frame.Binary, true, payload)
	answer := make([]byte, 128+4)
	buf := make([]byte, 0, 256)
	ctx := c.Context()
	allocs := testing.AllocsPerRun(1000, func() {
		_, _ = p.nc.Write(wire)
		typ, data, err := c.ReadInto(ctx, buf[:0])
		if err != nil {
			panic(err)
		}
		if err := c.Write(ctx, typ, data); err != nil {
			panic(err)
		}
		_, _ = io.ReadFull(p.nc, answer)
	})
	require.Zero(t, allocs)
	require.Equal(t, payload, string(answer[4:]))
}

func TestNetConnGivesTheAddresses(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	nc, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	c, err := conn.New(nc, conn.Client, conn.Agreement{Subprotocol: "chat"}, nil)
	require.NoError(t, err)
	defer c.CloseNow()
	require.Equal(t, ln.Addr(), c.NetConn().RemoteAddr())
	require.Equal(t, ln.Addr(), c.Stream(conn.Text).RemoteAddr())
	require.Equal(t, nc.LocalAddr(), c.Stream(conn.Text).LocalAddr())
	require.Equal(t, "chat", c.Subprotocol())
	require.Equal(t, conn.Client, c.Role())
}
