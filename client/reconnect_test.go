package client_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
)

// longest is a jitter that can be foretold.
func longest(most time.Duration) time.Duration { return most }

// serves is a WebSocket server that does something with each connection.
func serves(do func(c *conn.Conn)) host {
	return func(nc net.Conn) {
		if c, err := accept(nc); err == nil {
			do(c)
			c.CloseNow()
		}
	}
}

// ends is a server that ends each connection after a while.
func ends(after time.Duration) host {
	return serves(func(c *conn.Conn) {
		time.Sleep(after)
		c.Close(context.Background(), frame.ServiceRestart, "")
	})
}

// waits runs a loop that does nothing but read, with the longest waits, until
// it has come by n times. It returns the time from each turn's end to the next
// turn's beginning.
func waits(t *testing.T, n int, o *client.Options, b client.Backoff) []time.Duration {
	t.Helper()
	var between []time.Duration
	last := time.Now()
	for c, err := range client.ConnectionsWith(t.Context(), "ws://h", o, b, longest) {
		between = append(between, time.Since(last))
		if err == nil {
			for range c.Messages(t.Context()) {
			}
		}
		if len(between) == n {
			break
		}
		last = time.Now()
	}
	return between
}

func seconds(s ...float64) []time.Duration {
	var d []time.Duration
	for _, s := range s {
		d = append(d, time.Duration(s*float64(time.Second)))
	}
	return d
}

func TestAConnectionFollowsAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		require.Equal(t, seconds(0, .5, 1, 2), waits(t, 4, one(t, ends(time.Second)), client.Backoff{}))
	})
}

func TestTheWaitDoublesUpToTheLongest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nowhere := newWorld(t, nil).options()
		require.Equal(t, seconds(0, .5, 1, 2, 4, 8, 16, 30, 30, 30), waits(t, 10, nowhere, client.Backoff{}))
		require.Equal(t, seconds(0, 3, 6, 10, 10), waits(t, 5, nowhere, client.Backoff{Min: 3 * time.Second, Max: 10 * time.Second}))
		require.Equal(t, seconds(0, .1, .1, .1), waits(t, 4, nowhere, client.Backoff{Max: 100 * time.Millisecond}))
		require.Equal(t, seconds(0, 60, 60, 60), waits(t, 4, nowhere, client.Backoff{Min: time.Minute}))
		most := client.Backoff{Min: 1<<62 - 1, Max: 1<<63 - 1}
		require.Equal(t, []time.Duration{0, most.Min}, waits(t, 2, nowhere, most))
	})
}

func TestAMinuteOfLifeIsASuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		require.Equal(t, seconds(0, .5, 1, 2), waits(t, 4, one(t, ends(time.Minute-1)), client.Backoff{}))
		require.Equal(t, seconds(0, .5, .5, .5), waits(t, 4, one(t, ends(time.Minute)), client.Backoff{}))
	})
}

func TestTheWaitIsRandom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := client.Backoff{Min: time.Second, Max: time.Second}
		var between []time.Duration
		last := time.Now()
		for _, err := range client.Connections(t.Context(), "ws://h", newWorld(t, nil).options(), b) {
			require.Error(t, err)
			between = append(between, time.Since(last))
			if last = time.Now(); len(between) > 100 {
				break
			}
		}
		require.Zero(t, between[0])
		var sum time.Duration
		for _, d := range between[1:] {
			require.LessOrEqual(t, d, time.Second)
			sum += d
		}
		// The sum of a hundred is 50 s, give or take 3 s in two of three.
		require.InDelta(t, 50*time.Second, sum, float64(25*time.Second))
	})
}

func TestTheServerSaysWhenToComeBack(t *testing.T) {
	in := func(d time.Duration) string {
		// The clock of each bubble begins here.
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(d).Format(http.TimeFormat)
	}
	for _, test := range []struct {
		status int
		after  string
		wait   float64
	}{
		{503, "120", 120},
		{429, "7", 7},
		{503, "0", 0},
		{503, "3601", 3600},
		{503, "99999999999999999999", 3600},
		{503, in(90 * time.Second), 90},
		{503, in(-90 * time.Second), 0},
		{503, in(90 * time.Hour), 3600},
		{503, "-5", 0},
		{503, "soon", 0},
		{503, "", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			o := one(t, says(fmt.Sprintf("HTTP/1.1 %d Later\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n", test.status, test.after)))
			// The jitter comes on top.
			require.Equal(t, seconds(0, test.wait+.5), waits(t, 2, o, client.Backoff{}), test.after)
		})
	}
}

func TestAPermanentErrorEndsTheLoop(t *testing.T) {
	for name, o := range map[string]*client.Options{
		"a refusal":    one(t, says("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")),
		"a bad option": {MaxRedirects: -1},
	} {
		t.Run(name, func(t *testing.T) {
			var errs []error
			for c, err := range client.Connections(t.Context(), "ws://h", o, client.Backoff{}) {
				require.Nil(t, c)
				errs = append(errs, err)
			}
			require.Len(t, errs, 1)
			require.False(t, dialError(t, errs[0]).Temporary())
		})
	}
}

func TestABadBackoffIsAnError(t *testing.T) {
	for _, b := range []client.Backoff{
		{Min: -1}, {Max: -1}, {Min: 2, Max: 1},
	} {
		w := newWorld(t, nil)
		n := 0
		for _, err := range client.Connections(t.Context(), "ws://h", w.options(), b) {
			n++
			require.Equal(t, client.Setup, dialError(t, err).Stage)
			require.ErrorContains(t, err, "Backoff")
		}
		require.Equal(t, 1, n)
		require.Empty(t, w.dialled)
	}
}

func TestAnErrorCanEndTheLoop(t *testing.T) {
	n := 0
	for _, err := range client.Connections(t.Context(), "ws://h", newWorld(t, nil).options(), client.Backoff{}) {
		require.Equal(t, client.Connect, dialError(t, err).Stage)
		n++
		break
	}
	require.Equal(t, 1, n)
}

// told is a server that reads, and tells how each connection has ended.
func told(how chan<- error) host {
	return serves(func(c *conn.Conn) {
		for {
			if _, err := c.Read(context.Background()); err != nil {
				how <- err
				return
			}
		}
	})
}

func TestAConnectionThatTheBodyLeavesIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		how := make(chan error, 2)
		var before *conn.Conn
		for c, err := range client.ConnectionsWith(t.Context(), "ws://h", one(t, told(how)), client.Backoff{}, longest) {
			require.NoError(t, err)
			if before != nil {
				require.ErrorIs(t, before.Err(), frame.Normal)
				break
			}
			before = c
		}
		// By the end of the body as well as by a break.
		require.ErrorIs(t, <-how, frame.Normal)
		require.ErrorIs(t, <-how, frame.Normal)
	})
}

func TestABodyThatPanicsLeavesNoConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		how := make(chan error, 1)
		start := time.Now()
		require.PanicsWithValue(t, "oops", func() {
			for range client.Connections(t.Context(), "ws://h", one(t, told(how)), client.Backoff{}) {
				panic("oops")
			}
		})
		require.ErrorIs(t, <-how, net.ErrClosed)
		require.Zero(t, time.Since(start)) // it was not the server that gave up
	})
}

func TestTheEndOfTheContextEndsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		how := make(chan error, 1)
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		time.AfterFunc(time.Hour, cancel)
		turns := 0
		for c, err := range client.Connections(ctx, "ws://h", one(t, told(how)), client.Backoff{}) {
			require.NoError(t, err)
			turns++
			// A body that does not look at ctx.
			_, err = c.Read(context.Background())
			require.ErrorIs(t, err, frame.GoingAway)
		}
		require.Equal(t, 1, turns)
		require.ErrorIs(t, <-how, frame.GoingAway)
		require.Equal(t, time.Hour, time.Since(start))
	})
}

func TestABodyThatLooksAtTheContextSaysGoodbyeToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		how := make(chan error, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		for c := range client.Connections(ctx, "ws://h", one(t, told(how)), client.Backoff{}) {
			_, err := c.Read(ctx)
			require.Error(t, err)
		}
		require.ErrorIs(t, <-how, frame.GoingAway)
	})
}

func TestASilentServerHoldsTheLoopNoLongerThanCloseTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := one(t, asked(func(r *http.Request) string { return switching(r) }))
		o.Dial = newWorld(t, map[string]host{"": serves(func(c *conn.Conn) { <-t.Context().Done() })}).dial
		o.Conn.CloseTimeout = 3 * time.Second
		start := time.Now()
		for range client.Connections(t.Context(), "ws://h", o, client.Backoff{}) {
			break
		}
		require.Equal(t, 3*time.Second, time.Since(start))
	})
}

func TestTheEndOfTheContextEndsTheLoopAtOnce(t *testing.T) {
	for name, h := range map[string]host{
		"while it waits": says("HTTP/1.1 503 Later\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n"),
		"while it dials": inTurn(says("HTTP/1.1 503 Later\r\nRetry-After: 295\r\nContent-Length: 0\r\n\r\n"), silent),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
				defer cancel()
				start := time.Now()
				turns := 0
				for c, err := range client.ConnectionsWith(ctx, "ws://h", one(t, h), client.Backoff{}, longest) {
					require.Nil(t, c)
					require.Equal(t, 503, dialError(t, err).Status)
					turns++
				}
				require.Equal(t, 1, turns)
				require.Equal(t, 5*time.Minute, time.Since(start))
			})
		})
	}
	t.Run("before it begins", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range client.Connections(ctx, "ws://h", one(t, echoes), client.Backoff{}) {
			t.Error("a turn")
		}
	})
	t.Run("in the same moment as the dial", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		o := one(t, echoes)
		o.Jar = onSet(cancel)
		o.Dial = newWorld(t, map[string]host{"": asked(func(r *http.Request) string {
			return switching(r, "Set-Cookie: a=b")
		})}).dial
		for range client.Connections(ctx, "ws://h", o, client.Backoff{}) {
			t.Error("a turn")
		}
	})
}

func TestALoopCanBeRunAgain(t *testing.T) {
	loop := client.Connections(t.Context(), "ws://h", one(t, echoes), client.Backoff{})
	for range 2 {
		for c, err := range loop {
			require.NoError(t, err)
			requireEcho(t, c)
			break
		}
	}
}
