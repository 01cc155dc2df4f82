package client_test

import (
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/wstest"
)

// stuck are dials that do not get on, each at another stage. That of DNS has a
// test of its own: the resolver does not go into a bubble.
var stuck = []struct {
	name  string
	url   string
	stage client.Stage
	host  host
	with  func(o *client.Options)
}{
	{"connect", "ws://h", client.Connect, nil, func(o *client.Options) {
		o.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
	}},
	{"connect to a proxy", "ws://h", client.Proxy, nil, func(o *client.Options) {
		o.Proxy = by("http://p")
		o.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
	}},
	{"CONNECT", "ws://h", client.Proxy, silent, func(o *client.Options) { o.Proxy = by("http://p") }},
	{"TLS with a proxy", "ws://h", client.Proxy, silent, func(o *client.Options) { o.Proxy = by("https://p") }},
	{"CONNECT in TLS", "ws://h", client.Proxy, secured(silent), func(o *client.Options) { o.Proxy = by("https://example.com") }},
	{"SOCKS", "ws://h", client.Proxy, silent, func(o *client.Options) { o.Proxy = by("socks5://p") }},
	{"TLS", "wss://h", client.TLS, silent, nil},
	{"TLS behind a proxy", "wss://h", client.TLS, tunnels(silent), func(o *client.Options) { o.Proxy = by("http://p") }},
	{"response", "ws://h", client.Response, silent, nil},
	{"response in TLS", "wss://example.com", client.Response, secured(silent), nil},
	{"response of a slow talker", "ws://h", client.Response, drips("HTTP/1.1 101 Switching Protocols\r\nX: "), nil},
	{"request that nobody reads", "ws://h", client.Response, nil, func(o *client.Options) {
		o.Dial = func(context.Context, string, string) (net.Conn, error) {
			nc, _ := wstest.NetPipeSize(1)
			return nc, nil
		}
	}},
	{"redirect", "ws://h", client.Response, loops, func(o *client.Options) { o.MaxRedirects = 1000 }},
}

// drips says something and then an octet each second.
func drips(first string) host {
	return func(nc net.Conn) {
		_, err := io.WriteString(nc, first)
		for err == nil {
			time.Sleep(time.Second)
			_, err = io.WriteString(nc, "x")
		}
	}
}

// loops redirects to itself after a second.
func loops(nc net.Conn) {
	time.Sleep(time.Second)
	says("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n")(nc)
}

// eachStuck runs a test for each of the dials that do not get on.
func eachStuck(t *testing.T, test func(t *testing.T, url string, stage client.Stage, o *client.Options)) {
	certificate() // made outside of every bubble
	for _, s := range stuck {
		t.Run(s.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := one(t, s.host)
				o.TLS = trusting()
				if s.with != nil {
					s.with(o)
				}
				test(t, s.url, s.stage, o)
			})
		})
	}
}

func TestADialEndsWithItsContextAtEveryStage(t *testing.T) {
	eachStuck(t, func(t *testing.T, url string, stage client.Stage, o *client.Options) {
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		time.AfterFunc(2500*time.Millisecond, cancel)
		_, err := client.Dial(ctx, url, o)
		e := dialError(t, err)
		require.Equal(t, 2500*time.Millisecond, time.Since(start))
		require.Equal(t, stage, e.Stage, "%v", e)
		require.ErrorIs(t, e, context.Canceled)
		require.False(t, e.Temporary())
	})
}

func TestADialEndsWithItsContextWhileANameIsLookedUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	over, end := context.WithCancel(context.Background())
	defer end() // the resolver goes on alone for a while, but no longer
	o := &client.Options{Proxy: direct, Dial: (&net.Dialer{Resolver: &net.Resolver{
		PreferGo: true,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			cancel() // now it is waiting for the name server, which is silent
			nc, _ := wstest.NetPipe()
			context.AfterFunc(over, func() { nc.Close() })
			return nc, over.Err()
		},
	}}).DialContext}
	_, err := client.Dial(ctx, "ws://h.example", o)
	e := dialError(t, err)
	require.Equal(t, client.DNS, e.Stage, "%v", e)
	require.ErrorIs(t, e, context.Canceled)
	require.False(t, e.Temporary())
}

func TestADialEndsAtItsDeadlineAtEveryStage(t *testing.T) {
	eachStuck(t, func(t *testing.T, url string, stage client.Stage, o *client.Options) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := client.Dial(ctx, url, o)
		e := dialError(t, err)
		require.Equal(t, 2500*time.Millisecond, time.Since(start))
		require.Equal(t, stage, e.Stage, "%v", e)
		require.ErrorIs(t, e, context.DeadlineExceeded)
		require.True(t, e.Temporary())
	})
}

func TestADialEndsWithItsTimeoutAtEveryStage(t *testing.T) {
	eachStuck(t, func(t *testing.T, url string, stage client.Stage, o *client.Options) {
		o.Timeout = 2500 * time.Millisecond
		start := time.Now()
		_, err := client.Dial(t.Context(), url, o)
		e := dialError(t, err)
		require.Equal(t, 2500*time.Millisecond, time.Since(start))
		require.Equal(t, stage, e.Stage, "%v", e)
		require.ErrorIs(t, e, context.DeadlineExceeded)
		require.ErrorContains(t, e, "longer than 2.5s")
		require.True(t, e.Temporary())
	})
}

func TestADialTakesNoLongerThanFortyFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		refused(t, "ws://h", one(t, silent))
		require.Equal(t, 45*time.Second, time.Since(start))
	})
}

func TestADialWithoutATimeoutWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := one(t, silent)
		o.Timeout = -1
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		_, err := client.Dial(ctx, "ws://h", o)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Hour, time.Since(start))
	})
}

func TestADialWithAContextThatHasEndedFails(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := client.Dial(ctx, "ws://h", one(t, echoes))
	require.ErrorIs(t, err, context.Canceled)
}

func TestAHandshakeEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := wstest.NetPipe()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := client.Handshake(ctx, ours, "ws://h", nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))
		// Closed: what was sent is followed by the end.
		_, err = io.ReadAll(theirs)
		require.NoError(t, err)
	})
}

func TestTheEndOfTheContextDuringARefusalIsNotItsCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := client.Dial(ctx, "ws://h", one(t, func(nc net.Conn) {
			io.WriteString(nc, "HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nno")
			io.Copy(io.Discard, nc)
		}))
		e := dialError(t, err)
		require.Equal(t, 403, e.Status)
		require.Equal(t, "no", string(e.Body))
		require.NotErrorIs(t, err, context.DeadlineExceeded)
	})
}

// overdue is a context whose deadline is over and that does not say so.
type overdue struct{ context.Context }

func (overdue) Deadline() (time.Time, bool) { return time.Now().Add(-time.Second), true }

func TestADeadlineThatIsOverIsTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := client.Dial(overdue{t.Context()}, "ws://h", one(t, leaves))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}
