package conn_test

import (
	"context"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
)

func TestPingMeasuresTheRoundTrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var traced time.Duration
		trace := &conn.Trace{Ping: func(_ *conn.Conn, rtt time.Duration) { traced = rtt }}
		c, p := against(t, conn.Client, &conn.Options{Trace: trace})
		go echo(c)
		rtts := make(chan time.Duration, 2)
		for range 2 {
			go func() {
				rtt, err := c.Ping(background)
				require.NoError(t, err)
				rtts <- rtt
			}()
		}
		_, _ = p.receive()
		_, latest := p.receive()
		p.send(frame.Pong, true, "unsolicited")
		p.send(frame.Pong, true, "12345678")
		time.Sleep(30 * time.Millisecond)
		p.send(frame.Pong, true, latest) // which answers the earlier one too
		require.Equal(t, 30*time.Millisecond, <-rtts)
		require.Equal(t, 30*time.Millisecond, <-rtts)
		synctest.Wait()
		require.Equal(t, 30*time.Millisecond, traced)
		require.Equal(t, 30*time.Millisecond, c.Stats().RTT)
	})
}

func TestPingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		ctx, cancel := context.WithTimeout(background, second)
		defer cancel()
		_, err := c.Ping(ctx)
		require.EqualError(t, err, "websocket: ping: context deadline exceeded")
		_, payload := p.receive()
		p.send(frame.Pong, true, payload) // too late, and harmless
		p.send(frame.Text, true, "x")
		_, err = c.Read(background)
		require.NoError(t, err)
		require.NoError(t, c.CloseNow())
		_, err = c.Ping(background)
		ended(t, err)
	})
}

func TestPingsAreAnsweredInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		go echo(c)
		for _, s := range []string{"", "1", "2", "\x00\xff\xfe", string(pattern(125))} {
			p.send(frame.Ping, true, s)
		}
		for _, s := range []string{"", "1", "2", "\x00\xff\xfe", string(pattern(125))} {
			p.expect(frame.Pong, s)
		}
	})
}

func TestAPingIsAnsweredWhileAWriterIsBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		blocked := async(func() error { return c.Write(background, conn.Binary, pattern(200_000)) })
		go echo(c)
		synctest.Wait()
		p.send(frame.Ping, true, "1")
		p.send(frame.Text, true, "the reader is not blocked")
		synctest.Wait()
		require.EqualValues(t, 1, c.Stats().MessagesIn)
		p.expect(frame.Binary, string(pattern(200_000)))
		require.NoError(t, <-blocked)
		p.expect(frame.Pong, "1")
		p.expect(frame.Text, "the reader is not blocked")
	})
}

func TestPongsDoNotPileUpForAPeerThatNeverReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, &conn.Options{Limits: conn.Limits{MaxControlRate: -1}})
		go echo(c)
		stall(t, c)
		const pings = 10_000
		for i := range pings {
			p.send(frame.Ping, true, string(pattern(100+i%10)))
		}
		p.send(frame.Ping, true, "latest")
		p.send(frame.Text, true, "done")
		synctest.Wait()
		require.EqualValues(t, 1, c.Stats().MessagesIn)
		p.receive()
		pongs, last := 0, ""
		for last != "latest" {
			h, s := p.receive()
			require.Equal(t, frame.Pong, h.Opcode)
			pongs++
			last = s
		}
		require.Less(t, pongs, 50)
	})
}

func TestKeepaliveGivesUpASilentPeerAtTheExactTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		start := time.Now()
		err := echo(c)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.ErrorContains(t, err, "keepalive")
		require.Equal(t, 50*second, time.Since(start))
		h, _ := p.receive()
		require.Equal(t, frame.Ping, h.Opcode)
	})
}

func TestKeepalivePingsEveryIntervalOfAQuietPeer(t *testing.T) {
	for _, o := range []conn.Keepalive{{}, {Interval: 10 * second, Timeout: 20 * second}} {
		synctest.Test(t, func(t *testing.T) {
			c, p := against(t, conn.Server, &conn.Options{Keepalive: o})
			go echo(c)
			p.receive()
			last := time.Now()
			p.send(frame.Pong, true, "")
			for range 10 {
				_, _ = p.receive()
				require.LessOrEqual(t, time.Since(last), 30*second)
				require.Greater(t, time.Since(last), 9*second)
				last = time.Now()
				p.send(frame.Pong, true, "")
			}
		})
	}
}

func TestKeepaliveIsContentWithAnyByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, &conn.Options{Keepalive: conn.Keepalive{Interval: 10 * second, Timeout: 5 * second}})
		go echo(c)
		for range 100 {
			h, s := p.receive()
			require.Equal(t, frame.Ping, h.Opcode)
			time.Sleep(4 * second)
			p.send(frame.Pong, true, s)
		}
		for range 100 { // a slow message is a sign of life too
			time.Sleep(9 * second)
			p.sendBytes([]byte{0x89, 0x80, 1, 2, 3, 4}[:6])
		}
		require.NoError(t, c.Err())
	})
}

func TestKeepaliveDoesNotMisfireWhileAHandlerIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := pair(t, nil, nil)
		go echo(client) // answers pings
		time.Sleep(time.Hour)
		require.NoError(t, server.Err(), "nobody read, so nothing can be said of the peer")
		reading := async(func() error { return echo(server) })
		time.Sleep(time.Hour)
		require.NoError(t, server.Err())
		require.NoError(t, client.CloseNow())
		ended(t, <-reading)
	})
}

func TestKeepaliveSeesThroughReadsThatKeepTimingOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := against(t, conn.Server, nil)
		start := time.Now()
		for c.Err() == nil {
			ctx, cancel := context.WithTimeout(background, 3*second)
			_, _ = c.Read(ctx)
			cancel()
		}
		require.ErrorContains(t, c.Err(), "keepalive")
		took := time.Since(start)
		require.True(t, 50*second <= took && took < 54*second, "took %v", took)
	})
}

func TestClientsHaveNoKeepaliveUnlessAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := against(t, conn.Client, nil)
		go echo(c)
		time.Sleep(time.Hour)
		require.NoError(t, c.Err())
		require.Zero(t, c.Stats().WireOut)
	})
	synctest.Test(t, func(t *testing.T) {
		c, _ := against(t, conn.Client, &conn.Options{Keepalive: conn.Keepalive{Interval: second, Timeout: second}})
		start := time.Now()
		require.ErrorContains(t, echo(c), "keepalive")
		require.Equal(t, 2*second, time.Since(start))
	})
}
