package conn_test

import (
	"io"
	"math"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
)

// limited runs an echo against what send sends and returns the limit that it
// ran into, after the peer was told so with code.
func limited(t *testing.T, o *conn.Options, code frame.Code, send func(p *peer)) *conn.LimitError {
	t.Helper()
	c, p := against(t, conn.Server, o)
	result := async(func() error { return echo(c) })
	go func() { send(p) }()
	for {
		h, _ := p.receive()
		if h.Opcode == frame.Close {
			break
		}
	}
	require.NoError(t, p.nc.Close())
	var limit *conn.LimitError
	err := <-result
	require.ErrorAs(t, err, &limit)
	require.ErrorContains(t, err, "Limits."+limit.Limit)
	require.Equal(t, frame.Abnormal, ended(t, err).Code)
	return limit
}

func TestAMessageOverTheLimitIsRefusedOnItsHeader(t *testing.T) {
	for _, length := range []int64{1<<20 + 1, 1 << 30, 1 << 62, math.MaxInt64} {
		h := frame.Header{Fin: true, Opcode: frame.Binary, Masked: true, Length: length}
		got := limited(t, nil, frame.TooBig, func(p *peer) { p.sendBytes(h.Append(nil)) })
		require.Equal(t, &conn.LimitError{Limit: "MaxMessage", Max: 1 << 20}, got)
	}
}

func TestTheSumOfFragmentsCannotOverflowTheLimit(t *testing.T) {
	o := &conn.Options{Limits: conn.Limits{MaxMessage: math.MaxInt64}}
	got := limited(t, o, frame.TooBig, func(p *peer) {
		p.send(frame.Binary, false, "x")
		p.sendBytes(frame.Header{Opcode: frame.Continuation, Masked: true, Length: math.MaxInt64}.Append(nil))
	})
	require.Equal(t, int64(math.MaxInt64), got.Max)
}

func TestTheLimitCanBeRaisedWhileConnected(t *testing.T) {
	c, p := against(t, conn.Server, &conn.Options{Limits: conn.Limits{MaxMessage: 4}})
	go echo(c)
	p.send(frame.Text, true, "four")
	p.expect(frame.Text, "four")
	c.SetMessageLimit(5)
	p.send(frame.Text, true, "5five")
	p.expect(frame.Text, "5five")
	c.SetMessageLimit(-1)
	big := string(pattern(3 << 20))
	go p.nc.Write(p.wire(frame.Binary, true, big))
	p.expect(frame.Binary, big)
	c.SetMessageLimit(2)
	p.send(frame.Text, true, "3 3")
	p.expectClose(frame.TooBig)
}

func TestFragmentsPerMessageAreLimited(t *testing.T) {
	flood := func(n int) func(*peer) {
		return func(p *peer) {
			p.send(frame.Text, false, "x")
			b := p.wire(frame.Continuation, false, "")
			for range n {
				if _, err := p.nc.Write(b); err != nil {
					return
				}
			}
		}
	}
	got := limited(t, nil, frame.Policy, flood(20_000))
	require.Equal(t, &conn.LimitError{Limit: "MaxFragments", Max: 16384}, got)
	got = limited(t, &conn.Options{Limits: conn.Limits{MaxMessage: 100}}, frame.Policy, flood(5000))
	require.Equal(t, &conn.LimitError{Limit: "MaxFragments", Max: 4096}, got)
	got = limited(t, &conn.Options{Limits: conn.Limits{MaxFragments: 3}}, frame.Policy, flood(5))
	require.EqualValues(t, 3, got.Max)
}

func TestTenThousandOneByteFragmentsMakeAMessage(t *testing.T) {
	c, p := against(t, conn.Server, nil)
	go echo(c)
	go func() {
		_, _ = p.nc.Write(p.wire(frame.Text, false, ""))
		for range 10_000 {
			_, _ = p.nc.Write(p.wire(frame.Continuation, false, "x"))
		}
		_, _ = p.nc.Write(p.wire(frame.Continuation, true, ""))
	}()
	_, got := p.receive()
	require.Len(t, got, 10_000)
}

func TestControlFramesPerSecondAreLimited(t *testing.T) {
	for _, op := range []frame.Opcode{frame.Ping, frame.Pong} {
		got := limited(t, nil, frame.Policy, func(p *peer) {
			for range 200 {
				if _, err := p.nc.Write(p.wire(op, true, "flood")); err != nil {
					return
				}
			}
		})
		require.Equal(t, &conn.LimitError{Limit: "MaxControlRate", Max: 100}, got)
	}
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		go echo(c)
		for range 1000 { // 100 a second are not a flood
			p.send(frame.Ping, true, "")
			p.expect(frame.Pong, "")
			time.Sleep(second / 100)
		}
	})
}

func TestMemoryFollowsWhatIsReceivedNotWhatIsPromised(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 100 {
		c, p := against(t, conn.Server, &conn.Options{Limits: conn.Limits{MaxMessage: 1 << 30}})
		go echo(c)
		p.sendBytes(frame.Header{Fin: true, Opcode: frame.Binary, Masked: true, Length: 1 << 30}.Append(nil))
		p.sendBytes(pattern(10_000))
		p.send(frame.Ping, true, "") // which is payload too
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100*200_000))
}

func TestWrongOptionsAreRefused(t *testing.T) {
	require.NoError(t, (*conn.Options)(nil).Check())
	require.NoError(t, (&conn.Options{}).Check())
	for text, o := range map[string]conn.Options{
		"MaxMessage":         {Limits: conn.Limits{MaxMessage: -2}},
		"MaxFragments":       {Limits: conn.Limits{MaxFragments: -2}},
		"MaxControlRate":     {Limits: conn.Limits{MaxControlRate: -2}},
		"MaxBytes":           {Queue: conn.Queue{MaxBytes: -1}},
		"FullPolicy(9)":      {Queue: conn.Queue{OnFull: 9}},
		"CloseTimeout":       {CloseTimeout: -1},
		"WriteTimeout":       {WriteTimeout: -2},
		"Keepalive.Interval": {Keepalive: conn.Keepalive{Interval: -2}},
		"Keepalive.Timeout":  {Keepalive: conn.Keepalive{Timeout: -1}},
	} {
		_, err := conn.New(nothing{}, conn.Server, conn.Agreement{}, &o)
		require.ErrorContains(t, err, text)
	}
	_, err := conn.New(nil, conn.Server, conn.Agreement{}, nil)
	require.Error(t, err)
	_, err = conn.New(nothing{}, 7, conn.Agreement{}, nil)
	require.Error(t, err)
	require.Equal(t, "client server", conn.Client.String()+" "+conn.Server.String())
	require.Equal(t, "Disconnect", conn.Disconnect.String())
}

// nothing is a transport that is never used.
type nothing struct{ conn.Transport }

func TestUnlimitedIsSpelledMinusOne(t *testing.T) {
	c, p := against(t, conn.Server, &conn.Options{
		Limits:       conn.Limits{MaxMessage: -1, MaxControlRate: -1},
		WriteTimeout: -1,
	})
	go echo(c)
	go func() {
		_, _ = p.nc.Write(p.wire(frame.Binary, false, string(pattern(2<<20))))
		for range 70_000 {
			_, _ = p.nc.Write(p.wire(frame.Continuation, false, "x"))
		}
		for range 500 {
			_, _ = p.nc.Write(p.wire(frame.Pong, true, ""))
		}
		_, _ = p.nc.Write(p.wire(frame.Continuation, true, ""))
	}()
	h, err := io.ReadAll(io.LimitReader(p.nc, 10+2<<20+70_000))
	require.NoError(t, err)
	require.Len(t, h, 10+2<<20+70_000)
}
