package wstest_test

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/server"
	"github.com/bellwire/bellwire/wstest"
)

func echo(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
	for m, err := range c.Messages(ctx) {
		if err != nil {
			return err
		}
		if err := c.Write(ctx, m.Type, m.Data); err != nil {
			return err
		}
	}
	return nil
}

func TestServeDialsAHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dial := wstest.Serve(t, server.Handler(echo))
		c, err := dial(t.Context(), nil)
		require.NoError(t, err)
		other, err := dial(t.Context(), &client.Options{Header: http.Header{"X-Test": {"1"}}})
		require.NoError(t, err)
		for _, c := range []*conn.Conn{c, other} {
			require.NoError(t, c.WriteText(t.Context(), "hello"))
			m, err := c.Read(t.Context())
			require.NoError(t, err)
			require.Equal(t, "hello", string(m.Data))
		}
		require.NoError(t, c.Close(t.Context(), frame.Normal, ""))
		// The other one is left to the end of the test.
	})
}

func TestServeTellsWhyADialIsRefused(t *testing.T) {
	dial := wstest.Serve(t, http.NotFoundHandler())
	_, err := dial(t.Context(), nil)
	var refused *client.DialError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, 404, refused.Status)
}

// A lateRecorder is a test that may fail after its end.
type lateRecorder struct {
	recorder
	cleanups []func()
}

func (r *lateRecorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func (r *lateRecorder) Errorf(format string, args ...any) { r.failure = format }

func TestServeTellsOfAHandlerThatStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stay := make(chan struct{})
		r := &lateRecorder{recorder: recorder{TB: t}}
		dial := wstest.Serve(r, server.Handler(func(context.Context, *conn.Conn, *handshake.Request) error {
			<-stay
			return nil
		}))
		_, err := dial(t.Context(), nil)
		require.NoError(t, err)
		start := time.Now()
		for i := range r.cleanups {
			r.cleanups[len(r.cleanups)-1-i]()
		}
		require.Contains(t, r.failure, "a handler has not returned")
		require.Equal(t, 10*time.Second, time.Since(start))
		close(stay)
	})
}

func TestAListenerListensUntilItIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := wstest.Listen()
		require.Equal(t, "pipe", l.Addr().Network())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := l.Dial(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		go func() {
			nc, _ := l.Accept()
			nc.Write([]byte("x"))
		}()
		nc, err := l.DialContext(t.Context(), "tcp", "example.com:80")
		require.NoError(t, err)
		_, err = nc.Read(make([]byte, 1))
		require.NoError(t, err)

		failed := make(chan error)
		go func() {
			_, err := l.Accept()
			failed <- err
		}()
		synctest.Wait()
		require.NoError(t, l.Close())
		require.NoError(t, l.Close())
		require.ErrorIs(t, <-failed, net.ErrClosed)
		_, err = l.Dial(t.Context())
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = nc.Write([]byte("x"))
		require.NoError(t, err, "connections go on")
	})
}

func TestAPeerDialsAServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := wstest.Listen()
		s := &http.Server{Handler: server.Handler(echo)}
		go s.Serve(l)
		defer s.Close()
		nc, err := l.Dial(t.Context())
		require.NoError(t, err)
		p := wstest.DialPeer(t, nc)
		p.Text("hello")
		p.Expect(frame.Text, "hello")
		p.Fragment(frame.Continuation, true, "nothing")
		p.ExpectClose(frame.ProtocolError)
		p.ExpectEOF()
	})
}

func TestAPeerTellsThatItIsRefused(t *testing.T) {
	l := wstest.Listen()
	s := &http.Server{Handler: http.NotFoundHandler()}
	go s.Serve(l)
	defer s.Close()
	nc, err := l.Dial(t.Context())
	require.NoError(t, err)
	require.Contains(t, failing(t, func(t testing.TB) { wstest.DialPeer(t, nc) }), "came:   status 404\nwanted: 101")
}

func TestTheHandlerPassesConformance(t *testing.T) {
	l := wstest.Listen()
	s := &http.Server{Handler: server.Handler(echo)}
	go s.Serve(l)
	defer s.Close()
	wstest.Conformance(t, l.Dial)
}

func TestTheStandaloneServerPassesConformanceOverTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s, err := server.NewServer(echo, server.Options{})
	require.NoError(t, err)
	go s.Serve(l)
	defer s.Close()
	wstest.Conformance(t, func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
	})
}
