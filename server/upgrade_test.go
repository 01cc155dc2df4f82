package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/server"
	"github.com/bellwire/bellwire/wstest"
	"github.com/stretchr/testify/require"
)

// text is a masked text message in one frame.
func text(s string) []byte { return masked(frame.Text, true, s) }

func TestBytesBehindTheRequestAreTheFirstFrames(t *testing.T) {
	eachDoor(t, func(t *testing.T, open opener) {
		p := open(t, echo, server.Options{})
		early := append(text("first"), text(strings.Repeat("x", 10_000))...)
		for _, n := range []int{1, 3, len(text("first")), len(text("first")) + 5, len(early)} {
			nc := dialTCP(t, p.addr)
			_, err := nc.Write(append([]byte(request("/")), early[:n]...))
			require.NoError(t, err)
			require.Contains(t, readHead(t, nc), acceptKey)
			_, err = nc.Write(early[n:])
			require.NoError(t, err)
			peer := wstest.PeerOn(t, conn.Client, nc)
			peer.Expect(frame.Text, "first")
			peer.Expect(frame.Text, strings.Repeat("x", 10_000))
		}
	})
}

// upgraded serves h and returns the address.
func upgraded(t *testing.T, h http.HandlerFunc) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// newUpgrader makes an Upgrader with a group and a log of its own.
func newUpgrader(t *testing.T, o server.Options) (*server.Upgrader, *place) {
	p := newPlace(t, &o)
	u, err := server.NewUpgrader(o)
	require.NoError(t, err)
	return u, p
}

func TestAConnectionMayOutliveTheHandlerThatUpgradedIt(t *testing.T) {
	u, p := newUpgrader(t, server.Options{Group: &server.Group{MaxConns: 1}})
	conns := make(chan *conn.Conn, 1)
	p.addr = upgraded(t, func(w http.ResponseWriter, r *http.Request) {
		if c, err := u.Upgrade(w, r); err == nil {
			conns <- c
		}
	})
	peer := p.dial()
	c := <-conns
	require.Equal(t, 1, p.group.Len())
	require.NoError(t, c.WriteText(context.Background(), "hello"))
	peer.Expect(frame.Text, "hello")
	require.Contains(t, p.ask(), "HTTP/1.1 503 ", "the slot is taken until the connection ends")
	require.NoError(t, c.CloseNow())
	require.Zero(t, p.group.Len())
	p.dial() // and then it is free
	require.NoError(t, (<-conns).CloseNow())
}

func TestHeaderFieldsThatWereSetGoIntoTheAnswer(t *testing.T) {
	u, p := newUpgrader(t, server.Options{Handshake: handshake.Policy{
		Authorize: func(*handshake.Request) (http.Header, error) {
			return http.Header{"X-Both": {"policy"}, "X-Policy": {"1"}}, nil
		},
	}})
	p.addr = upgraded(t, func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
		http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
		h := w.Header()
		h.Set("X-Both", "handler")
		h.Set("Content-Type", "text/html")
		h.Set("Content-Length", "0")
		h.Set("Connection", "keep-alive")
		h["Date"] = nil
		c, err := u.Upgrade(w, r)
		if err == nil {
			_ = c.CloseNow()
		}
	})
	require.Equal(t, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: "+acceptKey+"\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"+
		"X-Both: policy\r\nX-Policy: 1\r\n\r\n", p.ask())
}

func TestAHeaderFieldThatMustNotBeSentIsTheServersFault(t *testing.T) {
	for _, bad := range []http.Header{
		{"Sec-Websocket-Protocol": {"chat"}},
		{"Upgrade": {"h2c"}},
		{"X-Lines": {"a\r\nX-Injected: b"}},
	} {
		u, p := newUpgrader(t, server.Options{})
		p.addr = upgraded(t, func(w http.ResponseWriter, r *http.Request) {
			for name, values := range bad {
				w.Header()[name] = values
			}
			u.Handler(echo).ServeHTTP(w, r)
		})
		head := p.ask()
		require.Contains(t, head, "HTTP/1.1 500 ")
		require.NotContains(t, head, "\nX-Injected")
		await(t, "it is logged", func() bool { return strings.Contains(p.log.String(), "level=ERROR") })
	}
}

func TestAPolicyThatAddsWhatMustNotBeSentIsLoggedAsTheServersFault(t *testing.T) {
	eachDoor(t, func(t *testing.T, open opener) {
		p := open(t, echo, server.Options{Handshake: handshake.Policy{
			Authorize: func(*handshake.Request) (http.Header, error) {
				return http.Header{"X-Lines": {"a\r\nX-Injected: b"}}, nil
			},
		}})
		require.Contains(t, p.ask(), "HTTP/1.1 500 ")
		await(t, "it is logged", func() bool { return strings.Contains(p.log.String(), "level=ERROR") })
	})
}

// The ways in which middleware wraps a ResponseWriter.
type (
	hiding    struct{ http.ResponseWriter }
	unwrapped struct{ http.ResponseWriter }
	refusing  struct{ http.ResponseWriter }
)

func (u unwrapped) Unwrap() http.ResponseWriter { return u.ResponseWriter }

func (refusing) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, errApp }

func TestMiddlewareThatHidesTheConnectionIsNamed(t *testing.T) {
	tests := []struct {
		name string
		wrap func(http.ResponseWriter) http.ResponseWriter
		says []string
	}{
		{"without a way through", func(w http.ResponseWriter) http.ResponseWriter { return hiding{w} },
			[]string{"server_test.hiding hides the connection", "add an Unwrap() http.ResponseWriter method to it"}},
		{"behind one that has a way", func(w http.ResponseWriter) http.ResponseWriter { return unwrapped{&hiding{w}} },
			[]string{"*server_test.hiding hides"}},
		{"in front of one that has a way", func(w http.ResponseWriter) http.ResponseWriter { return hiding{unwrapped{w}} },
			[]string{"server_test.hiding hides"}},
		{"with a Hijack that fails", func(w http.ResponseWriter) http.ResponseWriter { return unwrapped{refusing{w}} },
			[]string{"server_test.refusing does not give up the connection", errApp.Error()}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u, p := newUpgrader(t, server.Options{Group: &server.Group{MaxConns: 1}})
			errs := make(chan error, 1)
			p.addr = upgraded(t, func(w http.ResponseWriter, r *http.Request) {
				_, err := u.Upgrade(test.wrap(w), r)
				errs <- err
			})
			for range 2 { // the slot is free again
				require.Contains(t, p.ask(), "HTTP/1.1 500 ")
				err := <-errs
				for _, says := range test.says {
					require.ErrorContains(t, err, says)
					require.Contains(t, p.log.String(), says)
				}
			}
		})
	}
}

func TestMiddlewareWithAWayThroughIsNoObstacle(t *testing.T) {
	u, p := newUpgrader(t, server.Options{})
	p.addr = upgraded(t, func(w http.ResponseWriter, r *http.Request) {
		u.Handler(echo).ServeHTTP(unwrapped{unwrapped{w}}, r)
	})
	peer := p.dial()
	peer.Text("hello")
	peer.Expect(frame.Text, "hello")
}

func TestARecorderIsNamedAndTheAnswerDoesNotTell(t *testing.T) {
	u, _ := newUpgrader(t, server.Options{})
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, f := range []string{"Upgrade: websocket", "Connection: Upgrade", "Sec-Websocket-Version: 13", "Sec-Websocket-Key: " + key} {
		name, value, _ := strings.Cut(f, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	_, err := u.Upgrade(w, r)
	require.ErrorContains(t, err, "*httptest.ResponseRecorder hides")
	require.ErrorIs(t, err, http.ErrNotSupported)
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.Equal(t, "Internal Server Error\n", w.Body.String())
}

func TestARequestInHTTP2IsToldToUseHTTP1(t *testing.T) {
	u, _ := newUpgrader(t, server.Options{})
	r := httptest.NewRequest(http.MethodConnect, "/chat", nil)
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/2.0", 2, 0
	r.Header[":protocol"] = []string{"websocket"}
	r.Header.Set("Sec-WebSocket-Version", "13")
	w := httptest.NewRecorder()
	_, err := u.Upgrade(w, r)
	require.ErrorIs(t, err, handshake.BadHTTPVersion)
	require.Equal(t, http.StatusNotImplemented, w.Code)
	require.Contains(t, w.Body.String(), "HTTP/1.1")
}

// taken is a ResponseWriter whose connection is somebody else's.
type taken struct {
	http.ResponseWriter
	nc net.Conn
}

func (t taken) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return t.nc, bufio.NewReadWriter(bufio.NewReader(t.nc), bufio.NewWriter(t.nc)), nil
}

func TestAConnectionThatFailsUnderTheAnswerIsGivenUp(t *testing.T) {
	u, p := newUpgrader(t, server.Options{HandshakeTimeout: 10 * time.Millisecond})
	near, far := wstest.NetPipeSize(16) // the answer does not fit
	defer near.Close()
	errs := make(chan error, 1)
	p.addr = upgraded(t, func(w http.ResponseWriter, r *http.Request) {
		_, err := u.Upgrade(taken{w, far}, r)
		errs <- err
	})
	nc := dialTCP(t, p.addr)
	fmt.Fprint(nc, request("/"))
	require.ErrorIs(t, <-errs, os.ErrDeadlineExceeded)
	_, err := io.ReadAll(near)
	require.NoError(t, err) // it has been closed
	require.Zero(t, p.group.Len())
}

func TestWrongOptionsAreFoundAtOnce(t *testing.T) {
	for name, o := range map[string]server.Options{
		"negative":    {HandshakeTimeout: -1},
		"Limits":      {Conn: conn.Options{Limits: conn.Limits{MaxMessage: -2}}},
		"not a token": {Handshake: handshake.Policy{Subprotocols: []string{"a b"}}},
	} {
		_, err := server.NewUpgrader(o)
		require.ErrorContains(t, err, name)
		_, err = server.NewServer(echo, o)
		require.ErrorContains(t, err, name)
	}
	_, err := server.NewServer(nil, server.Options{})
	require.ErrorContains(t, err, "Func")
}

func TestTheHooksOfTheOptionsAreCalledBesideOurOwn(t *testing.T) {
	eachDoor(t, func(t *testing.T, open opener) {
		ended := make(chan int, 1)
		var group server.Group
		p := open(t, echo, server.Options{Group: &group, Conn: conn.Options{Trace: &conn.Trace{
			Closed: func(*conn.Conn, *conn.CloseError, conn.Stats) { ended <- group.Len() },
		}}})
		p.dial().Hangup()
		require.Zero(t, <-ended, "it has left the group when it is told to have ended")
	})
}

func TestRefusalsAreLoggedForWhoeverLooks(t *testing.T) {
	eachDoor(t, func(t *testing.T, open opener) {
		log := new(journal)
		p := open(t, echo, server.Options{Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		require.Contains(t, p.ask("Origin: https://evil.example"), "HTTP/1.1 403 ")
		await(t, "it is logged", func() bool { return strings.Contains(log.String(), "level=DEBUG") })
		require.Contains(t, log.String(), "evil.example")
	})
}
