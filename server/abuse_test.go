package server_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/server"
	"github.com/bellwire/bellwire/wstest"
	"github.com/stretchr/testify/require"
)

// What a hostile peer can do over a real socket. After each of these tests the
// goroutines are gone (see newPlace) and so is the memory (see checkHeap).

// eachDoorAbused is eachDoor with an eye on the heap.
func eachDoorAbused(t *testing.T, test func(t *testing.T, open opener)) {
	eachDoor(t, func(t *testing.T, open opener) {
		checkHeap(t)
		test(t, open)
	})
}

// slack is what the heap may grow by for reasons that are not the test's: the
// pools, the runtime, the race detector.
const slack = 16 << 20

// heap is the memory in use once the garbage has gone, in octets.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what lies in a sync.Pool survives one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}

// checkHeap fails the test if the heap is larger at its end than it is now.
func checkHeap(t *testing.T) {
	before := heap()
	t.Cleanup(func() {
		if after := heap(); after > before+slack {
			t.Errorf("%d KiB in use before, %d after", before>>10, after>>10)
		}
	})
}

// masked is one frame of a client.
func masked(op frame.Opcode, fin bool, payload string) []byte {
	h := frame.Header{Fin: fin, Opcode: op, Masked: true, Key: [4]byte{1, 2, 3, 4}, Length: int64(len(payload))}
	b := append(h.Append(nil), payload...)
	frame.Mask(b[len(b)-len(payload):], h.Key, 0)
	return b
}

// connect opens a connection that a test uses without a wstest.Peer.
func connect(t testing.TB, p *place) *net.TCPConn {
	t.Helper()
	nc := dialTCP(t, p.addr)
	upgrade(t, nc)
	return nc
}

// gone waits until no connection is left.
func gone(t *testing.T, p *place) {
	t.Helper()
	await(t, "all have left", func() bool { return p.group.Len() == 0 })
}

func TestSlowHandshakesAreCutOneByOne(t *testing.T) {
	checkHeap(t)
	p := newPlace(t, &server.Options{})
	p.addr = openServer(t, echo, server.Options{Group: p.group, HandshakeTimeout: 200 * time.Millisecond, Logger: quiet})
	var all sync.WaitGroup
	for range 50 {
		nc := dialTCP(t, p.addr)
		all.Go(func() {
			for _, c := range []byte(request("/")) {
				if _, err := nc.Write([]byte{c}); err != nil {
					return
				}
				// The next octet when the server has had time, or is gone.
				_ = nc.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
				if _, err := nc.Read(make([]byte, 1)); !isTimeout(err) {
					return
				}
			}
			t.Error("the handshake had all the time it wanted")
		})
	}
	peer := upgrade(t, dialTCP(t, p.addr)) // who is quick gets in meanwhile
	peer.Text("hello")
	peer.Expect(frame.Text, "hello")
	all.Wait()
}

func isTimeout(err error) bool {
	ne, ok := errors.AsType[net.Error](err)
	return ok && ne.Timeout()
}

func TestTenThousandFragmentsOfOneOctet(t *testing.T) {
	const n = 10_000
	var b []byte
	for i := range n {
		op := frame.Continuation
		if i == 0 {
			op = frame.Text
		}
		b = append(b, masked(op, i == n-1, "x")...)
	}
	eachDoorAbused(t, func(t *testing.T, open opener) {
		t.Run("within the limit", func(t *testing.T) {
			nc := connect(t, open(t, echo, server.Options{}))
			for rest := b; len(rest) > 0; { // cut anywhere
				k := min(len(rest), 999)
				_, err := nc.Write(rest[:k])
				require.NoError(t, err)
				rest = rest[k:]
			}
			wstest.PeerOn(t, conn.Client, nc).Expect(frame.Text, strings.Repeat("x", n))
		})
		t.Run("over the limit", func(t *testing.T) {
			nc := connect(t, open(t, echo, server.Options{Conn: conn.Options{Limits: conn.Limits{MaxFragments: n - 1}}}))
			_, err := nc.Write(b)
			require.NoError(t, err)
			peer := wstest.PeerOn(t, conn.Client, nc)
			require.Contains(t, peer.ExpectClose(frame.Policy), "MaxFragments")
			peer.ExpectEOF()
		})
	})
}

func TestAFloodOfControlFramesIsStopped(t *testing.T) {
	eachDoorAbused(t, func(t *testing.T, open opener) {
		for _, op := range []frame.Opcode{frame.Ping, frame.Pong} {
			p := open(t, wait, server.Options{})
			nc := connect(t, p)
			go nc.Write(bytes.Repeat(masked(op, true, "flood"), 1000))
			code, err := readToClose(nc)
			require.NoError(t, err)
			require.Equal(t, "\x03\xf0", code[:2], "1008")
			require.Contains(t, code, "MaxControlRate")
			nc.Close()
			gone(t, p)
		}
	})
}

// A peer that pings and does not read the pongs makes nothing grow, whatever
// rate it is allowed. In memory: a kernel may stop a peer that does not read
// from sending, too.
func TestPingsWithoutEndFillNoMemory(t *testing.T) {
	checkHeap(t)
	before := heap()
	s, p := newServer(t, wait, server.Options{Conn: conn.Options{Limits: conn.Limits{MaxControlRate: -1}}})
	l := newPipes()
	serve(t, s, l)
	nc := l.dial(t)
	upgrade(t, nc)
	pings := bytes.Repeat(masked(frame.Ping, true, strings.Repeat("p", frame.MaxControlPayload)), 1000)
	for range 100 { // 13 MB, all of it read
		_, err := nc.Write(pings)
		require.NoError(t, err)
	}
	require.Less(t, heap(), before+slack/2)
	nc.Close()
	gone(t, p)
}

// deaf opens a connection whose end here is not going to be read.
func deaf(t testing.TB, p *place) {
	t.Helper()
	require.NoError(t, connect(t, p).SetReadBuffer(32<<10))
}

func TestAPeerThatNeverReadsCostsItsQueueAndNoMore(t *testing.T) {
	const limit = 256 << 10
	message := make([]byte, 16<<10)
	last := map[conn.FullPolicy]error{
		conn.Block:      conn.ErrQueueFull,
		conn.DropNewest: conn.ErrDropped,
		conn.DropOldest: nil,
		conn.Disconnect: net.ErrClosed,
	}
	eachDoorAbused(t, func(t *testing.T, open opener) {
		for policy, want := range last {
			t.Run(policy.String(), func(t *testing.T) {
				before := heap()
				results := make(chan error, 10)
				f := func(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
					var err error
					for full := 0; full < 100; { // messages more than there is room for
						err = c.TryWrite(conn.Binary, message)
						if c.Buffered() > limit {
							err = errApp
							break
						}
						if err != nil || c.Stats().Dropped > 0 {
							full++
						}
					}
					results <- err
					return wait(ctx, c, nil)
				}
				p := open(t, f, server.Options{Conn: conn.Options{
					Queue:        conn.Queue{MaxBytes: limit, OnFull: policy},
					CloseTimeout: 100 * time.Millisecond,
				}})
				for range cap(results) {
					deaf(t, p)
				}
				for range cap(results) {
					require.ErrorIs(t, <-results, want)
				}
				require.Less(t, heap(), before+int64(cap(results))*limit+slack)
				if policy == conn.Disconnect {
					gone(t, p) // though the peer is still there
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				require.NoError(t, p.group.Shutdown(ctx, server.Drain{}))
			})
		}
	})
}

func TestAWriteToAPeerThatNeverReadsEnds(t *testing.T) {
	eachDoorAbused(t, func(t *testing.T, open opener) {
		ends := make(chan error, 1)
		p := open(t, func(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
			for {
				if err := c.Write(ctx, conn.Binary, make([]byte, 64<<10)); err != nil {
					ends <- err
					return err
				}
			}
		}, server.Options{Conn: conn.Options{WriteTimeout: 200 * time.Millisecond}})
		deaf(t, p)
		require.ErrorContains(t, <-ends, "took no bytes")
		gone(t, p)
	})
}

func TestAPeerThatNeverClosesTCPIsLeftBehind(t *testing.T) {
	scripts := []struct{ send, code string }{
		{string(masked(frame.Close, true, "\x03\xe8")), "\x03\xe8"},                // a clean close
		{string(masked(frame.Continuation, true, "x")), "\x03\xea"},                // a violation
		{string(masked(frame.Binary, true, strings.Repeat("x", 100))), "\x03\xf1"}, // over a limit
	}
	eachDoorAbused(t, func(t *testing.T, open opener) {
		p := open(t, wait, server.Options{Conn: conn.Options{Limits: conn.Limits{MaxMessage: 99}}})
		var all sync.WaitGroup
		for _, script := range scripts {
			nc := connect(t, p)
			_, err := io.WriteString(nc, script.send)
			require.NoError(t, err)
			got, err := readToClose(nc)
			require.NoError(t, err)
			require.Equal(t, script.code, got[:2])
			all.Go(func() { // it goes on sending, for ever, and is not heard
				for err == nil {
					_, err = nc.Write(masked(frame.Binary, true, "more"))
				}
			})
		}
		gone(t, p)
		all.Wait() // the server has hung up
	})
}

func TestHalfAConnectionIsNone(t *testing.T) {
	beginnings := map[string][]byte{
		"between messages":        nil,
		"in a header":             masked(frame.Binary, true, "x")[:3],
		"in a frame":              masked(frame.Binary, true, "message")[:9],
		"in a fragmented message": masked(frame.Binary, false, "part"),
	}
	eachDoorAbused(t, func(t *testing.T, open opener) {
		for name, b := range beginnings {
			t.Run(name, func(t *testing.T) {
				ends := make(chan error, 1)
				p := open(t, func(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
					_, err := c.Read(ctx)
					ends <- err
					return err
				}, server.Options{})
				nc := connect(t, p)
				_, err := nc.Write(b)
				require.NoError(t, err)
				require.NoError(t, nc.CloseWrite())
				err = <-ends
				require.ErrorIs(t, err, frame.Abnormal)
				require.ErrorIs(t, err, io.ErrUnexpectedEOF)
				require.NoError(t, nc.SetReadDeadline(time.Now().Add(10*time.Second)))
				_, err = nc.Read(make([]byte, 1))
				require.Equal(t, io.EOF, err)
			})
		}
	})
}

func TestAResetInTheMiddleOfAFrameEndsTheConnection(t *testing.T) {
	eachDoorAbused(t, func(t *testing.T, open opener) {
		ends := make(chan error, 1)
		started := make(chan struct{}, 1)
		p := open(t, func(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
			_, r, err := c.Reader(ctx)
			if err == nil {
				started <- struct{}{}
				_, err = io.Copy(io.Discard, r)
			}
			ends <- err
			return err
		}, server.Options{})
		nc := connect(t, p)
		_, err := nc.Write(masked(frame.Binary, true, strings.Repeat("x", 1000))[:500])
		require.NoError(t, err)
		<-started
		require.NoError(t, nc.SetLinger(0))
		nc.Close()
		require.ErrorIs(t, <-ends, frame.Abnormal)
		gone(t, p)
		require.Empty(t, p.log.String())
	})
}

func TestALengthIsNotBelieved(t *testing.T) {
	claim := func(n int64) []byte {
		return frame.Header{Fin: true, Opcode: frame.Binary, Masked: true, Length: n}.Append(nil)
	}
	negative := claim(math.MaxInt64)
	negative[2] |= 0x80
	tests := []struct {
		name   string
		header []byte
		max    int64
		code   string
	}{
		{"2^62", claim(1 << 62), 0, "\x03\xf1"},
		{"2^63-1", claim(math.MaxInt64), math.MaxInt64 - 1, "\x03\xf1"},
		{"2^64-1", negative, -1, "\x03\xea"},
		{"one octet too many", claim(1<<20 + 1), 0, "\x03\xf1"},
	}
	eachDoorAbused(t, func(t *testing.T, open opener) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				p := open(t, wait, server.Options{Conn: conn.Options{Limits: conn.Limits{MaxMessage: test.max}}})
				nc := connect(t, p)
				_, err := nc.Write(test.header)
				require.NoError(t, err)
				got, err := readToClose(nc)
				require.NoError(t, err)
				require.Equal(t, test.code, got[:2])
				nc.Close()
				gone(t, p)
			})
		}
	})
}

func TestAGibibyteThatIsOnlyClaimedCostsNothing(t *testing.T) {
	eachDoorAbused(t, func(t *testing.T, open opener) {
		for _, n := range []int64{1 << 30, 1 << 62} {
			before := heap()
			p := open(t, wait, server.Options{Conn: conn.Options{Limits: conn.Limits{MaxMessage: -1}}})
			var ncs []net.Conn
			for range 50 {
				nc := connect(t, p)
				h := frame.Header{Fin: true, Opcode: frame.Binary, Masked: true, Length: n}
				_, err := nc.Write(append(h.Append(nil), "a few octets"...))
				require.NoError(t, err)
				ncs = append(ncs, nc)
			}
			await(t, "all have been read", func() bool {
				read := 0
				for c := range p.group.All() {
					if c.Stats().BytesIn == uint64(len("a few octets")) {
						read++
					}
				}
				return read == len(ncs)
			})
			require.Less(t, heap(), before+slack)
			for _, nc := range ncs {
				nc.Close()
			}
			gone(t, p)
		}
	})
}

func TestTextThatIsNotUTF8IsFoundAtEveryOffset(t *testing.T) {
	const message = "Grüße, 世界: 😀 and plain ASCII behind it"
	eachDoorAbused(t, func(t *testing.T, open opener) {
		p := open(t, wait, server.Options{})
		for _, cut := range []int{0, 1, 7} { // octets in a fragment; 0: one frame
			for i := range len(message) {
				bad := message[:i] + "\xff" + message[i+1:]
				var b []byte
				op := frame.Text
				for rest := bad; cut > 0 && len(rest) > cut; rest, bad = rest[cut:], rest[cut:] {
					b = append(b, masked(op, false, rest[:cut])...)
					op = frame.Continuation
				}
				b = append(b, masked(op, true, bad)...)
				nc := connect(t, p)
				_, err := nc.Write(b)
				require.NoError(t, err)
				got, err := readToClose(nc)
				require.NoError(t, err)
				require.Equal(t, "\x03\xef", got[:2], "1007 for a wrong octet at %d", i)
				nc.Close()
			}
		}
		gone(t, p)
		nc := connect(t, p)
		_, err := nc.Write(masked(frame.Text, true, message[:len(message)-len(" and plain ASCII behind it")-1]))
		require.NoError(t, err)
		got, err := readToClose(nc)
		require.NoError(t, err)
		require.Equal(t, "\x03\xef", got[:2], "1007 for half a character at the end")
	})
}

func TestManyPanicsAtOnceLeaveNothingBehind(t *testing.T) {
	eachDoorAbused(t, func(t *testing.T, open opener) {
		const n = 100
		release := make(chan struct{})
		p := open(t, func(context.Context, *conn.Conn, *handshake.Request) error {
			<-release
			panic(errApp)
		}, server.Options{Group: &server.Group{MaxConns: n}})
		opened, refused := rush(t, p.addr, n, func(int) string { return "/" })
		require.Empty(t, refused)
		close(release)
		for _, nc := range opened {
			require.NoError(t, leave(nc, "\x03\xf3"), "1011")
		}
		gone(t, p)
		require.Equal(t, n, strings.Count(p.log.String(), "panic in a handler"))
	})
}
