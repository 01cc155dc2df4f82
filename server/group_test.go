package server_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/server"
	"github.com/bellwire/bellwire/wstest"
	"github.com/stretchr/testify/require"
)

// rush asks for n connections at once and returns those that were opened, and
// the answers to the others.
func rush(t *testing.T, addr string, n int, path func(i int) string) (opened []net.Conn, refused []string) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			nc, err := net.Dial("tcp", addr)
			if err != nil {
				t.Error(err)
				return
			}
			io.WriteString(nc, request(path(i)))
			answer := make([]byte, 4096)
			m, err := nc.Read(answer)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if strings.HasPrefix(string(answer[:m]), "HTTP/1.1 101 ") {
				opened = append(opened, nc)
				return
			}
			nc.Close()
			refused = append(refused, string(answer[:m]))
		})
	}
	all.Wait()
	return opened, refused
}

func TestTheCapOfAGroupIsExact(t *testing.T) {
	eachDoor(t, func(t *testing.T, open opener) {
		const limit = 20
		p := open(t, wait, server.Options{Group: &server.Group{MaxConns: limit}})
		for range 3 { // what has been given back can be had again
			opened, refused := rush(t, p.addr, 3*limit, func(int) string { return "/" })
			require.Len(t, opened, limit)
			require.Len(t, refused, 2*limit)
			for _, answer := range refused {
				require.Contains(t, answer, "HTTP/1.1 503 ")
				require.Contains(t, answer, "\r\nRetry-After: 5\r\n")
				require.Contains(t, answer, "\r\nConnection: close\r\n")
				require.Equal(t, 1, strings.Count(answer, "Connection:"))
			}
			for _, nc := range opened {
				nc.Close()
			}
			await(t, "all have left", func() bool { return p.group.Len() == 0 })
			awaitRoom(t, p, limit)
		}
	})
}

// awaitRoom waits until the Funcs have returned and their slots are free.
func awaitRoom(t *testing.T, p *place, limit int) {
	await(t, "there is room", func() bool {
		opened, _ := rush(t, p.addr, limit, func(int) string { return "/" })
		for _, nc := range opened {
			nc.Close()
		}
		await(t, "they have left", func() bool { return p.group.Len() == 0 })
		return len(opened) == limit
	})
}

func TestTheCapForEachKeyIsExact(t *testing.T) {
	eachDoor(t, func(t *testing.T, open opener) {
		p := open(t, wait, server.Options{Group: &server.Group{
			MaxConns:  50,
			MaxPerKey: 7,
			Key:       func(r *handshake.Request) string { return strings.Trim(r.Path, "/") },
		}})
		opened, refused := rush(t, p.addr, 60, func(i int) string { return fmt.Sprintf("/%d", i%3) })
		require.Len(t, opened, 21)
		require.Len(t, refused, 39)
		free, _ := rush(t, p.addr, 40, func(int) string { return "/" })
		require.Len(t, free, 29, "no key is not capped, but for the total")
		for _, nc := range append(opened, free...) {
			nc.Close()
		}
		await(t, "all have left", func() bool { return p.group.Len() == 0 })
		await(t, "they are forgotten", func() bool { return p.group.Keys() == 0 })
	})
}

func TestAConnectionThatEndsBeforeItHasEnteredLeaves(t *testing.T) {
	g := new(server.Group)
	c, _ := wstest.Pipe(t, nil, nil)
	require.NoError(t, c.CloseNow())
	over := g.Enter(c)
	require.Zero(t, g.Len())
	over()
	require.NoError(t, g.Shutdown(t.Context(), server.Drain{}))
}

func TestASlotIsHeldUntilTheFuncHasReturned(t *testing.T) {
	eachDoor(t, func(t *testing.T, open opener) {
		finish := make(chan struct{})
		p := open(t, func(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
			go c.CloseNow()
			<-ctx.Done()
			<-finish
			return nil
		}, server.Options{Group: &server.Group{MaxConns: 1}})
		p.dial().ExpectEOF()
		require.Zero(t, p.group.Len())
		require.Contains(t, p.ask(), " 503 ")
		close(finish)
		await(t, "the slot is free", func() bool { return strings.Contains(p.ask(), " 101 ") })
	})
}

func TestTheDefaultKeyIsTheNetworkOfThePeer(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1:1234":             "192.0.2.1",
		"[::ffff:192.0.2.1]:1234":    "192.0.2.1",
		"[2001:db8:1:2:3:4:5:6]:1":   "2001:db8:1:2::/64",
		"[2001:db8:1:2::]:2":         "2001:db8:1:2::/64",
		"[fe80::1%eth0]:1":           "fe80::/64",
		"pipe":                       "pipe",
		"@":                          "@",
		"":                           "",
		"somewhere.example.com:1234": "somewhere.example.com",
	} {
		require.Equal(t, want, server.Network(addr), addr)
	}
	eachDoor(t, func(t *testing.T, open opener) {
		p := open(t, wait, server.Options{Group: &server.Group{MaxPerKey: 2}})
		opened, _ := rush(t, p.addr, 5, func(int) string { return "/" })
		require.Len(t, opened, 2)
		for _, nc := range opened {
			nc.Close()
		}
	})
}

func TestARefusedRequestTakesNoSlot(t *testing.T) {
	eachDoor(t, func(t *testing.T, open opener) {
		p := open(t, wait, server.Options{Group: &server.Group{MaxConns: 1}, Logger: quiet})
		for range 3 {
			require.Contains(t, p.ask("Origin: https://evil.example"), " 403 ")
			require.Contains(t, p.ask("Upgrade: h2c"), " 426 ")
		}
		p.dial()
	})
}

// members opens n connections and returns both ends.
func members(t *testing.T, n int, o conn.Options) (*server.Group, []*conn.Conn, []*wstest.Peer) {
	u, p := newUpgrader(t, server.Options{Conn: o})
	conns, peers := make([]*conn.Conn, n), make([]*wstest.Peer, n)
	for i := range n {
		near, far := wstest.NetPipe()
		io.WriteString(near, request("/"))
		c, _, err := u.UpgradeConn(t.Context(), far, nil)
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.CloseNow() })
		readHead(t, near)
		conns[i], peers[i] = c, wstest.PeerOn(t, conn.Client, near)
	}
	return p.group, conns, peers
}

func TestAllYieldsEveryConnectionWithoutALock(t *testing.T) {
	g, conns, _ := members(t, 10, conn.Options{})
	seen := map[*conn.Conn]bool{}
	for c := range g.All() {
		seen[c] = true
		require.NoError(t, c.CloseNow()) // which needs the lock
		require.Equal(t, 10-len(seen), g.Len())
	}
	require.Len(t, seen, len(conns))
	for range g.All() {
		require.Fail(t, "nobody is left")
	}
}

func TestAllStopsWhenTheLoopDoes(t *testing.T) {
	g, _, _ := members(t, 3, conn.Options{})
	n := 0
	for range g.All() {
		n++
		break
	}
	require.Equal(t, 1, n)
}

func TestABroadcastReachesThoseWhoAreKept(t *testing.T) {
	g, conns, peers := members(t, 4, conn.Options{})
	require.Equal(t, server.Sent{Queued: 4}, g.Broadcast(conn.Prepare(conn.Text, []byte("all")), nil))
	sent := g.Broadcast(conn.Prepare(conn.Text, []byte("some")), func(c *conn.Conn) bool { return c != conns[0] })
	require.Equal(t, server.Sent{Queued: 3}, sent)
	for i, peer := range peers {
		peer.Expect(frame.Text, "all")
		if i > 0 {
			peer.Expect(frame.Text, "some")
		}
	}
}

func TestABroadcastCountsWhatBecameOfIt(t *testing.T) {
	big := conn.Prepare(conn.Binary, make([]byte, 200<<10))
	counts := map[conn.FullPolicy]server.Sent{
		conn.Block:      {Dropped: 2},
		conn.DropNewest: {Dropped: 2},
		conn.DropOldest: {Queued: 2},
		conn.Disconnect: {Closed: 2},
	}
	for policy, want := range counts {
		t.Run(policy.String(), func(t *testing.T) {
			g, _, _ := members(t, 2, conn.Options{Queue: conn.Queue{MaxBytes: 250 << 10, OnFull: policy}})
			// The first goes into a pipe that nobody reads, the second waits,
			// and then there is no room.
			queued := 0
			await(t, "the queues are full", func() bool {
				sent := g.Broadcast(big, nil)
				queued += sent.Queued
				return queued >= 4 || sent.Closed == 2
			})
			require.Equal(t, want, g.Broadcast(big, nil))
		})
	}
}

func TestABroadcastThatNobodyCanSendIsDropped(t *testing.T) {
	g, conns, _ := members(t, 3, conn.Options{})
	bad := conn.Prepare(conn.Text, []byte{0xff})
	require.Equal(t, server.Sent{Dropped: 3}, g.Broadcast(bad, nil))
	for _, c := range conns {
		require.NoError(t, c.Err())
	}
}

// Broadcasts, arrivals and departures get in nobody's way.
func TestAGroupStandsACrowd(t *testing.T) {
	eachDoor(t, func(t *testing.T, open opener) {
		p := open(t, wait, server.Options{Group: &server.Group{MaxConns: 30, MaxPerKey: 30}})
		var done atomic.Bool
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				for !done.Load() {
					p.group.Broadcast(conn.Prepare(conn.Text, []byte("tick")), nil)
				}
			})
		}
		for range 5 {
			opened, _ := rush(t, p.addr, 30, func(int) string { return "/" })
			for _, nc := range opened {
				nc.Close()
			}
		}
		done.Store(true)
		all.Wait()
		await(t, "all have left", func() bool { return p.group.Len() == 0 })
	})
}
