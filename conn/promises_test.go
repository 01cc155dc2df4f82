package conn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/wstest"
)

func TestTheCodeOfAReceivedCloseSurvivesAFailedAnswer(t *testing.T) {
	for range 50 {
		c, p := against(t, conn.Server, nil)
		p.close(4001, "bye")
		require.NoError(t, p.nc.Close()) // the answer meets EPIPE
		_, err := c.Read(background)
		e := ended(t, err)
		require.Equal(t, frame.Code(4001), e.Code)
		require.Equal(t, "bye", e.Reason)
		require.True(t, e.Remote)
		require.False(t, e.Clean)
	}
}

func TestAReadDuringCloseIsToldOfTheClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		closed := async(func() error { return c.Close(background, frame.GoingAway, "") })
		p.expectClose(frame.GoingAway)
		synctest.Wait()
		read := async(func() error { _, err := c.Read(background); return err })
		synctest.Wait()
		p.close(frame.GoingAway, "")
		require.NoError(t, p.nc.Close())
		require.NoError(t, <-closed)
		require.ErrorIs(t, <-read, net.ErrClosed)
	})
}

func TestMessagesEndsQuietlyWhenAnotherGoroutineCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		p.send(frame.Text, true, "one")
		var closed <-chan error
		for _, err := range c.Messages(background) {
			require.NoError(t, err)
			closed = async(func() error { return c.Close(background, frame.Normal, "") })
			synctest.Wait() // the body is still busy
			time.AfterFunc(second, func() {
				_, _ = p.nc.Write(p.wire(frame.Close, true, closePayload(frame.Normal, "")))
				_ = p.nc.Close()
			})
		}
		require.NoError(t, <-closed)
	})
}

func TestCloseTakesNoLongerThanItsContextThoughThePeerDoesNotHangUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Client, nil)
		go func() {
			p.expectClose(frame.Normal)
			p.close(frame.Normal, "")
		}()
		ctx, cancel := context.WithTimeout(background, second)
		defer cancel()
		start := time.Now()
		_ = c.Close(ctx, frame.Normal, "")
		require.LessOrEqual(t, time.Since(start), second)
	})
}

func TestCloseTakesNoLongerThanCloseTimeoutInAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Client, nil)
		go func() {
			p.expectClose(frame.Normal)
			time.Sleep(4 * second)
			p.close(frame.Normal, "")
		}()
		start := time.Now()
		_ = c.Close(background, frame.Normal, "")
		require.LessOrEqual(t, time.Since(start), 5*second)
	})
}

func TestCloseTakesNoLongerThanItsContextThoughThePeerDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		stall(t, c)
		p.close(frame.Normal, "") // but does not read
		ctx, cancel := context.WithTimeout(background, second)
		defer cancel()
		start := time.Now()
		_ = c.Close(ctx, frame.Normal, "")
		require.LessOrEqual(t, time.Since(start), second)
	})
}

func TestAnAbortWithAWrongCodeDoesNotBlockTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		w, err := c.Writer(background, conn.Text)
		require.NoError(t, err)
		_, _ = io.WriteString(w, "half")
		require.NoError(t, w.Flush())
		p.receive()
		require.Error(t, w.Abort(frame.Abnormal))
		// Either the Writer goes on, or the connection is over; but not neither.
		if w.Close() == nil && c.Err() == nil {
			ctx, cancel := context.WithTimeout(background, 10*second)
			defer cancel()
			_ = c.WriteText(ctx, "next")
			err := c.Flush(ctx)
			require.NotErrorIs(t, err, context.DeadlineExceeded, "stuck behind a Writer that is gone")
		}
	})
}

func TestAReaderThatIsBeingSkippedHasNoHole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		p.send(frame.Text, false, "one two")
		_, r, err := c.Reader(background)
		require.NoError(t, err)
		b := make([]byte, 100)
		n, err := r.Read(b[:4])
		require.NoError(t, err)
		require.Equal(t, "one ", string(b[:n]))
		ctx, cancel := context.WithTimeout(background, second)
		defer cancel()
		_, err = c.Read(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		p.send(frame.Continuation, true, " three")
		n, err = r.Read(b)
		require.True(t, err != nil || string(b[:n]) == "two", "got %q, %v: part of the message is missing", b[:n], err)
	})
}

func TestWriteLatestKeepsTheBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const bound = 100 << 10
		c, _ := against(t, conn.Server, &conn.Options{Queue: conn.Queue{MaxBytes: bound}})
		stall(t, c)
		for i := range 10 {
			require.NoError(t, c.WriteLatest(fmt.Sprint(i), conn.Binary, nil))
		}
		for i := range 10 {
			_ = c.WriteLatest(fmt.Sprint(i), conn.Binary, pattern(90<<10))
		}
		require.LessOrEqual(t, c.Buffered(), bound+100<<10)
	})
}

func TestTraceMessageIsCalledOncePerMessage(t *testing.T) {
	var sizes []int
	c, p := against(t, conn.Server, &conn.Options{Trace: &conn.Trace{Message: func(_ *conn.Conn, sent bool, _ conn.Type, size int) {
		sizes = append(sizes, size)
	}}})
	w, err := c.Writer(background, conn.Text)
	require.NoError(t, err)
	for range 3 {
		_, _ = io.WriteString(w, "abc")
		_ = w.Flush()
		p.receive()
	}
	require.NoError(t, w.Close())
	p.receive()
	require.Equal(t, []int{9}, sizes)
}

type ctxWithErr struct {
	context.Context
	err func() error
}

func (c ctxWithErr) Err() error { return c.err() }

func TestDisconnectAtTheEndIsNotANilCloseError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := against(t, conn.Server, &conn.Options{Queue: conn.Queue{MaxBytes: 10, OnFull: conn.Disconnect}})
		stall(t, c)
		require.NoError(t, c.TryWrite(conn.Text, nil))
		ctx := ctxWithErr{background, func() error {
			go c.CloseNow()
			for c.Err() == nil {
				runtime.Gosched()
			}
			return nil
		}}
		err := c.Write(ctx, conn.Text, pattern(100))
		require.Error(t, err)
		require.NotPanics(t, func() { _ = err.Error() })
	})
}

type countingCtx struct {
	context.Context
	onDone  func()
	watches atomic.Int32
}

func (c *countingCtx) Done() <-chan struct{} {
	if c.onDone != nil {
		c.onDone()
	}
	return c.Context.Done()
}
func (c *countingCtx) Value(any) any { return nil }
func (c *countingCtx) AfterFunc(f func()) func() bool {
	c.watches.Add(1)
	return func() bool { c.watches.Add(-1); return true }
}

func TestAnEndLeavesNoWatchOnAContext(t *testing.T) {
	c, _ := against(t, conn.Server, nil)
	inner, cancel := context.WithCancel(background)
	defer cancel()
	ctx := &countingCtx{Context: inner}
	ctx.onDone = func() { _ = c.CloseNow() } // between the look at Err and the watch
	_, err := c.Read(ctx)
	require.Error(t, err)
	require.Zero(t, ctx.watches.Load())
}

type stickyTimeout struct {
	conn.Transport
	reads atomic.Int32
}

func (s *stickyTimeout) Read([]byte) (int, error) {
	if s.reads.Add(1) > 1000 {
		select {}
	}
	return 0, &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}
}

func TestATransportThatTimesOutByItselfEndsTheConnection(t *testing.T) {
	a, _ := wstest.NetPipe()
	s := &stickyTimeout{Transport: a}
	c, err := conn.New(s, conn.Server, conn.Agreement{}, nil)
	require.NoError(t, err)
	done := async(func() error { _, err := c.Read(background); return err })
	select {
	case err := <-done:
		ended(t, err)
	case <-time.After(second):
		t.Fatalf("still reading after %d time-outs", s.reads.Load())
	}
}

func TestFlushWaitsOnlyForWhatWasWrittenBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, &conn.Options{Keepalive: conn.Keepalive{Interval: -1}})
		stall(t, c)
		require.NoError(t, c.TryWrite(conn.Binary, pattern(70<<10)))
		flushed := async(func() error { return c.Flush(background) })
		synctest.Wait()
		for range 20 {
			require.NoError(t, c.TryWrite(conn.Binary, pattern(70<<10)))
			p.receive()
			synctest.Wait()
			select {
			case err := <-flushed:
				require.NoError(t, err)
				return
			default:
			}
		}
		t.Fatal("Flush waits for messages written after it was called")
	})
}

func TestAnswersToOwnPingsAreNoFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := pair(t, nil, &conn.Options{Limits: conn.Limits{MaxControlRate: -1}})
		go echo(client)
		go echo(server)
		for range 300 {
			_, err := server.Ping(background)
			require.NoError(t, err)
		}
	})
}

type tlsLike struct {
	net.Conn
	writing chan struct{} // a lock as that of a TLS connection
}

func (c *tlsLike) Write(b []byte) (int, error) {
	c.writing <- struct{}{}
	defer func() { <-c.writing }()
	return c.Conn.Write(b)
}
func (c *tlsLike) CloseWrite() error {
	c.writing <- struct{}{}
	defer func() { <-c.writing }()
	return nil
}

func TestAHalfCloseDoesNotWaitForABlockedWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := wstest.NetPipe()
		c, err := conn.New(&tlsLike{a, make(chan struct{}, 1)}, conn.Server, conn.Agreement{}, nil)
		require.NoError(t, err)
		p := &peer{t: t, nc: b, masked: true}
		stall(t, c)
		p.close(frame.Normal, "")
		start := time.Now()
		_, err = c.Read(background)
		ended(t, err)
		require.LessOrEqual(t, time.Since(start), 7*second)
	})
}

func TestAStreamThatWasClosedInAMessageIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		s := c.Stream(conn.Binary)
		p.send(frame.Binary, false, "half")
		_, err := s.Read(make([]byte, 1))
		require.NoError(t, err)
		go func() { p.expectClose(frame.Normal); p.close(frame.Normal, ""); p.nc.Close() }()
		require.NoError(t, s.Close())
		_, err = s.Read(make([]byte, 1))
		require.True(t, errors.Is(err, net.ErrClosed) || err == io.EOF, "%v", err)
	})
}

func TestAMessageWhoseSourceFailsIsNotPassedOffAsWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		w, err := c.Writer(background, conn.Text)
		require.NoError(t, err)
		_, err = io.Copy(w, io.MultiReader(&slowly{[]string{"half"}}, broken{}))
		require.Error(t, err)
		_ = w.Close()
		go c.Close(background, frame.Normal, "")
		h, got := p.receive()
		require.False(t, h.Fin && h.Opcode == frame.Text, "%q was sent as a whole message", got)
	})
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("disk on fire") }

func TestAPastReadDeadlineHoldsThoughMessagesAreBuffered(t *testing.T) {
	c, p := against(t, conn.Server, nil)
	p.sendBytes(append(p.wire(frame.Text, true, "one"), p.wire(frame.Text, true, "two")...))
	_, err := c.Read(background)
	require.NoError(t, err)
	require.NoError(t, c.SetReadDeadline(time.Unix(1, 0)))
	_, err = c.Read(background)
	require.Equal(t, os.ErrDeadlineExceeded, err)
}

func TestFlushTellsThatWhatWaitedWasDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, &conn.Options{Queue: conn.Queue{MaxBytes: 100, OnFull: conn.Disconnect}})
		stall(t, c)
		require.NoError(t, c.TryWrite(conn.Text, []byte("waits")))
		flushed := async(func() error { return c.Flush(background) })
		synctest.Wait()
		require.Error(t, c.TryWrite(conn.Text, pattern(100)))
		p.receive()
		p.expectClose(frame.Policy)
		require.Error(t, <-flushed)
	})
}

func TestAVeryLongWriteTimeoutIsNotNone(t *testing.T) {
	c, p := against(t, conn.Server, &conn.Options{WriteTimeout: 1<<63 - 1})
	require.NoError(t, c.WriteText(background, "x"))
	p.expect(frame.Text, "x")
}

func TestAnEmptyReadOfAStreamDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := against(t, conn.Server, nil)
		done := async(func() error { _, err := c.Stream(conn.Binary).Read(nil); return err })
		synctest.Wait()
		select {
		case err := <-done:
			require.NoError(t, err)
		default:
			c.CloseNow()
			t.Fatal("waits")
		}
	})
}

func TestDropOldestDropsWholeMessagesAroundATurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := against(t, conn.Server, &conn.Options{Queue: conn.Queue{MaxBytes: 200, OnFull: conn.DropOldest}})
		w, err := c.Writer(background, conn.Binary)
		require.NoError(t, err)
		defer w.Abort(frame.Internal)
		for range 4 {
			go c.Writer(background, conn.Text) // wait for their turn
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(background, second)
		defer cancel()
		require.NoError(t, c.Write(ctx, conn.Text, []byte("new")), "DropOldest does not wait")
		c.CloseNow()
	})
}

func TestAnEmptyMessageLeavesTheCallersMemoryAlone(t *testing.T) {
	c, p := against(t, conn.Server, nil)
	go io.Copy(io.Discard, p.nc)
	for _, size := range []int{512, 4 << 10, 16 << 10, 64 << 10} {
		mine := make([]byte, size)
		for range 200 {
			require.NoError(t, c.TryWrite(conn.Binary, mine[:0]))
			require.NoError(t, c.Flush(background))
			require.NoError(t, c.TryWrite(conn.Binary, pattern(size)))
			require.NoError(t, c.Flush(background))
		}
		require.True(t, bytes.Equal(make([]byte, size), mine), "%x", mine[:10])
	}
}

func TestAWriterThatGaveUpItsTurnLeavesAQueueThatCanBeCleared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		go io.Copy(io.Discard, p.nc)
		first, err := c.Writer(background, conn.Text)
		require.NoError(t, err)
		var next *conn.Writer
		done := async(func() (err error) { next, err = c.Writer(background, conn.Text); return })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(background, second)
		defer cancel()
		third := async(func() error { _, err := c.Writer(ctx, conn.Text); return err })
		synctest.Wait()
		require.NoError(t, first.Close())
		require.NoError(t, <-done)
		require.ErrorIs(t, <-third, context.DeadlineExceeded)
		_, _ = io.WriteString(next, "half")
		require.NoError(t, next.Flush())
		require.NotPanics(t, func() { _ = next.Abort(frame.Internal) })
	})
}

func TestFlushOfTheOneWhoHoldsTheStreamDoesNotWaitForThoseBehindIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := against(t, conn.Server, nil)
		w, err := c.Writer(background, conn.Text)
		require.NoError(t, err)
		go c.Writer(background, conn.Text) // waits for its turn
		synctest.Wait()
		require.NoError(t, c.Flush(background))
		require.NoError(t, w.Abort(frame.Internal))
	})
}

func TestFlushIsToldThatAWriteIsDoneThoughMoreWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		through := async(func() error { return c.Write(background, conn.Binary, pattern(100_000)) })
		synctest.Wait()
		flushed := async(func() error { return c.Flush(background) })
		synctest.Wait()
		require.NoError(t, c.TryWrite(conn.Binary, pattern(100_000))) // which fills the transport again
		p.receive()
		require.NoError(t, <-through)
		require.NoError(t, <-flushed)
	})
}

func TestPingsOfAStalledTransportDoNotPileUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := against(t, conn.Server, nil)
		stall(t, c)
		ctx, cancel := context.WithTimeout(background, second)
		defer cancel()
		for range 1000 {
			go c.Ping(ctx)
		}
		synctest.Wait()
		_, err := c.Ping(ctx)
		require.Equal(t, conn.ErrQueueFull, err)
	})
}

func TestNothingFollowsTheCloseFrameWhenATurnWaits(t *testing.T) {
	for round := range 40 {
		a, b := wstest.NetPipeSize(4 << 10)
		c, err := conn.New(a, conn.Server, conn.Agreement{}, &conn.Options{CloseTimeout: 100 * time.Millisecond, Queue: conn.Queue{MaxBytes: 8 << 20}})
		require.NoError(t, err)
		p := &peer{t: t, nc: b, masked: true}
		big := pattern(17 << 10)
		_ = c.TryWrite(conn.Binary, big)
		const n = 30
		for range n {
			go func() {
				if w, err := c.Writer(background, conn.Text); err == nil {
					w.Close()
				}
			}()
			for range 20 {
				runtime.Gosched() // the Writer should be waiting for its turn
			}
			_ = c.TryWrite(conn.Binary, big)
		}
		at := rand.IntN(n * 17 << 10)
		var d frame.Decoder
		closed := false
		total := 0
		buf := make([]byte, 4<<10)
		for {
			n, err := p.nc.Read(buf)
			if total <= at && total+n > at {
				go c.Close(background, frame.Normal, "")
			}
			total += n
			in := buf[:n]
			for len(in) > 0 {
				ev, used, err := d.Next(in)
				require.NoError(t, err, "round %d, after the Close frame: %t: %q", round, closed, clip(string(in)))
				in = in[used:]
				closed = closed || ev.Done && ev.Header.Opcode == frame.Close
			}
			if err != nil {
				break
			}
			if closed {
				_, _ = p.nc.Write(p.wire(frame.Close, true, ""))
				_ = p.nc.(interface{ CloseWrite() error }).CloseWrite()
			}
		}
		c.CloseNow()
		_ = p.nc.Close()
	}
}
