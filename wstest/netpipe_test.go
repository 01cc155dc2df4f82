package wstest_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/nettest"

	"github.com/bellwire/bellwire/wstest"
)

type pipeEnd interface {
	net.Conn
	CloseWrite() error
	Reset() error
}

func pipe(t *testing.T, size int) (a, b pipeEnd) {
	x, y := wstest.NetPipeSize(size)
	a, b = x.(pipeEnd), y.(pipeEnd)
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

func TestNetPipeIsANetConn(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		c1, c2 = wstest.NetPipe()
		return c1, c2, func() { c1.Close(); c2.Close() }, nil
	})
}

func TestNetPipeCarriesOctetsInOrderWhateverTheSizes(t *testing.T) {
	for _, size := range []int{-1, 1, 2, 511, 513, 64 << 10} {
		a, b := pipe(t, size)
		sent := make([]byte, min(200_000, 10_000*max(size, 1)))
		for i := range sent {
			sent[i] = byte(i * 7 >> 3)
		}
		go func() {
			for rest := sent; len(rest) > 0; {
				n, err := a.Write(rest[:min(len(rest), 1+rand.IntN(3000))])
				if err != nil {
					t.Error(err)
					break
				}
				rest = rest[n:]
			}
			a.CloseWrite()
		}()
		got, err := io.ReadAll(b)
		require.NoError(t, err)
		require.True(t, bytes.Equal(sent, got), "size %d", size)
	}
}

func TestNetPipePassesIotest(t *testing.T) {
	a, b := pipe(t, 1<<10)
	text := bytes.Repeat([]byte("bellwire"), 1000)
	go func() {
		a.Write(text)
		a.Close()
	}()
	require.NoError(t, iotest.TestReader(b, text))
}

func TestWritesBlockOnlyWhenTheBufferIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe(t, 10)
		_, err := a.Write(make([]byte, 10))
		require.NoError(t, err)

		done := false
		go func() {
			a.Write([]byte("x"))
			done = true
		}()
		synctest.Wait()
		require.False(t, done)
		b.Read(make([]byte, 1))
		synctest.Wait()
		require.True(t, done)
	})
}

func TestConcurrentWritesAreNotInterleaved(t *testing.T) {
	a, b := pipe(t, 7)
	var wg sync.WaitGroup
	for _, c := range []string{"aaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbb", "cccccccccccccccccccc"} {
		wg.Go(func() { a.Write([]byte(c)) })
	}
	buf := make([]byte, 20)
	for range 3 {
		_, err := io.ReadFull(b, buf)
		require.NoError(t, err)
		require.Equal(t, bytes.Repeat(buf[:1], 20), buf)
	}
	wg.Wait()
}

func TestDeadlinesPassExactlyAndCanBeMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe(t, 4)
		start := time.Now()
		a.SetReadDeadline(start.Add(3 * time.Second))
		_, err := a.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, 3*time.Second, time.Since(start))

		a.SetWriteDeadline(start.Add(5 * time.Second))
		n, err := a.Write([]byte("123456"))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, 4, n, "octets that fit are sent")
		require.Equal(t, 5*time.Second, time.Since(start))

		// Moved while a Read is blocked: first later, then into the past.
		a.SetReadDeadline(start.Add(7 * time.Second))
		go func() {
			time.Sleep(time.Second)
			a.SetReadDeadline(start.Add(time.Hour))
			time.Sleep(2 * time.Second)
			a.SetReadDeadline(time.Unix(1, 0))
		}()
		_, err = a.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, 8*time.Second, time.Since(start))

		a.SetDeadline(time.Time{})
		b.Write([]byte("back"))
		got := make([]byte, 4)
		_, err = io.ReadFull(a, got)
		require.NoError(t, err)
		require.Equal(t, "back", string(got))
	})
}

func TestWritersWaitingForTheirTurnHonourTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := pipe(t, 1)
		a.SetWriteDeadline(time.Now().Add(time.Second))
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				_, err := a.Write([]byte("xx"))
				if !os.IsTimeout(err) {
					t.Errorf("got %v, want a timeout", err)
				}
			})
		}
		wg.Wait()
	})
}

func TestCloseWriteHalfCloses(t *testing.T) {
	a, b := pipe(t, 100)
	a.Write([]byte("last"))
	require.NoError(t, a.CloseWrite())
	got, err := io.ReadAll(b)
	require.NoError(t, err)
	require.Equal(t, "last", string(got))
	_, err = a.Write([]byte("more"))
	require.ErrorIs(t, err, syscall.EPIPE)

	_, err = b.Write([]byte("answer"))
	require.NoError(t, err)
	b.Close()
	got, err = io.ReadAll(a)
	require.NoError(t, err)
	require.Equal(t, "answer", string(got))
}

func TestCloseLeavesTheOtherEndItsBufferedOctets(t *testing.T) {
	a, b := pipe(t, 100)
	a.Write([]byte("last"))
	b.Write([]byte("lost"))
	require.NoError(t, a.Close())
	require.NoError(t, a.Close())
	got, err := io.ReadAll(b)
	require.NoError(t, err)
	require.Equal(t, "last", string(got))
	_, err = b.Write([]byte("x"))
	require.ErrorIs(t, err, syscall.EPIPE)

	_, err = a.Read(make([]byte, 1))
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = a.Write([]byte("x"))
	require.ErrorIs(t, err, net.ErrClosed)
	require.ErrorIs(t, a.SetDeadline(time.Now()), net.ErrClosed)
	require.ErrorIs(t, a.SetWriteDeadline(time.Now()), net.ErrClosed)
	b.Close()
	_, err = b.Read(make([]byte, 1))
	require.ErrorIs(t, err, net.ErrClosed, "the own Close outweighs the other end's")
}

func TestBlockedCallsWakeOnClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			name        string
			end         func(a, b pipeEnd)
			read, write error
		}{
			{"own close", func(a, b pipeEnd) { a.Close() }, net.ErrClosed, net.ErrClosed},
			{"peer's close", func(a, b pipeEnd) { b.Close() }, io.EOF, syscall.EPIPE},
			{"reset", func(a, b pipeEnd) { b.Reset() }, syscall.ECONNRESET, syscall.ECONNRESET},
		} {
			a, b := pipe(t, 1)
			var wg sync.WaitGroup
			wg.Go(func() {
				if _, err := a.Read(make([]byte, 1)); err != nil {
					require.ErrorIs(t, err, test.read, test.name)
				}
			})
			for range 2 {
				wg.Go(func() {
					_, err := a.Write([]byte("two"))
					require.ErrorIs(t, err, test.write, test.name)
				})
			}
			synctest.Wait()
			test.end(a, b)
			wg.Wait()
		}
	})
}

func TestResetLosesWhatWasBuffered(t *testing.T) {
	a, b := pipe(t, 100)
	a.Write([]byte("lost"))
	require.NoError(t, a.Reset())
	for _, end := range []net.Conn{a, b} {
		_, err := end.Read(make([]byte, 1))
		require.ErrorIs(t, err, syscall.ECONNRESET)
		_, err = end.Write([]byte("x"))
		require.ErrorIs(t, err, syscall.ECONNRESET)
	}
}

func TestNetPipeEndsArePipes(t *testing.T) {
	a, _ := pipe(t, 1)
	require.Equal(t, "pipe", a.LocalAddr().String())
	require.Equal(t, "pipe", a.RemoteAddr().Network())
	n, err := a.Read(nil)
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestNetPipeDoesNotAllocateOnceWarm(t *testing.T) {
	a, b := pipe(t, 64<<10)
	buf := make([]byte, 2000)
	roundTrip := func() {
		a.SetDeadline(time.Now().Add(time.Hour))
		a.Write(buf)
		b.Read(buf)
	}
	roundTrip()
	require.Zero(t, testing.AllocsPerRun(100, roundTrip))
}
