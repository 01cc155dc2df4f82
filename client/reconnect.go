package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
)

// Backoff says how long to wait between one attempt and the next: a random
// time up to Min, twice that after the second failure in a row, and so on up
// to Max. By default Min is 500 ms and Max 30 s. A connection that ends within
// a minute counts as a failure.
type Backoff struct {
	Min, Max time.Duration
}

const (
	defaultMin    = 500 * time.Millisecond
	defaultMax    = 30 * time.Second
	stableTime    = time.Minute // a connection that lives so long was no failure
	maxRetryAfter = time.Hour
)

// Connections dials, again and again, and yields each connection: the body of
// the loop has it to itself. When the body is done with it, the connection is
// closed if it still lives, and then the next is dialled, after a wait.
//
//	for c, err := range client.Connections(ctx, url, nil, client.Backoff{}) {
//		if err != nil {
//			log.Print(err)
//			continue
//		}
//		for m, err := range c.Messages(ctx) { ... }
//	}
//
// A dial that fails is yielded as a *DialError. After one that is not
// Temporary, such as a 401, the loop ends: what is wrong will not mend itself.
// Otherwise it goes on, and if the answer had a Retry-After, not before that
// is over, or an hour.
//
// The loop also ends with the body, by break or return, and with ctx. In
// either case the connection is closed, with code 1000 or, when ctx has ended,
// 1001. The end of ctx itself is not yielded.
func Connections(ctx context.Context, rawURL string, o *Options, b Backoff) iter.Seq2[*conn.Conn, error] {
	return connections(ctx, rawURL, o, b, rand.N[time.Duration])
}

// connections is Connections with any choice of a time up to most.
func connections(ctx context.Context, rawURL string, o *Options, b Backoff, jitter func(most time.Duration) time.Duration) iter.Seq2[*conn.Conn, error] {
	return func(yield func(*conn.Conn, error) bool) {
		limits, err := b.resolve()
		if err != nil {
			yield(nil, at(Setup, err))
			return
		}
		for failures := 0; ctx.Err() == nil; {
			wait := time.Duration(0)
			c, e := dial(ctx, rawURL, o)
			switch {
			case ctx.Err() != nil:
				if e == nil {
					c.CloseNow()
				}
				return
			case e != nil:
				if !yield(nil, e) || !e.Temporary() {
					return
				}
				wait = e.retryAfter(time.Now())
			default:
				start := time.Now()
				if !lend(ctx, c, yield) {
					return
				}
				if time.Since(start) >= stableTime {
					failures = 0
				}
			}
			// "The first reconnect attempt SHOULD be delayed by a random
			// amount of time", and "subsequent reconnect attempts SHOULD be
			// delayed by increasingly longer amounts of time". RFC 6455
			// §7.2.3. The random time comes on top of what the server asks
			// for, since it may have asked everybody.
			if !sleep(ctx, wait+jitter(limits.ceiling(failures))) {
				return
			}
			failures++
		}
	}
}

// lend yields a connection, and closes it. It reports whether to go on.
func lend(ctx context.Context, c *conn.Conn, yield func(*conn.Conn, error) bool) bool {
	defer c.CloseNow() // for a body that panics
	goodbye := func() {
		code := frame.Normal
		if ctx.Err() != nil {
			code = frame.GoingAway
		}
		// Bounded by CloseTimeout, and of no interest to anybody.
		_ = c.Close(context.Background(), code, "")
	}
	// A body that does not look at ctx is to hear of its end too.
	defer context.AfterFunc(ctx, goodbye)()
	more := yield(c, nil)
	goodbye()
	return more
}

// resolve returns b with every default filled in.
func (b Backoff) resolve() (Backoff, error) {
	if b.Min < 0 || b.Max < 0 || b.Max > 0 && b.Max < b.Min {
		return b, fmt.Errorf("Backoff is {%v, %v}: want a time and one that is not shorter, or 0 for %v and %v",
			b.Min, b.Max, defaultMin, defaultMax)
	}
	if b.Max == 0 {
		b.Max = max(b.Min, defaultMax)
	}
	if b.Min == 0 {
		b.Min = min(b.Max, defaultMin)
	}
	return b, nil
}

// ceiling is the longest random wait after so many failures in a row.
func (b Backoff) ceiling(failures int) time.Duration {
	most := b.Min
	for range failures {
		if most >= b.Max/2 {
			return b.Max
		}
		most *= 2
	}
	return most
}

// sleep waits, and reports whether ctx lasted longer.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// retryAfter is how long an answer asks us to stay away: "either an HTTP-date
// or a number of seconds to delay". RFC 9110 §10.2.3. An hour at most, or one
// slip of a server could cost it its clients for good.
func (e *DialError) retryAfter(now time.Time) time.Duration {
	value := e.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	if t, err := http.ParseTime(value); err == nil {
		return min(max(t.Sub(now), 0), maxRetryAfter)
	}
	return 0
}
