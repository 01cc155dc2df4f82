package server_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/server"
	"github.com/bellwire/bellwire/wstest"
	"github.com/stretchr/testify/require"
)

// A guest is the far end of a connection.
type guest struct {
	*wstest.Peer
	nc net.Conn
}

// crowd opens n connections to a Server in memory, without keepalive.
func crowd(t *testing.T, n int, f server.Func, o server.Options) (*server.Server, *place, []guest) {
	o.Conn.Keepalive.Interval = -1
	s, p := newServer(t, f, o)
	l := newPipes()
	serve(t, s, l)
	peers := make([]guest, n)
	for i := range n {
		nc := l.dial(t)
		peers[i] = guest{upgrade(t, nc), nc}
	}
	synctest.Wait()
	require.Equal(t, n, p.group.Len())
	return s, p, peers
}

func TestShutdownSpreadsTheCloseFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, peers := crowd(t, 10, wait, server.Options{})
		began := time.Now()
		told := make([]time.Duration, len(peers))
		var all sync.WaitGroup
		for i, peer := range peers {
			all.Go(func() {
				require.Equal(t, "update", peer.ExpectClose(frame.ServiceRestart))
				told[i] = time.Since(began)
				peer.Close(frame.ServiceRestart, "")
				peer.ExpectEOF()
				peer.Hangup()
			})
		}
		d := server.Drain{Code: frame.ServiceRestart, Reason: "update", Spread: time.Minute}
		require.NoError(t, s.Shutdown(t.Context(), d))
		require.Equal(t, 54*time.Second, time.Since(began))
		all.Wait()
		slices.Sort(told)
		for i := range told {
			require.Equal(t, time.Duration(i)*6*time.Second, told[i])
		}
	})
}

func TestShutdownIsOverWhenNobodyIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p, peers := crowd(t, 4, wait, server.Options{})
		began := time.Now()
		time.AfterFunc(5*time.Second, func() {
			for _, peer := range peers {
				peer.Hangup()
			}
		})
		require.NoError(t, s.Shutdown(t.Context(), server.Drain{Spread: time.Hour}))
		require.Equal(t, 5*time.Second, time.Since(began))
		require.Zero(t, p.group.Len())
	})
}

func TestShutdownWaitsAsLongAsSilentPeersMayTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, _ := crowd(t, 4, wait, server.Options{Conn: conn.Options{CloseTimeout: 3 * time.Second}})
		began := time.Now()
		require.NoError(t, s.Shutdown(t.Context(), server.Drain{Spread: 20 * time.Second}))
		require.Equal(t, (15+3)*time.Second, time.Since(began))
	})
}

func TestShutdownWaitsForFuncsAndGivesUpWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		finish := make(chan struct{})
		busy := func(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
			<-finish
			return nil
		}
		s, p, _ := crowd(t, 3, busy, server.Options{})
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.Equal(t, context.DeadlineExceeded, s.Shutdown(ctx, server.Drain{}))
		require.Equal(t, time.Minute, time.Since(began))
		synctest.Wait() // until the group has heard of the ends
		require.Zero(t, p.group.Len(), "the connections have ended, the Funcs have not")
		close(finish)
		require.NoError(t, s.Shutdown(t.Context(), server.Drain{}), "and now they have")
		require.Equal(t, time.Minute, time.Since(began))
	})
}

func TestWhenTheContextEndsEverybodyLeftIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p, peers := crowd(t, 10, wait, server.Options{Conn: conn.Options{CloseTimeout: time.Hour}})
		ctx, cancel := context.WithTimeout(t.Context(), 35*time.Second)
		defer cancel()
		began := time.Now()
		require.Equal(t, context.DeadlineExceeded, s.Shutdown(ctx, server.Drain{Spread: 100 * time.Second}))
		require.Equal(t, 35*time.Second, time.Since(began))
		synctest.Wait() // until the group has heard of the ends
		require.Zero(t, p.group.Len())
		told := 0
		for _, peer := range peers {
			b, err := io.ReadAll(peer.nc)
			require.NoError(t, err)
			if len(b) > 0 {
				require.Equal(t, "\x88\x02\x03\xe9", string(b))
				told++
			}
		}
		require.Equal(t, 4, told, "at 0, 10, 20 and 30 seconds")
	})
}

func TestEveryShutdownWaitsAndTheFirstDecides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p, peers := crowd(t, 1, wait, server.Options{})
		var all sync.WaitGroup
		all.Go(func() { require.NoError(t, s.Shutdown(t.Context(), server.Drain{Code: 4001})) })
		synctest.Wait()
		all.Go(func() { require.NoError(t, s.Shutdown(t.Context(), server.Drain{Code: 4002})) })
		all.Go(func() { require.NoError(t, p.group.Shutdown(t.Context(), server.Drain{Code: 4003})) })
		peers[0].ExpectClose(4001)
		time.Sleep(time.Second)
		peers[0].Close(4001, "")
		peers[0].ExpectEOF()
		peers[0].Hangup()
		all.Wait()
		require.NoError(t, s.Shutdown(t.Context(), server.Drain{}))
	})
}

func TestADrainThatCannotBeSentIsRefusedAndNothingHappens(t *testing.T) {
	g, conns, _ := members(t, 1, conn.Options{})
	for _, d := range []server.Drain{{Code: frame.Abnormal}, {Reason: "\xff"}, {Code: frame.NoStatus, Reason: "why"}} {
		require.ErrorContains(t, g.Shutdown(t.Context(), d), "Drain")
		require.ErrorContains(t, server.Shutdown(t.Context(), new(http.Server), g, d), "Drain")
	}
	require.NoError(t, conns[0].Err())
}

func TestAfterShutdownRequestsAreRefused(t *testing.T) {
	eachDoor(t, func(t *testing.T, open opener) {
		p := open(t, wait, server.Options{Logger: quiet})
		require.NoError(t, p.group.Shutdown(t.Context(), server.Drain{}))
		answer := exchange(t, p.addr, request("/"))
		require.Contains(t, answer, "HTTP/1.1 503 ")
		require.Contains(t, answer, "\r\nRetry-After: 5\r\n")
		require.Contains(t, answer, "\r\nConnection: close\r\n")
	})
}

func TestAConnectionThatComesTooLateIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u, p := newUpgrader(t, server.Options{Handshake: handshake.Policy{}})
		near, far := wstest.NetPipe()
		io.WriteString(near, request("/"))
		// The answer has been written when the shutdown begins.
		late := lateConn{far, func() { go p.group.Shutdown(t.Context(), server.Drain{Code: 4001}) }}
		c, _, err := u.UpgradeConn(t.Context(), late, nil)
		require.NoError(t, err)
		readHead(t, near)
		peer := wstest.PeerOn(t, conn.Client, near)
		peer.ExpectClose(4001)
		peer.Close(4001, "")
		peer.ExpectEOF()
		peer.Hangup()
		synctest.Wait()
		require.ErrorIs(t, c.Err(), frame.Code(4001))
		require.NoError(t, p.group.Shutdown(t.Context(), server.Drain{}))
	})
}

func TestAClientThatHasJustBeenAcceptedIsToldOfTheShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newServer(t, wait, server.Options{})
		l := newPipes()
		serve(t, s, l)
		near, far := wstest.NetPipe()
		l.calls <- lateConn{far, func() { go s.Shutdown(t.Context(), server.Drain{}) }}
		goingAway(upgrade(t, near))
	})
}

func TestAConnectionThatComesWhileTheServerIsCutIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newServer(t, wait, server.Options{})
		l := newPipes()
		serve(t, s, l)
		near, far := wstest.NetPipe()
		l.calls <- lateConn{far, func() { go s.Close() }}
		goingAway(upgrade(t, near))
	})
}

// slowToClose is a listener whose Close takes a second.
type slowToClose struct{ *pipes }

func (l slowToClose) Close() error {
	time.Sleep(time.Second)
	return l.pipes.Close()
}

func TestNobodyIsToldToGoBeforeTheListenersAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u, p := newUpgrader(t, server.Options{})
		s := &http.Server{Handler: u.Handler(wait)}
		l := newPipes()
		go s.Serve(slowToClose{l})
		peer := upgrade(t, l.dial(t))
		synctest.Wait() // it is in the group
		began := time.Now()
		go server.Shutdown(t.Context(), s, p.group, server.Drain{})
		peer.ExpectClose(frame.GoingAway)
		require.Equal(t, time.Second, time.Since(began))
		peer.Hangup()
	})
}

// lateConn does something between the answer and the connection.
type lateConn struct {
	net.Conn
	then func()
}

func (l lateConn) SetDeadline(t time.Time) error {
	if t.IsZero() {
		l.then()
		synctest.Wait()
	}
	return l.Conn.SetDeadline(t)
}

func TestShutdownOfBothStopsListeningBeforeTheFirstClose(t *testing.T) {
	u, p := newUpgrader(t, server.Options{})
	s := httptest.NewServer(u.Handler(wait))
	defer s.Close()
	p.addr = s.Listener.Addr().String()
	peer := p.dial()
	await(t, "it is in the group", func() bool { return p.group.Len() == 1 })
	ended := make(chan error)
	go func() { ended <- server.Shutdown(t.Context(), s.Config, p.group, server.Drain{Reason: "bye"}) }()
	require.Equal(t, "bye", peer.ExpectClose(frame.GoingAway))
	_, err := net.Dial("tcp", p.addr)
	require.Error(t, err)
	select {
	case <-ended:
		require.Fail(t, "it has not waited")
	default:
	}
	peer.Close(frame.GoingAway, "")
	peer.ExpectEOF()
	peer.Hangup()
	require.NoError(t, <-ended)
	require.NoError(t, server.Shutdown(t.Context(), s.Config, p.group, server.Drain{}), "again")
}

func TestShutdownOfBothTellsWhatTheHTTPServerSays(t *testing.T) {
	checkLeaks(t)
	finish, started := make(chan struct{}), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(started)
		<-finish
	}))
	defer s.Close()
	defer close(finish)
	go http.Get(s.URL)
	<-started
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, server.Shutdown(ctx, s.Config, new(server.Group), server.Drain{}), context.DeadlineExceeded)
}

func TestAnAttachedGroupIsClosedWithTheHTTPServer(t *testing.T) {
	u, p := newUpgrader(t, server.Options{})
	s := httptest.NewServer(u.Handler(wait))
	defer s.Close()
	p.group.Attach(s.Config)
	p.addr = s.Listener.Addr().String()
	peer := p.dial()
	await(t, "it is in the group", func() bool { return p.group.Len() == 1 })
	require.NoError(t, s.Config.Shutdown(t.Context()))
	goingAway(peer)
	require.NoError(t, p.group.Shutdown(t.Context(), server.Drain{}))
}

// A server under write load, as it stops: everybody is told, in the middle of
// a stream of messages, and nothing is left. Under load no clock but the real
// one moves.
func TestAThousandConnectionsAreClosedUnderWriteLoad(t *testing.T) {
	const n = 1000
	message := []byte("a message of the usual size, more or less")
	var written, told atomic.Int64
	start := make(chan struct{})
	stream := func(ctx context.Context, c *conn.Conn, r *handshake.Request) error {
		go wait(ctx, c, r)
		<-start
		for {
			for range 3 {
				if err := c.Write(ctx, conn.Text, message); err != nil {
					return err
				}
				written.Add(1)
			}
			select {
			case <-time.After(500 * time.Millisecond): // so much that others get to work too
			case <-ctx.Done():
			}
		}
	}
	s, p := newServer(t, stream, server.Options{Conn: conn.Options{CloseTimeout: time.Minute}})
	l := newPipes()
	serve(t, s, l)
	var all sync.WaitGroup
	for range n {
		nc := l.dial(t)
		all.Go(func() {
			upgrade(t, nc)
			if err := leave(nc, goingAwayCode); err != nil {
				t.Error(err)
				return
			}
			told.Add(1)
		})
	}
	await(t, "all are in the group", func() bool { return p.group.Len() == n })
	close(start)
	await(t, "all are being written to", func() bool { return written.Load() > 6*n })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, s.Shutdown(ctx, server.Drain{Spread: time.Second / 4}))
	all.Wait()
	require.Equal(t, int64(n), told.Load())
	require.Empty(t, p.log.String())
}

func TestAThousandConnectionsAreClosedAtOnce(t *testing.T) {
	const n = 1000
	eachDoor(t, func(t *testing.T, open opener) {
		p := open(t, wait, server.Options{Logger: quiet})
		var peers []net.Conn
		for range 20 { // not more at a time than a listener's backlog
			opened, _ := rush(t, p.addr, n/20, func(int) string { return "/" })
			peers = append(peers, opened...)
		}
		await(t, "all are in the group", func() bool { return p.group.Len() == n })
		var all sync.WaitGroup
		for _, nc := range peers {
			all.Go(func() {
				if err := leave(nc, goingAwayCode); err != nil {
					t.Error(err)
				}
			})
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.NoError(t, p.group.Shutdown(ctx, server.Drain{}))
		require.Zero(t, p.group.Len())
		all.Wait()
	})
}

func TestManyLeaveByThemselvesAtOnce(t *testing.T) {
	eachDoor(t, func(t *testing.T, open opener) {
		p := open(t, wait, server.Options{Logger: quiet})
		opened, refused := rush(t, p.addr, 200, func(i int) string { return fmt.Sprint("/", i) })
		require.Empty(t, refused)
		for _, nc := range opened {
			nc.Close()
		}
		await(t, "all have left", func() bool { return p.group.Len() == 0 })
	})
}
