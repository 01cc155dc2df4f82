package server_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
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

// exchange sends octets and returns all that comes back until the end.
func exchange(t *testing.T, addr string, octets string) string {
	t.Helper()
	nc := dialTCP(t, addr)
	_, err := io.WriteString(nc, octets)
	require.NoError(t, err)
	require.NoError(t, nc.SetReadDeadline(time.Now().Add(10*time.Second)))
	b, err := io.ReadAll(nc)
	require.NoError(t, err, "the answer was cut off after %q", b)
	nc.Close()
	return string(b)
}

func TestRefusalsAreWholeAnswersAndTheConnectionEnds(t *testing.T) {
	policy := handshake.Policy{Authorize: func(r *handshake.Request) (http.Header, error) {
		switch r.Path {
		case "/login":
			return nil, &handshake.Error{Status: 401, Header: http.Header{"Www-Authenticate": {"Basic"}}, Msg: "who are you?"}
		case "/forbidden":
			return nil, errApp
		case "/moved":
			return nil, &handshake.Error{Status: 307, Header: http.Header{"Location": {"/"}}}
		case "/broken":
			return http.Header{"X": {"a\nb"}}, nil
		}
		return nil, nil
	}}
	p := newPlace(t, &server.Options{})
	p.addr = openServer(t, echo, server.Options{Handshake: policy, Logger: quiet, Limits: handshake.Limits{MaxLine: 200, MaxHeaders: 10}})
	tests := []struct {
		status int
		octets string
		has    string
	}{
		{307, request("/moved"), "\r\nLocation: /\r\n"},
		{400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "TLS"},
		{400, "GET / HTTP/1.1\n\n", "CR LF"},
		{400, request("/", "Host: a b"), "Host"},
		{400, request("/", "Sec-WebSocket-Key: short"), "16 bytes"},
		{400, request("/", "Content-Length: 5") + "body!", "body"},
		{400, request("/", "Connection: close"), "Connection"},
		{401, request("/login"), "\r\nWww-Authenticate: Basic\r\n"},
		{403, request("/forbidden"), ""},
		{403, request("/", "Origin: https://evil.example"), "origin"},
		{405, strings.Replace(request("/"), "GET", "POST", 1), "\r\nAllow: GET\r\n"},
		{414, "GET /" + strings.Repeat("x", 1000), "request line"},
		{426, request("/", "Upgrade: h2c"), "\r\nUpgrade: websocket\r\n"},
		{426, request("/", "Sec-WebSocket-Version: 8"), "\r\nSec-Websocket-Version: 13\r\n"},
		{431, request("/", "X: "+strings.Repeat("x", 1000)), "header"},
		{431, request("/", "A:1", "B:1", "C:1", "D:1", "E:1", "F:1"), "header fields"},
		{500, request("/broken"), ""},
		{505, strings.Replace(request("/"), "/1.1", "/1.0", 1), "HTTP/1.0"},
		{505, strings.Replace(request("/"), "/1.1", "/2.0", 1), "HTTP/1.1"},
	}
	for _, test := range tests {
		got := exchange(t, p.addr, test.octets)
		want := fmt.Sprintf("HTTP/1.1 %d %s\r\n", test.status, http.StatusText(test.status))
		require.True(t, strings.HasPrefix(got, want), "sent %q\ngot  %q\nwant %q", test.octets, got, want)
		require.Contains(t, got, test.has)
		require.Contains(t, got, "\r\nConnection: ")
		require.Contains(t, got, "close\r\n")
		require.NotContains(t, got, errApp.Error())
		head, body, _ := strings.Cut(got, "\r\n\r\n")
		require.Contains(t, head+"\r\n", fmt.Sprintf("\r\nContent-Length: %d\r\n", len(body)))
	}
}

// A socket that is closed with unread input is reset, and the peer may never
// see what was sent before.
func TestARefusalReachesAPeerThatIsStillSending(t *testing.T) {
	p := newPlace(t, &server.Options{})
	p.addr = openServer(t, echo, server.Options{Logger: quiet})
	got := exchange(t, p.addr, request("/", "Sec-WebSocket-Version: 8")+strings.Repeat("x", 100_000))
	require.True(t, strings.HasPrefix(got, "HTTP/1.1 426 "), got)
}

func TestAHandshakeEndsExactlyAtItsTimeout(t *testing.T) {
	loris := map[string]func(nc net.Conn){
		"a silent peer": func(net.Conn) {},
		"an octet each second": func(nc net.Conn) {
			for _, c := range []byte(request("/")) {
				if _, err := nc.Write([]byte{c}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		},
		"all but the last octet": func(nc net.Conn) {
			io.WriteString(nc, strings.TrimSuffix(request("/"), "\n"))
		},
	}
	for name, play := range loris {
		for _, timeout := range []time.Duration{0, 3 * time.Second} {
			t.Run(fmt.Sprint(name, timeout), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					o := server.Options{HandshakeTimeout: timeout}
					newPlace(t, &o)
					s, err := server.NewServer(echo, o)
					require.NoError(t, err)
					l := newPipes()
					serve(t, s, l)
					began := time.Now()
					nc := l.dial(t)
					played := make(chan struct{})
					go func() {
						play(nc)
						close(played)
					}()
					b, err := io.ReadAll(nc)
					require.NoError(t, err)
					require.Empty(t, b)
					want := timeout
					if want == 0 {
						want = 10 * time.Second
					}
					require.Equal(t, want, time.Since(began))
					<-played
				})
			})
		}
	}
}

func TestTheHandshakeOfTLSIsPartOfTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := server.Options{}
		newPlace(t, &o)
		s, err := server.NewServer(echo, o)
		require.NoError(t, err)
		l := newPipes()
		serve(t, s, tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{certificate()}}))
		began := time.Now()
		nc := l.dial(t)
		io.WriteString(nc, "\x16\x03\x01")
		_, err = io.ReadAll(nc)
		require.NoError(t, err)
		require.Equal(t, 10*time.Second, time.Since(began))
	})
}

func TestARefusalDoesNotWaitLongForThePeerToHangUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u, _ := newUpgrader(t, server.Options{})
		near, far := wstest.NetPipe()
		defer near.Close()
		io.WriteString(near, request("/", "Upgrade: h2c"))
		began := time.Now()
		_, _, err := u.UpgradeConn(t.Context(), far, nil)
		require.ErrorIs(t, err, handshake.BadUpgrade)
		require.Equal(t, time.Second, time.Since(began))
		b, err := io.ReadAll(near)
		require.NoError(t, err)
		require.Contains(t, string(b), "HTTP/1.1 426 ")
	})
}

func TestARefusalTakesNoTimeIfThePeerHangsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u, _ := newUpgrader(t, server.Options{})
		near, far := wstest.NetPipe()
		io.WriteString(near, request("/", "Upgrade: h2c"))
		go func() {
			_, _ = io.ReadAll(near) // up to the end of the server's half
			near.Close()
		}()
		began := time.Now()
		_, _, err := u.UpgradeConn(t.Context(), far, nil)
		require.ErrorIs(t, err, handshake.BadUpgrade)
		require.Zero(t, time.Since(began))
	})
}

func TestAShutdownWaitsForHandshakesThatAreNotOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u, p := newUpgrader(t, server.Options{})
		near, far := wstest.NetPipe()
		defer near.Close()
		go u.UpgradeConn(t.Context(), far, nil)
		synctest.Wait()
		began := time.Now()
		require.NoError(t, p.group.Shutdown(t.Context(), server.Drain{}))
		require.Equal(t, 10*time.Second, time.Since(began))
	})
}

func TestTheContextEndsAHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u, p := newUpgrader(t, server.Options{})
		for name, first := range map[string]string{"before the request": "", "while it is refused": request("/", "Upgrade: h2c")} {
			near, far := wstest.NetPipe()
			defer near.Close()
			io.WriteString(near, first)
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second/2, func() { cancel(errApp) })
			began := time.Now()
			_, _, err := u.UpgradeConn(ctx, far, nil)
			require.ErrorIs(t, err, errApp, name)
			require.Equal(t, time.Second/2, time.Since(began), name)
			_, err = far.Read(nil)
			require.ErrorIs(t, err, net.ErrClosed, name)
		}
		require.Zero(t, p.group.Len())
	})
}

func TestUpgradeConnTakesWhatHasBeenReadAlready(t *testing.T) {
	u, p := newUpgrader(t, server.Options{})
	all := []byte(request("/x") + string(text("early")))
	for _, n := range []int{0, 1, len(all) - 12, len(all) - 3, len(all)} {
		near, far := wstest.NetPipe()
		_, err := near.Write(all[n:])
		require.NoError(t, err)
		ctx := context.WithValue(t.Context(), valueKey{}, "value")
		c, r, err := u.UpgradeConn(ctx, far, all[:n])
		require.NoError(t, err)
		require.Equal(t, "/x", r.Path)
		require.Equal(t, "pipe", r.RemoteAddr)
		require.Equal(t, "value", c.Context().Value(valueKey{}))
		m, err := c.Read(t.Context())
		require.NoError(t, err)
		require.Equal(t, "early", string(m.Data))
		require.Equal(t, 1, p.group.Len())
		require.NoError(t, c.CloseNow())
		require.Zero(t, p.group.Len())
		near.Close()
	}
}

func TestAnAnswerThatCannotBeWrittenFreesTheSlot(t *testing.T) {
	u, p := newUpgrader(t, server.Options{Group: &server.Group{MaxConns: 1}})
	for range 2 {
		near, far := wstest.NetPipe()
		io.WriteString(near, request("/"))
		_, _, err := u.UpgradeConn(t.Context(), brokenPipe{far}, nil)
		require.ErrorIs(t, err, syscall.EPIPE)
		near.Close()
	}
	require.Zero(t, p.group.Len())
	near, far := wstest.NetPipe()
	near.Close()
	far.Close()
	_, _, err := u.UpgradeConn(t.Context(), far, nil)
	require.ErrorIs(t, err, net.ErrClosed)
}

type brokenPipe struct{ net.Conn }

func (brokenPipe) Write([]byte) (int, error) { return 0, syscall.EPIPE }

// certificate is one for example.com.
func certificate() tls.Certificate {
	s := httptest.NewUnstartedServer(nil)
	defer s.Listener.Close()
	s.StartTLS()
	defer s.Close()
	return s.TLS.Certificates[0]
}

func TestWSSWorksOnBothDoors(t *testing.T) {
	cert := certificate()
	withTLS := map[string]func(t *testing.T, f server.Func, o server.Options) string{
		"net/http": func(t *testing.T, f server.Func, o server.Options) string {
			u, err := server.NewUpgrader(o)
			require.NoError(t, err)
			s := httptest.NewTLSServer(u.Handler(f))
			t.Cleanup(s.Close)
			return s.Listener.Addr().String()
		},
		"Server": func(t *testing.T, f server.Func, o server.Options) string {
			s, err := server.NewServer(f, o)
			require.NoError(t, err)
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			serve(t, s, tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}}))
			return l.Addr().String()
		},
	}
	for name, open := range withTLS {
		t.Run(name, func(t *testing.T) {
			o := server.Options{}
			newPlace(t, &o)
			asked := make(chan *handshake.Request, 1)
			addr := open(t, func(ctx context.Context, c *conn.Conn, r *handshake.Request) error {
				asked <- r
				return echo(ctx, c, r)
			}, o)
			nc := tls.Client(dialTCP(t, addr), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
			peer := upgrade(t, nc, "Origin: https://example.com")
			r := <-asked
			require.Equal(t, "https", r.Scheme)
			require.NotNil(t, r.TLS)
			require.True(t, r.TLS.HandshakeComplete)
			peer.Text("hello")
			peer.Expect(frame.Text, "hello")
			peer.Close(frame.Normal, "")
			peer.ExpectClose(frame.Normal)
			peer.ExpectEOF()
		})
	}
}

func TestPlainHTTPOnAPortForTLSIsTold(t *testing.T) {
	o := server.Options{Logger: quiet}
	newPlace(t, &o)
	s, err := server.NewServer(echo, o)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	serve(t, s, tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{certificate()}}))
	got := exchange(t, l.Addr().String(), request("/"))
	require.Contains(t, got, "HTTP/1.1 400 ")
	require.Contains(t, got, "wss")
}

func TestAHandshakeWithoutDeadlinesIsRefused(t *testing.T) {
	u, _ := newUpgrader(t, server.Options{})
	_, _, err := u.UpgradeConn(t.Context(), noDeadlines{}, nil)
	require.ErrorIs(t, err, os.ErrNoDeadline)
}

type noDeadlines struct{ net.Conn }

func (noDeadlines) SetDeadline(time.Time) error { return os.ErrNoDeadline }
func (noDeadlines) Close() error                { return nil }
