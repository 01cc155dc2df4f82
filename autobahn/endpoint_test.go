package autobahn

import (
	"context"
	"encoding/hex"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/wstest"
)

// against plays a case, as a client, with a server that is a function, and
// says how long it took.
func against(t *testing.T, id string, server func(nc net.Conn)) (r Result, took time.Duration) {
	t.Helper()
	cases, err := Select(id, "")
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := wstest.NetPipe()
		start := time.Now()
		go func() {
			server(theirs)
			_ = theirs.Close()
		}()
		r = conduct(context.Background(), newEndpoint(ours, true), cases[0], nil, nil)
		took = time.Since(start)
	})
	return r, took
}

// says sends octets and then listens until TCP is over, which it leaves to the
// tester.
func says(octets string) func(net.Conn) {
	return func(nc net.Conn) {
		b, err := hex.DecodeString(strings.ReplaceAll(octets, " ", ""))
		if err != nil {
			panic(err)
		}
		_, _ = nc.Write(b)
		_, _ = io.Copy(io.Discard, nc)
	}
}

func TestHowConnectionsEnd(t *testing.T) {
	const second = time.Second
	for _, row := range []struct {
		name, id, says string
		behavior, end  Verdict
		took           time.Duration
	}{
		// The tester closes first: after the timer, or when all is there.
		{"silence where an echo is due", "1.1.1", "", Failed, Unclean, 2 * second},
		{"silence where a pong is due", "2.1", "", Failed, Unclean, 2 * second},
		{"silence where nothing is due", "2.5", "", OK, Failed, 2 * second},
		{"an echo, and silence", "1.1.1", "8100", OK, Unclean, second},
		{"no end of TCP", "1.1.6", "8800", Failed, Failed, 10 * second},
		{"an answer without a code", "2.1", "8a00 8800", OK, Unclean, second},
		{"an answer with another code", "2.1", "8a00 880203e9", OK, Unclean, second},
		// The server closes first, and leaves TCP to the tester.
		{"a Close of one octet", "2.5", "880161", OK, Failed, second},
		{"a Close in place of a pong, and a timer that closes", "2.1", "8800", Failed, Failed, 11 * second},
		{"a Close as wanted, and a timer that kills", "2.5", "880203ea", OK, FailedByClient, second},
		{"a wrong code", "2.5", "880203e8", OK, WrongCode, second},
		{"a code that must not be sent", "2.5", "880203e7", OK, Failed, second},
		{"an echo of another length", "9.8.2", "8201fe", Failed, Unclean, second},
		{"an echo of another type", "9.8.1", "8100", Failed, Unclean, second},
		{"an echo too few", "9.8.1", "8200", Failed, Unclean, 61 * second},
		// What comes behind a failure does not count, but pongs do.
		{"a good echo behind a bad frame", "1.1.1", "c100 8100 880203ea", Failed, WrongCode, second},
		{"a bad Close behind a good one", "7.3.1", "8800 880203e7", OK, Unclean, 0},
		{"an echo behind a Close", "7.1.4", "8800 810c48656c6c6f20576f726c6421", Failed, FailedByClient, second},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, took := against(t, row.id, says(row.says))
			require.Equal(t, row.behavior, r.Behavior)
			require.Equal(t, row.end, r.BehaviorClose)
			require.Equal(t, row.took, took.Round(10*time.Millisecond))
		})
	}
}

func TestPingsAreAnsweredUntilThereIsAClose(t *testing.T) {
	var got []byte
	r, _ := against(t, "1.1.1", func(nc net.Conn) {
		head := make([]byte, 6) // the empty text message
		_, _ = io.ReadFull(nc, head)
		_, _ = nc.Write([]byte("\x89\x02hi\x81\x00")) // the tester closes after the echo
		synctest.Wait()
		_, _ = nc.Write([]byte("\x89\x02ho\x88\x02\x03\xe8"))
		synctest.Wait()
		_ = nc.(interface{ CloseWrite() error }).CloseWrite()
		got, _ = io.ReadAll(nc)
	})
	require.Equal(t, OK, r.Behavior)
	require.Equal(t, OK, r.BehaviorClose)
	n := &naive{server: true, in: got}
	var ops []byte
	for h, ok := parseHeader(n.in); ok; h, ok = parseHeader(n.in) {
		n.in = n.in[h.spent:]
		_, _ = n.payload(h)
		ops = append(ops, h.opcode)
	}
	require.Equal(t, []byte{opPong, opClose}, ops)
}

// A tally is a connection that notes how long each write is.
type tally struct {
	net.Conn
	sizes chan int
}

func (c tally) Write(p []byte) (int, error) {
	c.sizes <- len(p)
	return c.Conn.Write(p)
}

func TestFramesLeaveAsTheCaseSays(t *testing.T) {
	const answer, frame = 16, 6 + 9 // an HTTP head; header, key, "fragmentN"
	written := func(id string) (sizes []int) {
		cases, err := Select(id, "")
		require.NoError(t, err)
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := wstest.NetPipe()
			go func() {
				_, _ = io.ReadFull(theirs, make([]byte, answer))
				(&naive{nc: theirs, server: true}).serve()
			}()
			c := tally{ours, make(chan int, 1000)}
			e := newEndpoint(c, true)
			e.tx.put([]byte("HTTP/1.1 101\r\n\r\n"), false)
			require.Equal(t, OK, conduct(context.Background(), e, cases[0], nil, nil).Behavior)
			close(c.sizes)
			for n := range c.sizes {
				sizes = append(sizes, n)
			}
		})
		return sizes
	}
	// What leaves first leaves together with the answer of the handshake.
	require.Equal(t, []int{answer + 2*frame, 8}, written("5.3"))
	require.Equal(t, []int{answer + frame, frame, 8}, written("5.4"))
	chopped := written("5.5")
	require.Equal(t, answer+1, chopped[0])
	require.Len(t, chopped, 2*frame+1)
	for _, n := range chopped[1 : 2*frame] {
		require.Equal(t, 1, n)
	}
	require.Equal(t, []int{answer + 997, 997}, written("1.1.8")[:2])
}
