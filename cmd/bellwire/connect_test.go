package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/wstest"
)

func TestAScriptGetsALineForALine(t *testing.T) {
	url, _ := serving(t)
	got := bellwire(t, "one\r\ntwo\n\nno newline", "connect", url, "-n", "4")
	require.Equal(t, outcome{0, "one\ntwo\n\nno newline\n", "closed: 1000 normal closure\n"}, got)
}

func TestFlagsMayStandBeforeAndBehindTheURL(t *testing.T) {
	url, _ := serving(t)
	for _, args := range [][]string{
		{"-n", "1", "-binary", "base64", url},
		{"-n", "1", url, "-binary", "base64"},
		{url, "-binary=base64", "-n", "1"},
		{"-binary", "base64", "-n", "1", "--", url},
	} {
		got := bellwire(t, "\x00\xff", append([]string{"connect", "-binary-input"}, args...)...)
		require.Equal(t, "AP8=\n", got.out, "%q: %s", args, got.err)
	}
}

func TestTheWholeInputCanBeOneBinaryMessage(t *testing.T) {
	url, _ := serving(t)
	input := strings.Repeat("\x00line\n", 30_000)
	got := bellwire(t, input, "connect", url, "-n", "1", "-binary-input", "-binary", "raw")
	require.Equal(t, 0, got.code, got.err)
	require.True(t, input == got.out)
	got = bellwire(t, "\x01\x02", "connect", url, "-n", "1", "-binary-input")
	require.Equal(t, "0102\n", got.out)
}

func TestAQuietServerIsLeftWhenTheInputIsOver(t *testing.T) {
	ends := make(chan error, 1)
	url := behaving(t, func(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
		_, err := c.Read(ctx)
		if err == nil {
			_, err = c.Read(ctx)
		}
		ends <- err
		return err
	})
	got := bellwire(t, "hello\n", "connect", url, "-wait", "10ms")
	require.Equal(t, 0, got.code, got.err)
	require.ErrorIs(t, <-ends, frame.Normal)
}

func TestEveryMessageRenewsThePatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		there, here := wstest.Pipe(t, nil, nil)
		go func() {
			for range 5 {
				time.Sleep(900 * time.Millisecond)
				there.WriteText(t.Context(), "tick")
			}
			there.Read(t.Context())
		}()
		var out bytes.Buffer
		s := &session{
			c:    here,
			opts: talkOptions{wait: patience(time.Second)},
			show: screen{terminal: terminal{in: strings.NewReader(""), out: &out, err: io.Discard}},
		}
		began := time.Now()
		require.Equal(t, exitClean, s.run(t.Context()))
		require.Equal(t, 5500*time.Millisecond, time.Since(began))
		require.Equal(t, strings.Repeat("tick\n", 5), out.String())
	})
}

func TestWaitingForACountHasNoEndUnlessOneIsGiven(t *testing.T) {
	for line, want := range map[string]patience{
		"":              patience(time.Second),
		"-wait 2s":      patience(2 * time.Second),
		"-n 1":          forever,
		"-n 1 -wait 2s": patience(2 * time.Second),
		"-wait 1s -n 1": patience(time.Second),
	} {
		var o connectOptions
		fs := o.flags()
		require.NoError(t, fs.Parse(strings.Fields(line)))
		o.talk.settle(fs)
		require.Equal(t, want, o.talk.wait, line)
	}
}

func TestWaitingForeverLeavesTheEndToTheServer(t *testing.T) {
	url := behaving(t, func(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
		m, err := c.Read(ctx)
		if err != nil {
			return err
		}
		return errors.Join(c.Write(ctx, conn.Text, m.Data), c.Close(ctx, frame.GoingAway, "enough"))
	})
	for _, wait := range []string{"forever", "-1", "1h"} {
		got := bellwire(t, "hello\n", "connect", url, "-wait", wait)
		require.Equal(t, outcome{0, "hello\n", "closed by the server: 1001 going away \"enough\"\n"}, got)
	}
}

func TestTheExitStatusSaysHowTheConnectionEnded(t *testing.T) {
	for _, c := range []struct {
		name string
		ends func(c *conn.Conn) error
		code int
		says string
	}{
		{"normal", func(*conn.Conn) error { return nil }, exitClean, "1000 normal closure"},
		{"without a code", func(c *conn.Conn) error { return c.Close(context.Background(), frame.NoStatus, "") }, exitClean, "1005"},
		{"policy", func(*conn.Conn) error { return conn.Abort(frame.Policy, "no") }, exitAbnormal, `closed by the server: 1008 policy violation "no"`},
		{"private", func(*conn.Conn) error { return conn.Abort(4000, "") }, exitAbnormal, "4000"},
		{"cut", func(c *conn.Conn) error { return c.CloseNow() }, exitAbnormal, "connection closed"},
	} {
		url := behaving(t, func(_ context.Context, conn *conn.Conn, _ *handshake.Request) error { return c.ends(conn) })
		got := bellwire(t, "", "connect", url, "-wait", "forever")
		require.Equal(t, c.code, got.code, "%s: %s", c.name, got.err)
		require.Contains(t, got.err, c.says, c.name)
	}
}

func TestTooFewMessagesAreAFailure(t *testing.T) {
	url := behaving(t, func(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
		return c.WriteText(ctx, "the only one")
	})
	got := bellwire(t, "", "connect", url, "-n", "2")
	require.Equal(t, exitAbnormal, got.code)
	require.Equal(t, "the only one\n", got.out)
	require.Contains(t, got.err, "1 of 2 messages came")
}

func TestAMessageOverTheLimitEndsTheConnection(t *testing.T) {
	url, _ := serving(t)
	got := bellwire(t, "0123456789\n", "connect", url, "-n", "1", "-max-message", "9")
	require.Equal(t, exitAbnormal, got.code)
	require.Contains(t, got.err, "MaxMessage")
}

func TestInputThatIsNoTextIsRefused(t *testing.T) {
	url, _ := serving(t)
	got := bellwire(t, "\xff\n", "connect", url, "-n", "1")
	require.Equal(t, exitAbnormal, got.code)
	require.Contains(t, got.err, "UTF-8")
}

// broken is an input, or an output, that fails.
type broken struct{}

func (broken) Read([]byte) (int, error)  { return 0, errors.New("the disk is gone") }
func (broken) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

func TestInputThatBreaksIsAFailure(t *testing.T) {
	url, _ := serving(t)
	for _, mode := range []string{"-binary-input=false", "-binary-input"} {
		var out, errs strings.Builder
		code := run(t.Context(), []string{"connect", url, mode}, terminal{in: broken{}, out: &out, err: &errs})
		require.Equal(t, exitAbnormal, code)
		require.Contains(t, errs.String(), "the disk is gone")
	}
}

func TestOutputThatBreaksIsAFailure(t *testing.T) {
	url, _ := serving(t)
	var errs strings.Builder
	code := run(t.Context(), []string{"connect", url}, terminal{in: strings.NewReader("x\n"), out: broken{}, err: &errs})
	require.Equal(t, exitAbnormal, code)
	require.Contains(t, errs.String(), "the disk is full")
}

func TestARefusalIsShownWithWhatTheServerSaid(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, "members only\nask the \x1b[31mowner\n")
	}))
	defer s.Close()
	got := bellwire(t, "", "connect", s.URL)
	require.Equal(t, exitDial, got.code)
	require.Contains(t, got.err, "response: 403 Forbidden: members only")
	require.Contains(t, got.err, `ask the \x1b[31mowner`)
}

func TestAServerThatIsNotThereIsNamedWithTheStage(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	got := bellwire(t, "", "connect", "ws://"+l.Addr().String())
	require.Equal(t, exitDial, got.code)
	require.Contains(t, got.err, "bellwire: dial ws://"+l.Addr().String())
	require.Contains(t, got.err, "connect")
}

func TestASilentServerIsGivenUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	got := bellwire(t, "", "connect", "ws://"+l.Addr().String(), "-timeout", "20ms")
	require.Equal(t, exitDial, got.code)
	require.Contains(t, got.err, "deadline exceeded")
}

func TestTheRequestSaysWhatTheFlagsSay(t *testing.T) {
	asked := make(chan *http.Request, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r
		http.NotFound(w, r)
	}))
	defer s.Close()
	got := bellwire(t, "", "connect", s.URL+"/x", "-H", "X-One: 1", "-H", "x-one: 2", "-H", "Cookie: a=b",
		"-origin", "https://example.com", "-subprotocol", "a,b", "-subprotocol", "c", "-proxy", "none")
	require.Equal(t, exitDial, got.code)
	r := <-asked
	require.Equal(t, "/x", r.URL.Path)
	require.Equal(t, []string{"1", "2"}, r.Header["X-One"])
	require.Equal(t, "a=b", r.Header.Get("Cookie"))
	require.Equal(t, "https://example.com", r.Header.Get("Origin"))
	require.Equal(t, "a, b, c", r.Header.Get("Sec-WebSocket-Protocol"))
}

func TestTheProxyIsTheOneThatIsNamed(t *testing.T) {
	asked := make(chan string, 1)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.Host
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer proxy.Close()
	got := bellwire(t, "", "connect", "ws://somewhere.invalid/", "-proxy", proxy.URL)
	require.Equal(t, exitDial, got.code)
	require.Contains(t, got.err, "proxy")
	require.Equal(t, "CONNECT somewhere.invalid:80", <-asked)
}

func TestEveryFrameCanBeShown(t *testing.T) {
	url, _ := serving(t, "-subprotocol", "second,first")
	got := bellwire(t, "hello\n", "connect", url, "-n", "1", "-v", "-subprotocol", "first,second")
	require.Equal(t, 0, got.code)
	require.Equal(t, "hello\n", got.out)
	require.Contains(t, got.err, "connected to "+url+" (subprotocol second)")
	require.Regexp(t, `time=\d\d:\d\d:\d\d\.\d{3} msg="websocket frame" .*sent=true opcode=text`, got.err)
	require.Regexp(t, `sent=false opcode=close`, got.err)
	require.NotContains(t, got.err, "level=")
}

func TestAPingIsTimed(t *testing.T) {
	url := behaving(t, func(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
		// The first ping is answered by this read, which the second ping's
		// pong cannot overtake.
		for range c.Messages(ctx) {
		}
		return nil
	})
	p := sitting(t, url, "-ping", "1ms")
	p.sees("pong after ")
	p.sees("pong after ")
	p.keys.Close()
	require.Equal(t, 0, p.leaves().code)
}
