package wstest_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/wstest"
)

func TestASlowReaderTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe(t, 64<<10)
		slow := wstest.Slow(b, 1000)
		a.Write(make([]byte, 5000))
		a.CloseWrite()
		start := time.Now()
		got, err := io.ReadAll(slow)
		require.NoError(t, err)
		require.Len(t, got, 5000)
		require.InDelta(t, 5, time.Since(start).Seconds(), 0.02)
	})
}

func TestASlowReaderPaysOneOctetAtATimeWhenTheRateIsLow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe(t, 100)
		slow := wstest.Slow(b, 2)
		a.Write([]byte("abc"))
		start := time.Now()
		_, err := io.ReadFull(slow, make([]byte, 3))
		require.NoError(t, err)
		require.Equal(t, time.Second, time.Since(start))
	})
}

func TestASlowReaderHonoursDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe(t, 100)
		slow := wstest.Slow(b, 1)
		a.Write([]byte("abc"))
		buf := make([]byte, 1)
		start := time.Now()
		slow.SetReadDeadline(start.Add(1500 * time.Millisecond))
		for range 2 {
			_, err := slow.Read(buf)
			require.NoError(t, err)
		}
		_, err := slow.Read(buf)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, 1500*time.Millisecond, time.Since(start))

		slow.SetDeadline(time.Time{})
		_, err = slow.Read(buf)
		require.NoError(t, err)
		require.Equal(t, "c", string(buf))
		require.Equal(t, 2*time.Second, time.Since(start))
	})
}

func TestAReaderAtRateZeroReadsNothingUntilClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe(t, 100)
		slow := wstest.Slow(b, 0)
		a.Write([]byte("abc"))
		failed := make(chan error, 1)
		go func() {
			_, err := slow.Read(make([]byte, 1))
			failed <- err
		}()
		synctest.Wait()
		require.Empty(t, failed)
		slow.Close()
		require.ErrorIs(t, <-failed, net.ErrClosed)
	})
}

func TestASlowConnClosesHalfWhereItCan(t *testing.T) {
	a, b := pipe(t, 100)
	type halfCloser interface{ CloseWrite() error }
	require.NoError(t, wstest.Slow(b, 1).(halfCloser).CloseWrite())
	_, err := a.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)

	whole, _ := net.Pipe()
	require.ErrorIs(t, wstest.Slow(whole, 1).(halfCloser).CloseWrite(), errors.ErrUnsupported)
}
