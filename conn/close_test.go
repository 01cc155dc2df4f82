package conn_test

import (
	"context"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/wstest"
)

func TestCloseWithoutAReaderFinishesTheHandshake(t *testing.T) {
	for _, role := range []conn.Role{conn.Server, conn.Client} {
		synctest.Test(t, func(t *testing.T) {
			c, p := against(t, role, nil)
			p.send(frame.Text, true, "nobody reads this")
			start := time.Now()
			closed := async(func() error { return c.Close(background, frame.GoingAway, "bye") })
			require.Equal(t, "bye", p.expectClose(frame.GoingAway))
			p.send(frame.Text, true, "nor this")
			p.close(frame.GoingAway, "bye too")
			if role == conn.Server {
				p.expectEOF() // the server hangs up first: §7.1.1
			}
			require.NoError(t, p.nc.Close())
			require.NoError(t, <-closed)
			require.Zero(t, time.Since(start))
			require.Equal(t, &conn.CloseError{Code: frame.GoingAway, Reason: "bye too", Clean: true}, ended(t, c.Err()))
			require.NoError(t, c.Close(background, frame.Normal, ""), "closing twice does no harm")
			require.NoError(t, c.CloseNow())
		})
	}
}

func TestCloseLetsAReaderGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		got := make(chan string, 3)
		reader := async(func() error {
			for {
				m, err := c.Read(background)
				if err != nil {
					return err
				}
				got <- string(m.Data)
			}
		})
		synctest.Wait()
		closed := async(func() error { return c.Close(background, frame.Normal, "") })
		p.expectClose(frame.Normal)
		p.send(frame.Text, true, "on its way")
		p.close(frame.Normal, "")
		p.expectEOF()
		require.NoError(t, p.nc.Close())
		require.NoError(t, <-closed)
		require.True(t, ended(t, <-reader).Clean)
		require.Equal(t, "on its way", <-got)
	})
}

func TestCloseTakesOverFromAReaderThatStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		reader := async(func() error { _, err := c.Read(background); return err })
		synctest.Wait()
		closed := async(func() error { return c.Close(background, frame.Normal, "") })
		synctest.Wait()
		other := async(func() error { return c.Close(background, frame.Policy, "second") })
		synctest.Wait()
		p.send(frame.Text, true, "one")
		require.NoError(t, <-reader) // and it does not come back
		p.expectClose(frame.Normal)
		p.send(frame.Text, true, "two")
		p.close(frame.Normal, "")
		p.expectEOF()
		require.NoError(t, p.nc.Close())
		require.NoError(t, <-closed)
		require.NoError(t, <-other)
	})
}

func TestAReaderThatComesRoundDuringCloseLearnsOfTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		closed := async(func() error { return c.Close(background, frame.Normal, "") })
		synctest.Wait() // Close is reading
		quiet := async(func() error {
			for _, err := range c.Messages(background) {
				return err
			}
			return nil
		})
		ctx, cancel := context.WithTimeout(background, second)
		defer cancel()
		_, err := c.Read(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		p.expectClose(frame.Normal)
		p.close(frame.Normal, "")
		require.NoError(t, <-quiet)
		_, err = c.Read(background) // while Close waits for the peer to hang up
		require.True(t, ended(t, err).Clean)
		require.NoError(t, p.nc.Close())
		require.NoError(t, <-closed)
	})
}

func TestCloseSendsWhatWaitsFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Client, nil)
		stall(t, c)
		require.NoError(t, c.TryWrite(conn.Text, []byte("queued")))
		closed := async(func() error { return c.Close(background, frame.Normal, "") })
		synctest.Wait()
		err := c.WriteText(background, "too late")
		require.ErrorIs(t, err, net.ErrClosed)
		require.ErrorIs(t, err, frame.Normal)
		_, err = c.Writer(background, conn.Text)
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = c.Ping(background)
		require.ErrorIs(t, err, net.ErrClosed)
		p.receive()
		p.expect(frame.Text, "queued")
		p.expectClose(frame.Normal)
		p.close(frame.Normal, "")
		require.NoError(t, p.nc.Close())
		require.NoError(t, <-closed)
	})
}

func TestCloseGivesUpOnASilentPeer(t *testing.T) {
	for _, reading := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c, p := against(t, conn.Server, &conn.Options{CloseTimeout: 3 * second})
			if reading {
				go c.Read(background)
				synctest.Wait()
			}
			start := time.Now()
			err := c.Close(background, frame.Normal, "")
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			require.ErrorContains(t, err, "closing handshake")
			require.Equal(t, frame.Abnormal, ended(t, err).Code)
			require.Equal(t, 3*second, time.Since(start))
			p.expectClose(frame.Normal)
			p.expectEOF()
		})
	}
}

func TestCloseGivesUpOnAPeerThatNeverReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		stall(t, c)
		p.close(frame.Normal, "")
		start := time.Now()
		_, err := c.Read(background)
		require.False(t, ended(t, err).Clean, "our Close frame has not been sent")
		require.Less(t, time.Since(start), 7*second)
	})
}

func TestCloseEndsWithItsContext(t *testing.T) {
	for _, reading := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c, _ := against(t, conn.Server, nil)
			if reading {
				go c.Read(background)
				synctest.Wait()
			}
			ctx, cancel := context.WithTimeout(background, second)
			defer cancel()
			start := time.Now()
			require.ErrorIs(t, c.Close(ctx, frame.Normal, ""), context.DeadlineExceeded)
			require.Equal(t, second, time.Since(start))
		})
	}
}

func TestCloseIgnoresTheApplicationsReadDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		require.NoError(t, c.SetReadDeadline(time.Now().Add(-second)))
		closed := async(func() error { return c.Close(background, frame.Normal, "") })
		p.expectClose(frame.Normal)
		p.close(frame.Normal, "")
		require.NoError(t, p.nc.Close())
		require.NoError(t, <-closed)
	})
}

func TestCloseRefusesCodesThatMayNotBeSent(t *testing.T) {
	c, p := against(t, conn.Server, nil)
	for _, code := range []frame.Code{0, 999, 1004, 1006, 1015, 2999, 5000} {
		require.Error(t, c.Close(background, code, ""))
	}
	require.NoError(t, c.Err())
	require.NoError(t, c.WriteText(background, "alive"))
	p.expect(frame.Text, "alive")
	require.ErrorContains(t, c.Close(background, frame.NoStatus, "reason"), "Close")
}

func TestAReasonIsCutToWhatFits(t *testing.T) {
	c, p := against(t, conn.Server, nil)
	go c.Close(background, frame.Normal, strings.Repeat("ä", 100))
	require.Equal(t, strings.Repeat("ä", 61), p.expectClose(frame.Normal))
}

func TestThePeersCloseIsEchoed(t *testing.T) {
	for _, code := range []frame.Code{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		c, p := against(t, conn.Server, nil)
		p.close(code, "why")
		err := async(func() error { return echo(c) })
		require.Empty(t, p.expectClose(code))
		p.expectEOF()
		require.NoError(t, p.nc.Close())
		require.Equal(t, &conn.CloseError{Code: code, Reason: "why", Remote: true, Clean: true}, ended(t, <-err))
		require.NoError(t, c.Close(background, frame.Normal, ""))
	}
	c, p := against(t, conn.Client, nil)
	p.send(frame.Close, true, "")
	err := async(func() error { return echo(c) })
	p.expect(frame.Close, "")
	require.NoError(t, p.nc.Close())
	require.Equal(t, &conn.CloseError{Code: frame.NoStatus, Remote: true, Clean: true}, ended(t, <-err))
}

func TestAClientWaitsForTheServerToHangUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Client, nil)
		start := time.Now()
		closed := async(func() error { return c.Close(background, frame.Normal, "") })
		p.expectClose(frame.Normal)
		p.close(frame.Normal, "")
		synctest.Wait()
		require.Error(t, c.Err(), "the closing handshake is over")
		time.Sleep(2 * second)
		p.sendBytes([]byte("whatever"))
		require.NoError(t, p.nc.Close())
		require.NoError(t, <-closed)
		require.Equal(t, 2*second, time.Since(start))
	})
}

func TestAClientDoesNotWaitForEverForTheServerToHangUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Client, nil)
		start := time.Now()
		p.close(frame.Normal, "")
		require.True(t, ended(t, echo(c)).Clean)
		require.Equal(t, 5*second, time.Since(start))
	})
}

func TestCloseNowWakesEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := against(t, conn.Server, &conn.Options{Queue: conn.Queue{MaxBytes: 10}})
		stall(t, c)
		require.NoError(t, c.TryWrite(conn.Text, nil))
		calls := map[string]func() error{
			"Read":   func() error { _, err := c.Read(background); return err },
			"Write":  func() error { return c.WriteText(background, "x") },
			"Flush":  func() error { return c.Flush(background) },
			"Ping":   func() error { _, err := c.Ping(background); return err },
			"Writer": func() error { _, err := c.Writer(background, conn.Text); return err },
			"Close":  func() error { return c.Close(background, frame.Normal, "") },
		}
		results := map[string]<-chan error{}
		for name, call := range calls {
			if name != "Close" {
				results[name] = async(call)
			}
		}
		synctest.Wait()
		results["Close"] = async(calls["Close"])
		synctest.Wait()
		require.NoError(t, c.CloseNow())
		for name, result := range results {
			require.ErrorIs(t, <-result, net.ErrClosed, name)
		}
		<-c.Context().Done()
		require.ErrorContains(t, c.Err(), "without a closing handshake")
	})
}

func TestOnlyOneEndIsReported(t *testing.T) {
	var closed atomic.Int32
	trace := &conn.Trace{Closed: func(*conn.Conn, *conn.CloseError, conn.Stats) { closed.Add(1) }}
	for range 200 {
		server, client := pair(t, &conn.Options{Trace: trace}, nil)
		var all sync.WaitGroup
		all.Go(func() { echo(server) })
		all.Go(func() { server.Close(background, 4001, "a") })
		all.Go(func() { server.CloseNow() })
		all.Go(func() { server.WriteText(background, "x") })
		all.Go(func() { client.Close(background, 4002, "b") })
		all.Wait()
		first := ended(t, server.Err())
		if err := server.Close(background, frame.Normal, ""); first.Clean {
			require.NoError(t, err)
		} else {
			require.Same(t, first, err)
		}
	}
	require.EqualValues(t, 200, closed.Load())
}

func TestAResetInMidFrameIsTold(t *testing.T) {
	c, p := against(t, conn.Server, nil)
	p.sendBytes(p.wire(frame.Binary, true, "never complete")[:9])
	require.NoError(t, p.nc.(interface{ Reset() error }).Reset())
	e := ended(t, echo(c))
	require.Equal(t, frame.Abnormal, e.Code)
	require.ErrorContains(t, e, "reset")
}

func TestAHalfClosedPeerIsGone(t *testing.T) {
	c, p := against(t, conn.Server, nil)
	p.send(frame.Text, true, "last words")
	require.NoError(t, p.nc.(interface{ CloseWrite() error }).CloseWrite())
	require.ErrorIs(t, echo(c), io.ErrUnexpectedEOF)
	p.expect(frame.Text, "last words")
	p.expectEOF()
}

// noHalfClose is a transport with nothing but the five methods.
type noHalfClose struct{ conn.Transport }

func TestATransportNeedsNoMoreThanFiveMethods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := wstest.NetPipe()
		server, err := conn.New(noHalfClose{a}, conn.Server, conn.Agreement{}, nil)
		require.NoError(t, err)
		client, err := conn.New(noHalfClose{b}, conn.Client, conn.Agreement{}, nil)
		require.NoError(t, err)
		require.Nil(t, server.NetConn())
		require.Equal(t, "websocket", server.Stream(conn.Text).LocalAddr().String())
		require.Equal(t, "websocket", server.Stream(conn.Text).RemoteAddr().Network())
		go echo(server)
		start := time.Now()
		require.NoError(t, client.Write(background, conn.Binary, pattern(100_000)))
		m, err := client.Read(background)
		require.NoError(t, err)
		require.Equal(t, pattern(100_000), m.Data)
		require.NoError(t, client.Close(background, frame.Normal, ""))
		require.Zero(t, time.Since(start))
	})
}
