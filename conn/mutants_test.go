package conn_test

import (
	"context"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
)

// interruptible returns a context that can end, so that writes take the queue.
func interruptible(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(background)
	t.Cleanup(cancel)
	return ctx
}

func TestFragmentsAreNeitherDroppedNorKeptOutByAFullQueue(t *testing.T) {
	for _, policy := range []conn.FullPolicy{conn.Block, conn.DropNewest, conn.DropOldest, conn.Disconnect} {
		synctest.Test(t, func(t *testing.T) {
			c, p := against(t, conn.Server, &conn.Options{Queue: conn.Queue{MaxBytes: 100, OnFull: policy}})
			w, err := c.Writer(interruptible(t), conn.Binary)
			require.NoError(t, err)
			require.NoError(t, c.TryWrite(conn.Text, []byte(strings.Repeat("x", 36)))) // fills the queue behind the stream
			sent := async(func() error {
				for range 50 {
					if _, err := w.Write(pattern(5000)); err != nil {
						return err
					}
				}
				return w.Close()
			})
			synctest.Wait()
			total := 0
			for fin := false; !fin; {
				h, payload := p.receive()
				total += len(payload)
				fin = h.Fin
			}
			require.NoError(t, <-sent)
			require.Equal(t, 50*5000, total)
			p.expect(frame.Text, strings.Repeat("x", 36))
		})
	}
}

func TestTheEndWakesAWriterThatWaitsForItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := against(t, conn.Server, nil)
		_, err := c.Writer(background, conn.Text)
		require.NoError(t, err)
		second := async(func() error { _, err := c.Writer(background, conn.Text); return err })
		synctest.Wait()
		require.NoError(t, c.CloseNow())
		ended(t, <-second)
	})
}

func TestAWriteGetsItsRoomBeforeTheQueueIsEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, &conn.Options{Queue: conn.Queue{MaxBytes: 300 << 10}})
		stall(t, c)
		for range 3 {
			require.NoError(t, c.TryWrite(conn.Binary, pattern(70<<10)))
		}
		waiting := async(func() error { return c.Write(background, conn.Binary, pattern(70<<10)) })
		synctest.Wait()
		require.Empty(t, waiting)
		p.receive()
		p.receive()
		synctest.Wait()
		require.Len(t, waiting, 1, "two messages have left, two wait")
		require.NoError(t, <-waiting)
	})
}

func TestCloseWakesAWriteThatWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := against(t, conn.Server, &conn.Options{Queue: conn.Queue{MaxBytes: 10}})
		stall(t, c)
		require.NoError(t, c.TryWrite(conn.Text, nil))
		waiting := async(func() error { return c.WriteText(background, "x") })
		synctest.Wait()
		go c.Close(background, frame.GoingAway, "")
		synctest.Wait()
		require.Len(t, waiting, 1, "the transport is stalled, but the Write can only fail")
		require.ErrorIs(t, <-waiting, frame.GoingAway)
	})
}

func TestTheCloseFrameComesBehindALargeMessageNotIntoIt(t *testing.T) {
	for _, role := range []conn.Role{conn.Server, conn.Client} {
		synctest.Test(t, func(t *testing.T) {
			c, p := against(t, role, nil)
			stall(t, c)
			require.NoError(t, c.TryWrite(conn.Binary, pattern(100_000)))
			go c.Close(background, frame.Normal, "")
			synctest.Wait()
			p.expect(frame.Binary, string(pattern(65<<10)))
			p.expect(frame.Binary, string(pattern(100_000)))
			p.expectClose(frame.Normal)
		})
	}
}

func TestAValueThatWasDroppedIsNotReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &conn.Options{Queue: conn.Queue{MaxBytes: 65<<10 + 64 + 2*(64+5), OnFull: conn.DropOldest}}
		c, p := against(t, conn.Server, o)
		stall(t, c)
		require.NoError(t, c.WriteLatest("k", conn.Text, []byte("old 1")))
		require.NoError(t, c.TryWrite(conn.Text, []byte("first")))
		require.NoError(t, c.TryWrite(conn.Text, []byte("secnd"))) // drops the value
		require.NoError(t, c.WriteLatest("k", conn.Text, []byte("new 2")))
		p.receive()
		p.expect(frame.Text, "secnd")
		p.expect(frame.Text, "new 2")
	})
}

func TestAReplacedValueIsChargedWhatItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		stall(t, c)
		before := c.Buffered()
		require.NoError(t, c.WriteLatest("k", conn.Binary, pattern(10)))
		require.NoError(t, c.WriteLatest("k", conn.Binary, pattern(1000)))
		require.Equal(t, before+64+1000, c.Buffered())
		require.NoError(t, c.WriteLatest("k", conn.Binary, pattern(1)))
		require.Equal(t, before+64+1, c.Buffered())
		p.receive()
		p.expect(frame.Binary, string(pattern(1)))
		synctest.Wait()
		require.Zero(t, c.Buffered())
	})
}

func TestDropOldestLeavesAWriterItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, &conn.Options{Queue: conn.Queue{MaxBytes: 3 * (64 + 5), OnFull: conn.DropOldest}})
		first, err := c.Writer(background, conn.Text)
		require.NoError(t, err)
		second := async(func() error {
			w, err := c.Writer(background, conn.Text)
			if err != nil {
				return err
			}
			_, _ = io.WriteString(w, "streamed")
			return w.Close()
		})
		synctest.Wait()
		for _, s := range []string{"one", "two", "three", "four", "five", "six"} {
			require.NoError(t, c.TryWrite(conn.Text, []byte(s)))
		}
		require.NoError(t, first.Close())
		p.expect(frame.Text, "")
		p.expect(frame.Text, "streamed")
		require.NoError(t, <-second)
	})
}

func TestAnInterruptedReadKeepsNothingOfTheCallersBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		buf := make([]byte, 0, 100)
		p.send(frame.Text, false, "half ")
		ctx, cancel := context.WithTimeout(background, second)
		defer cancel()
		_, _, err := c.ReadInto(ctx, buf)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		copy(buf[:cap(buf)], strings.Repeat("?", cap(buf)))
		p.send(frame.Continuation, true, "whole")
		m, err := c.Read(background)
		require.NoError(t, err)
		require.Equal(t, "half whole", string(m.Data))
	})
}

func TestWhatAReaderHasLeftIsNobodyElses(t *testing.T) {
	one, p := against(t, conn.Server, nil)
	two, q := against(t, conn.Server, nil)
	for range 50 {
		p.send(frame.Text, true, "mine and mine alone")
		_, r, err := one.Reader(background)
		require.NoError(t, err)
		b := make([]byte, 5)
		_, err = io.ReadFull(r, b)
		require.NoError(t, err)

		q.send(frame.Text, true, strings.Repeat("?", 100))
		_, err = two.Read(background)
		require.NoError(t, err)
		rest, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, "mine and mine alone", string(b)+string(rest))
	}
}

func TestFragmentsAreCountedForEachMessage(t *testing.T) {
	c, p := against(t, conn.Server, &conn.Options{Limits: conn.Limits{MaxFragments: 2}})
	for range 5 {
		p.send(frame.Text, false, "a")
		p.send(frame.Continuation, true, "b")
		m, err := c.Read(background)
		require.NoError(t, err)
		require.Equal(t, "ab", string(m.Data))
	}
}

func TestAPongThatComesAgainAndAgainIsUnsolicited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Client, nil)
		pinged := async(func() error { _, err := c.Ping(background); return err })
		_, payload := p.receive()
		for range 5 {
			p.send(frame.Pong, true, payload)
		}
		p.send(frame.Text, true, "the reader goes on")
		m, err := c.Read(background)
		require.NoError(t, err)
		require.Equal(t, "the reader goes on", string(m.Data))
		require.NoError(t, <-pinged)
	})
}

// watched counts who waits for its end.
type watched struct {
	context.Context
	by atomic.Int32
}

func (w *watched) Value(any) any { return nil } // or context would look behind it

func (w *watched) AfterFunc(func()) func() bool {
	w.by.Add(1)
	return func() bool { w.by.Add(-1); return true }
}

func TestAConnectionWatchesOneContextAtATime(t *testing.T) {
	c, p := against(t, conn.Server, nil)
	one, two := &watched{Context: interruptible(t)}, &watched{Context: interruptible(t)}
	for range 3 {
		for _, ctx := range []*watched{one, two, two} {
			p.send(frame.Text, true, "x")
			_, err := c.Read(ctx)
			require.NoError(t, err)
			require.EqualValues(t, 1, one.by.Load()+two.by.Load())
		}
	}
	require.NoError(t, c.CloseNow())
	require.Zero(t, one.by.Load()+two.by.Load())
}

func TestCloseSendsWhatWaitsBehindAStreamThatIsFinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		stall(t, c)
		p.receive()
		w, err := c.Writer(interruptible(t), conn.Binary)
		require.NoError(t, err)
		_, err = w.Write(pattern(70 << 10)) // stalls
		require.NoError(t, err)
		require.NoError(t, w.Close())
		require.NoError(t, c.TryWrite(conn.Text, []byte("admitted")))
		synctest.Wait()
		go c.Close(background, frame.Normal, "")
		synctest.Wait()
		p.receive()
		h, _ := p.receive()
		require.True(t, h.Fin)
		p.expect(frame.Text, "admitted")
		p.expectClose(frame.Normal)
	})
}

func TestKeepaliveGivesAReadThatHasJustBegunTimeToFindSomething(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		time.Sleep(49 * second) // the ping went out after 30
		reading := async(func() error { _, err := c.Read(background); return err })
		time.Sleep(2 * second) // the look was after 50
		p.send(frame.Text, true, "here I am")
		require.NoError(t, <-reading)
		require.NoError(t, c.Err())
	})
}
