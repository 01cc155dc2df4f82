package conn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/wstest"
)

// stall fills the transport between c and a peer that does not read, so that
// whatever c writes next has to wait. It must run inside a synctest bubble.
func stall(t testing.TB, c *conn.Conn) {
	require.NoError(t, c.TryWrite(conn.Binary, pattern(65<<10)))
	synctest.Wait()
}

func TestWritesFromManyGoroutinesDoNotMix(t *testing.T) {
	for _, role := range []conn.Role{conn.Server, conn.Client} {
		server, client := pair(t, nil, nil)
		from, to := server, client
		if role == conn.Client {
			from, to = client, server
		}
		const writers, each = 8, 200
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				ctx, cancel := context.WithCancel(background)
				defer cancel()
				for i := range each {
					if w%2 == 0 {
						ctx = background // written through
					}
					text := fmt.Sprintf("%d %d %s", w, i, pattern(i*20))
					if err := from.WriteText(ctx, text); err != nil {
						t.Errorf("writer %d: %v", w, err)
					}
				}
			})
		}
		next := [writers]int{}
		for range writers * each {
			m, err := to.Read(background)
			require.NoError(t, err)
			var w, i int
			_, err = fmt.Sscanf(string(m.Data), "%d %d", &w, &i)
			require.NoError(t, err)
			require.Equal(t, next[w], i, "messages of one writer stay in order")
			require.Equal(t, fmt.Sprintf("%d %d %s", w, i, pattern(i*20)), string(m.Data))
			next[w]++
		}
		all.Wait()
	}
}

func TestATextMessageMustBeUTF8(t *testing.T) {
	server, _ := pair(t, nil, nil)
	bad := "caf\xe9"
	require.ErrorContains(t, server.WriteText(background, bad), "§5.6")
	require.ErrorContains(t, server.TryWrite(conn.Text, []byte(bad)), "§5.6")
	require.ErrorContains(t, server.WriteLatest("k", conn.Text, []byte(bad)), "§5.6")
	require.ErrorContains(t, server.WritePrepared(background, conn.Prepare(conn.Text, []byte(bad))), "§5.6")
	require.ErrorContains(t, server.TryWritePrepared(conn.Prepare(conn.Text, []byte(bad))), "§5.6")
	require.NoError(t, server.Write(background, conn.Binary, []byte(bad)))
	for _, typ := range []conn.Type{0, frame.Close, frame.Ping, 3} {
		require.Error(t, server.Write(background, typ, nil))
		_, err := server.Writer(background, typ)
		require.Error(t, err)
	}
	require.Error(t, server.WriteLatest("", conn.Text, nil))
	require.NoError(t, server.Err(), "misuse does not end the connection")
}

func TestAPeerThatDoesNotReadBlocksWritersUntilTheirContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, &conn.Options{Queue: conn.Queue{MaxBytes: 1000}})
		stall(t, c)
		require.NoError(t, c.WriteText(background, "fits"))

		ctx, cancel := context.WithTimeout(background, second)
		defer cancel()
		start := time.Now()
		err := c.Write(ctx, conn.Binary, pattern(1000))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, "websocket: write: context deadline exceeded")
		require.Equal(t, second, time.Since(start))
		require.Equal(t, conn.ErrQueueFull, c.TryWrite(conn.Binary, pattern(1000)))

		require.NoError(t, c.SetWriteDeadline(time.Now().Add(second)))
		require.Equal(t, os.ErrDeadlineExceeded, c.Write(background, conn.Binary, pattern(1000)))
		require.Equal(t, os.ErrDeadlineExceeded, c.WriteText(background, "x"), "the deadline has passed")
		require.NoError(t, c.SetWriteDeadline(time.Time{}))

		waiting := async(func() error { return c.Write(background, conn.Binary, pattern(999)) })
		synctest.Wait()
		p.expect(frame.Binary, string(pattern(65<<10)))
		p.expect(frame.Text, "fits")
		p.expect(frame.Binary, string(pattern(999)))
		require.NoError(t, <-waiting)
		require.NoError(t, c.Flush(background))
		require.Zero(t, c.Buffered())
	})
}

// full returns options under which two messages of five octets may wait
// behind what stall writes, and counts what overflows.
func full(policy conn.FullPolicy, overflows *int) *conn.Options {
	return &conn.Options{
		Queue: conn.Queue{MaxBytes: 65<<10 + 64 + 2*(64+5), OnFull: policy},
		Trace: &conn.Trace{Overflow: func(c *conn.Conn, got conn.FullPolicy, n int) {
			if got == policy {
				*overflows += n
			}
			_ = c.Buffered() // no lock is held
		}},
	}
}

func tryText(c *conn.Conn, s string) error { return c.TryWrite(conn.Text, []byte(s)) }

func TestDropNewestDropsWhatFindsTheQueueFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		overflows := 0
		c, p := against(t, conn.Server, full(conn.DropNewest, &overflows))
		stall(t, c)
		require.NoError(t, tryText(c, "first"))
		require.NoError(t, tryText(c, "secnd"))
		require.Equal(t, conn.ErrDropped, tryText(c, "third"))
		require.Equal(t, conn.ErrDropped, c.WriteText(background, "third"))
		require.Equal(t, 2, overflows)
		require.EqualValues(t, 2, c.Stats().Dropped)
		p.receive()
		p.expect(frame.Text, "first")
		p.expect(frame.Text, "secnd")
	})
}

func TestDropOldestMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		overflows := 0
		c, p := against(t, conn.Client, full(conn.DropOldest, &overflows))
		stall(t, c)
		for _, s := range []string{"first", "secnd", "third", "forth"} {
			require.NoError(t, tryText(c, s))
		}
		require.Equal(t, 2, overflows)
		p.receive()
		p.expect(frame.Text, "third")
		p.expect(frame.Text, "forth")
	})
}

func TestDisconnectTellsASlowPeerSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		overflows := 0
		c, p := against(t, conn.Server, full(conn.Disconnect, &overflows))
		stall(t, c)
		require.NoError(t, tryText(c, "first"))
		require.NoError(t, tryText(c, "secnd"))
		err := tryText(c, "third")
		require.ErrorIs(t, err, frame.Policy)
		require.ErrorContains(t, err, "too slow")
		require.Equal(t, err, tryText(c, "later"), "nothing is accepted any more")
		require.Equal(t, 1, overflows)
		p.receive()
		require.Equal(t, "too slow", p.expectClose(frame.Policy))
	})
}

func TestDisconnectGivesUpAPeerThatNeverReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		overflows := 0
		c, _ := against(t, conn.Server, full(conn.Disconnect, &overflows))
		stall(t, c)
		for tryText(c, "first") == nil {
		}
		start := time.Now()
		<-c.Context().Done()
		require.Equal(t, 5*second, time.Since(start))
		require.ErrorContains(t, c.Err(), "too slow")
	})
}

func TestAMessageLargerThanTheQueueGoesIntoAnEmptyOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, &conn.Options{Queue: conn.Queue{MaxBytes: 10}})
		require.NoError(t, c.TryWrite(conn.Binary, pattern(100_000)))
		p.expect(frame.Binary, string(pattern(100_000)))
	})
}

func TestWriteLatestReplacesWhatHasNotBeenSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		stall(t, c)
		for i := range 1000 {
			for _, key := range []string{"EUR", "USD"} {
				require.NoError(t, c.WriteLatest(key, conn.Text, fmt.Appendf(nil, "%s %d", key, i)))
			}
		}
		require.Less(t, c.Buffered(), 70<<10)
		require.EqualValues(t, 2*999, c.Stats().Dropped)
		p.receive()
		p.expect(frame.Text, "EUR 999")
		p.expect(frame.Text, "USD 999")
		synctest.Wait()
		require.NoError(t, c.WriteLatest("EUR", conn.Text, []byte("EUR 1000")))
		p.expect(frame.Text, "EUR 1000")
	})
}

func TestAStreamedMessageLetsControlFramesPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		go echo(c)
		w, err := c.Writer(background, conn.Text)
		require.NoError(t, err)
		_, err = io.WriteString(w, "part 1, ")
		require.NoError(t, err)
		require.NoError(t, w.Flush())
		queued := async(func() error { return c.WriteText(background, "waits its turn") })

		h, got := p.receive()
		require.Equal(t, frame.Header{Opcode: frame.Text, Length: 8}, h)
		require.Equal(t, "part 1, ", got)
		p.send(frame.Ping, true, "now")
		p.expect(frame.Pong, "now")

		n, err := w.ReadFrom(&slowly{[]string{"part 2, ", "part 3"}})
		require.NoError(t, err)
		require.EqualValues(t, 14, n)
		require.NoError(t, w.Close())
		require.NoError(t, w.Close(), "closing twice does no harm")
		_, err = w.Write(nil)
		require.Error(t, err)
		h, got = p.receive()
		require.Equal(t, frame.Header{Fin: true, Opcode: frame.Continuation, Length: 14}, h)
		require.Equal(t, "part 2, part 3", got)
		require.NoError(t, <-queued)
		p.expect(frame.Text, "waits its turn")
		require.EqualValues(t, 2, c.Stats().MessagesOut)
	})
}

// slowly is a reader that gives one piece at a time.
type slowly struct{ pieces []string }

func (s *slowly) Read(p []byte) (int, error) {
	if len(s.pieces) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.pieces[0])
	s.pieces = s.pieces[1:]
	return n, nil
}

func TestWritersTakeTurns(t *testing.T) {
	server, client := pair(t, nil, nil)
	const writers = 10
	for range writers {
		go func() {
			w, err := server.Writer(background, conn.Binary)
			if err != nil {
				return
			}
			defer w.Close()
			_, _ = w.Write(pattern(10_000))
			_, _ = w.Write(pattern(3))
		}()
		go server.Write(background, conn.Text, []byte("between"))
	}
	streamed := 0
	for range 2 * writers {
		m, err := client.Read(background)
		require.NoError(t, err)
		if m.Type == conn.Binary {
			require.Equal(t, append(pattern(10_000), pattern(3)...), m.Data)
			streamed++
		}
	}
	require.Equal(t, writers, streamed)
}

func TestAWriterThatDoesNotGetItsTurnGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		first, err := c.Writer(background, conn.Text)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(background, second)
		defer cancel()
		_, err = c.Writer(ctx, conn.Text)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		require.NoError(t, first.Abort(frame.Internal), "nothing has been sent of it")
		require.NoError(t, c.WriteText(background, "unharmed"))
		p.expect(frame.Text, "unharmed")
	})
}

func TestAnAbortedMessageIsNeverPassedOffAsWhole(t *testing.T) {
	for _, end := range []struct {
		name string
		code frame.Code
		do   func(*conn.Writer) error
	}{
		{"Abort", frame.TryAgainLater, func(w *conn.Writer) error { return w.Abort(frame.TryAgainLater) }},
		{"text that is not UTF-8", frame.Internal, func(w *conn.Writer) error {
			_, err := w.Write([]byte{0xff})
			if err == nil {
				return errors.New("accepted")
			}
			if w.Close() == nil {
				return errors.New("closed as if nothing had happened")
			}
			return nil
		}},
		{"text that ends within a character", frame.Internal, func(w *conn.Writer) error {
			_, err := w.Write([]byte{0xc3})
			if w.Close() == nil {
				return errors.New("closed as if nothing had happened")
			}
			return err
		}},
	} {
		t.Run(end.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, p := against(t, conn.Server, nil)
				w, err := c.Writer(background, conn.Text)
				require.NoError(t, err)
				_, _ = io.WriteString(w, "half")
				require.NoError(t, w.Flush())
				require.NoError(t, end.do(w))
				h, _ := p.receive()
				require.False(t, h.Fin)
				p.expectClose(end.code)
				require.ErrorIs(t, c.WriteText(background, "x"), end.code)
				time.Sleep(6 * second)
				require.Error(t, c.Err(), "the peer did not answer")
			})
		})
	}
}

func TestAWriteThatMakesNoProgressEndsTheConnection(t *testing.T) {
	for _, role := range []conn.Role{conn.Server, conn.Client} {
		synctest.Test(t, func(t *testing.T) {
			c, _ := against(t, role, &conn.Options{WriteTimeout: 8 * second, Keepalive: conn.Keepalive{Interval: -1}})
			start := time.Now()
			err := c.Write(background, conn.Binary, pattern(200_000))
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			require.ErrorContains(t, err, "took no bytes")
			took := time.Since(start)
			require.True(t, 8*second <= took && took <= 9*second, "took %v", took)
			ended(t, c.Err())
		})
	}
}

func TestASlowPeerThatMakesProgressIsPatientlyServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, &conn.Options{WriteTimeout: 2 * second, Keepalive: conn.Keepalive{Interval: -1}})
		slow := wstest.Slow(p.nc, 50_000)
		done := async(func() error {
			if err := c.Write(background, conn.Binary, pattern(1_000_000)); err != nil {
				return err
			}
			return c.Flush(background)
		})
		_, got, err := readFrame(slow)
		require.NoError(t, err)
		require.Len(t, got, 1_000_000)
		require.NoError(t, <-done)
	})
}

func TestFlushWaitsForTheTransport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		stall(t, c)
		ctx, cancel := context.WithTimeout(background, second)
		defer cancel()
		require.ErrorIs(t, c.Flush(ctx), context.DeadlineExceeded)
		flushed := async(func() error { return c.Flush(background) })
		p.receive()
		require.NoError(t, <-flushed)

		stall(t, c)
		flushed = async(func() error { return c.Flush(background) })
		synctest.Wait()
		require.NoError(t, c.CloseNow())
		ended(t, <-flushed)
	})
}

func TestACancelledContextSendsNothing(t *testing.T) {
	c, p := against(t, conn.Server, nil)
	ctx, cancel := context.WithCancel(background)
	cancel()
	require.ErrorIs(t, c.WriteText(ctx, "x"), context.Canceled)
	_, err := c.Writer(ctx, conn.Text)
	require.ErrorIs(t, err, context.Canceled)
	_, err = c.Read(ctx)
	require.EqualError(t, err, "websocket: read: context canceled")
	require.NoError(t, c.WriteText(background, "y"))
	p.expect(frame.Text, "y")
}

func TestPreparedMessagesAreSentToMany(t *testing.T) {
	p := conn.Prepare(conn.Text, []byte("to all"))
	for range 3 {
		server, client := pair(t, nil, nil)
		require.NoError(t, server.WritePrepared(background, p))
		require.NoError(t, server.TryWritePrepared(p))
		for range 2 {
			m, err := client.Read(background)
			require.NoError(t, err)
			require.Equal(t, "to all", string(m.Data))
		}
		require.NoError(t, client.WritePrepared(background, p))
		m, err := server.Read(background)
		require.NoError(t, err)
		require.Equal(t, "to all", string(m.Data))
	}
}
