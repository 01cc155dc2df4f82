package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/wstest"
)

func TestADialOpensAConnection(t *testing.T) {
	c := dialled(t, "ws://example.com/echo", one(t, echoes))
	require.Equal(t, conn.Client, c.Role())
	requireEcho(t, c)
	require.NoError(t, c.Close(t.Context(), 1000, ""))
}

func TestADialGoesOverTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		if nc, err := l.Accept(); err == nil {
			echoes(nc)
			nc.Close()
		}
	}()
	c := dialled(t, "ws://"+l.Addr().String(), nil)
	requireEcho(t, c)
	require.IsType(t, &net.TCPConn{}, c.NetConn())
	require.NoError(t, c.Close(t.Context(), 1000, ""))
}

// request is what arrives when a URL is dialled.
func request(t *testing.T, rawURL string, o client.Options) string {
	t.Helper()
	came := make(chan string, 1)
	w := newWorld(t, map[string]host{"": func(nc net.Conn) {
		var b []byte
		for p := make([]byte, 1); !strings.HasSuffix(string(b), "\r\n\r\n"); b = append(b, p...) {
			if _, err := nc.Read(p); err != nil {
				break
			}
		}
		came <- string(b)
	}})
	o.Dial, o.Proxy = w.dial, direct
	e := refused(t, rawURL, &o)
	require.Equal(t, client.Response, e.Stage)
	return <-came
}

func TestARequestHasAllItNeedsAndNoMore(t *testing.T) {
	head := request(t, "ws://example.com:8080/a%20b?q=1&r", client.Options{})
	head = regexp.MustCompile(`Key: [A-Za-z0-9+/]{21}[AQgw]==`).ReplaceAllString(head, "Key: (16 bytes)")
	require.Equal(t, strings.ReplaceAll(`GET /a%20b?q=1&r HTTP/1.1
Host: example.com:8080
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Key: (16 bytes)
Sec-WebSocket-Version: 13
User-Agent: bellwire

`, "\n", "\r\n"), head)
}

func TestEachRequestHasAKeyOfItsOwn(t *testing.T) {
	keys := map[string]bool{}
	for range 5 {
		_, rest, _ := strings.Cut(request(t, "ws://example.com", client.Options{}), "Sec-WebSocket-Key: ")
		key, _, _ := strings.Cut(rest, "\r\n")
		keys[key] = true
	}
	require.Len(t, keys, 5)
}

func TestARequestSaysWhatTheOptionsDo(t *testing.T) {
	header := func(name string, values ...string) client.Options {
		return client.Options{Header: http.Header{name: values}}
	}
	for _, test := range []struct {
		name      string
		url       string
		options   client.Options
		has, lack string
	}{
		{"a field", "ws://h", header("X-Token", "a", "b"), "\r\nX-Token: a\r\nX-Token: b\r\n", ""},
		{"subprotocols", "ws://h", client.Options{Subprotocols: []string{"v2", "v1"}}, "\r\nSec-WebSocket-Protocol: v2, v1\r\n", ""},
		{"another host", "ws://10.1.2.3:81", header("host", "example.com"), "\r\nHost: example.com\r\n", "10.1.2.3"},
		{"no path", "ws://h?q", client.Options{}, "GET /?q HTTP/1.1\r\nHost: h\r\n", ""},
		{"the default port", "ws://h:80/", client.Options{}, "\r\nHost: h\r\n", ""},
		{"the name of the program", "ws://h", header("user-agent", "test/1"), "\r\nUser-Agent: test/1\r\n", "bellwire"},
		{"no name of the program", "ws://h", header("User-Agent", ""), "", "User-Agent"},
		{"a user", "ws://joe:s%3Acret@h/", client.Options{}, "\r\nAuthorization: Basic am9lOnM6Y3JldA==\r\n", "joe"},
		{"Authorization and a user", "ws://joe:secret@h/", header("authorization", "Bearer x"), "\r\nAuthorization: Bearer x\r\n", "Basic"},
		{"what is for a proxy", "ws://h", header("Proxy-Authorization", "Basic x"), "", "Proxy"},
		{"http for ws", "http://h:80/", client.Options{}, "\r\nHost: h\r\n", ""},
		{"a name that is not ASCII", "ws://BÜCHER.example:81", client.Options{}, "\r\nHost: xn--bcher-kva.example:81\r\n", ""},
		{"an address with a zone", "ws://[fe80::1%25eth0]:81", client.Options{}, "\r\nHost: [fe80::1]:81\r\n", "eth0"},
		{"a Unix socket", "ws+unix://joe:x@/run/a.sock:/b%2Fc?d", client.Options{}, "GET /b%2Fc?d HTTP/1.1\r\nHost: localhost\r\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			head := request(t, test.url, test.options)
			require.Contains(t, head, test.has)
			if test.lack != "" {
				require.NotContains(t, head, test.lack)
			}
		})
	}
}

func TestADialGoesWhereTheURLSays(t *testing.T) {
	for _, test := range []struct{ url, dialled string }{
		{"ws://example.com", "tcp example.com:80"},
		{"wss://example.com", "tcp example.com:443"},
		{"http://example.com", "tcp example.com:80"},
		{"HTTPS://example.com", "tcp example.com:443"},
		{"ws://example.com:/", "tcp example.com:80"},
		{"ws://[::1]", "tcp [::1]:80"},
		{"wss://[fe80::1%25eth0]:81", "tcp [fe80::1%eth0]:81"},
		{"ws://bücher.example", "tcp xn--bcher-kva.example:80"},
		{"ws+unix:///run/a.sock", "unix /run/a.sock"},
		{"ws+unix:///run/a.sock:", "unix /run/a.sock:"},
		{"ws+unix:///run/a.sock:/", "unix /run/a.sock"},
		{"ws+unix:///run/a:b.sock:/c:/d", "unix /run/a:b.sock"},
		{"ws+unix:///run/a%3A/b.sock:/c", "unix /run/a:/b.sock"},
	} {
		w := newWorld(t, nil)
		e := refused(t, test.url, w.options())
		require.Equal(t, client.Connect, e.Stage, "%v", e)
		require.Equal(t, []string{test.dialled}, w.dialled)
	}
}

func TestADialGoesOverAUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b.sock")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer l.Close()
	go func() {
		if nc, err := l.Accept(); err == nil {
			echoes(nc)
			nc.Close()
		}
	}()
	// No proxy is asked for a socket.
	o := &client.Options{Proxy: by("http://proxy.example")}
	c := dialled(t, "ws+unix://"+strings.ReplaceAll(path, " ", "%20")+":/echo", o)
	requireEcho(t, c)
	require.NoError(t, c.Close(t.Context(), 1000, ""))
}

func TestTheSubprotocolIsTheServersChoice(t *testing.T) {
	o := one(t, echoes)
	o.Subprotocols = []string{"v2", "v1"}
	require.Equal(t, "v2", dialled(t, "ws://h", o).Subprotocol())

	o = one(t, asked(func(r *http.Request) string { return switching(r) }))
	o.Subprotocols = []string{"v2", "v1"}
	require.Empty(t, dialled(t, "ws://h", o).Subprotocol())
}

func TestTheHeaderOfTheAnswerIsKept(t *testing.T) {
	c := dialled(t, "ws://h", one(t, asked(func(r *http.Request) string { return switching(r, "X-Session: 42") })))
	require.Equal(t, "42", client.Header(c).Get("X-Session"))

	other, _ := wstest.Pipe(t, nil, nil)
	require.Nil(t, client.Header(other))
}

func TestTheConnectionKeepsTheValuesOfTheContextAndNotItsEnd(t *testing.T) {
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
	c, err := client.Dial(ctx, "ws://h", one(t, echoes))
	require.NoError(t, err)
	defer c.CloseNow()
	cancel()
	require.Equal(t, "value", c.Context().Value(key{}))
	require.NoError(t, c.Context().Err())
	requireEcho(t, c)
}

func TestFramesBehindTheAnswerArrive(t *testing.T) {
	// A text "hello", and the beginning of another, in one segment with the
	// answer.
	c := dialled(t, "ws://h", one(t, asked(func(r *http.Request) string {
		return switching(r) + "\x81\x05hello" + "\x81\x05wor" + "ld"
	})))
	for _, want := range []string{"hello", "world"} {
		m, err := c.Read(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, string(m.Data))
	}
}

func TestManyFramesBehindTheAnswerArrive(t *testing.T) {
	// More than any buffer of the dial holds, so that some wait in it and some
	// in the connection.
	const n = 5000
	c := dialled(t, "ws://h", one(t, asked(func(r *http.Request) string {
		return switching(r) + strings.Repeat("\x81\x05hello", n)
	})))
	for i := range n {
		m, err := c.Read(t.Context())
		require.NoError(t, err, "message %d", i)
		require.Equal(t, "hello", string(m.Data))
	}
}

func TestABadURLIsAnErrorBeforeAnythingIsSent(t *testing.T) {
	for _, test := range []struct{ url, says string }{
		{"example.com/ws", "neither ws nor wss"},
		{"ftp://example.com", "neither ws nor wss"},
		{"ws:example.com", "two slashes"},
		{"joe:secret@example.com", "two slashes"},
		{"ws://", "host"},
		{"ws://:80/", "host"},
		{"ws://exa mple.com/", "invalid character"},
		{"ws://example.com:port/", "invalid port"},
		{"ws://joe:secret@example.com:port/", "does not parse"},
		{"ws://example.com:70000/", "host"},
		{"ws://example.com/#top", "fragment"},
		{"ws://joe\x00:secret@example.com/", "does not parse"},
		{"ws://a%3Ab:secret@example.com/", "user name"},
		{"ws+unix://host/run/a.sock:/", "ws+unix:///path"},
		{"ws+unix:run/a.sock", "two slashes"},
		{"ws+unix://", "ws+unix:///path"},
		{"ws+unix:///run/a%00.sock:/", "ws+unix:///path"},
		{"ws+unix:///run/a.sock:/b#top", "fragment"},
	} {
		w := newWorld(t, nil)
		e := refused(t, test.url, w.options())
		require.Equal(t, client.Setup, e.Stage, test.url)
		require.ErrorContains(t, e, test.says, test.url)
		require.NotContains(t, e.Error(), "secret")
		require.False(t, e.Temporary())
		require.Empty(t, w.dialled)
	}
}

func TestABadOptionIsAnErrorBeforeAnythingIsSent(t *testing.T) {
	for says, o := range map[string]client.Options{
		"MaxRedirects":           {MaxRedirects: -1},
		"Timeout":                {Timeout: -2},
		"Queue.MaxBytes":         {Conn: conn.Options{Queue: conn.Queue{MaxBytes: -1}}},
		"a subprotocol is not":   {Subprotocols: []string{"a b"}},
		"a subprotocol is there": {Subprotocols: []string{"a", "a"}},
		"Use Subprotocols":       {Header: http.Header{"Sec-WebSocket-Protocol": {"a"}}},
		"belongs to the":         {Header: http.Header{"Connection": {"close"}}},
		"line end":               {Header: http.Header{"X": {"a\r\nb"}}},
		"is not a token":         {Header: http.Header{"X:": {"a"}}},
		"Host in Header":         {Header: http.Header{"Host": {"a", "b"}}},
	} {
		require.ErrorContains(t, o.Check(), says)
		w := newWorld(t, nil)
		o.Dial, o.Proxy = w.dial, direct
		e := refused(t, "ws://h", &o)
		require.Equal(t, client.Setup, e.Stage)
		require.ErrorContains(t, e, says)
		require.Equal(t, 1, strings.Count(e.Error(), "websocket: "))
		require.False(t, e.Temporary())
		require.Empty(t, w.dialled)
	}
	require.NoError(t, (*client.Options)(nil).Check())
}

func TestADialWithoutAConnectionIsAnError(t *testing.T) {
	o := &client.Options{Proxy: direct, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, nil }}
	e := refused(t, "ws://h", o)
	require.Equal(t, client.Connect, e.Stage)
	require.ErrorContains(t, e, "Options.Dial")
	require.False(t, e.Temporary())
}

func TestAnErrorOfTheOptionsDialIsTheNetworks(t *testing.T) {
	off := errors.New("the cable is out")
	for want, proxy := range map[client.Stage]func(*http.Request) (*url.URL, error){
		client.Connect: direct, client.Proxy: by("socks5://p"),
	} {
		e := refused(t, "ws://h", &client.Options{Proxy: proxy, Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, off
		}})
		require.Equal(t, want, e.Stage)
		require.ErrorIs(t, e, off)
		require.True(t, e.Temporary())
	}
}

func TestANameThatIsNotFoundIsAnErrorOfDNS(t *testing.T) {
	o := &client.Options{Proxy: direct, Dial: func(_ context.Context, network, addr string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{Err: "no such host", Name: addr, IsNotFound: true}}
	}}
	e := refused(t, "ws://h", o)
	require.Equal(t, client.DNS, e.Stage)
	require.True(t, e.Temporary()) // it may be our network that has just come up
}

func TestAHandshakeTakesAConnectionThatExists(t *testing.T) {
	ours, theirs := wstest.NetPipe()
	go echoes(theirs)
	// Neither the proxy nor TLS is of interest any more.
	o := &client.Options{Proxy: by("http://proxy.example"), Subprotocols: []string{"v1"}}
	c, err := client.Handshake(t.Context(), ours, "wss://example.com/echo", o)
	require.NoError(t, err)
	require.Equal(t, "v1", c.Subprotocol())
	require.Equal(t, ours, c.NetConn())
	requireEcho(t, c)
	require.NoError(t, c.Close(t.Context(), 1000, ""))
}

func TestAHandshakeThatFailsClosesTheConnection(t *testing.T) {
	for _, test := range []struct {
		url   string
		stage client.Stage
		host
	}{
		{"ftp://example.com", client.Setup, silent},
		{"ws://example.com", client.Response, says("HTTP/1.1 404 Not Found\r\n\r\n")},
		{"ws://example.com", client.Response, says("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n")},
	} {
		ours, theirs := wstest.NetPipe()
		go func() {
			test.host(theirs)
			theirs.Close()
		}()
		_, err := client.Handshake(t.Context(), ours, test.url, &client.Options{Timeout: -1})
		require.Equal(t, test.stage, dialError(t, err).Stage)
		_, err = ours.Read(make([]byte, 1))
		require.ErrorIs(t, err, net.ErrClosed)
	}
	_, err := client.Handshake(t.Context(), nil, "ws://example.com", nil)
	require.Equal(t, client.Setup, dialError(t, err).Stage)
}

// cutoff cannot be written to.
type cutoff struct{ net.Conn }

func (cutoff) Write([]byte) (int, error) { return 0, errors.New("cut off") }

func TestAnAnswerCountsEvenIfTheRequestWasNotTaken(t *testing.T) {
	ours, theirs := wstest.NetPipe()
	io.WriteString(theirs, "HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\n\r\n")
	_, err := client.Handshake(t.Context(), cutoff{ours}, "ws://h", nil)
	require.Equal(t, 431, dialError(t, err).Status)

	ours, theirs = wstest.NetPipe()
	theirs.Close()
	_, err = client.Handshake(t.Context(), cutoff{ours}, "ws://h", nil)
	require.ErrorContains(t, err, "response: cut off")
}

func TestTheOptionsOfTheConnectionReachIt(t *testing.T) {
	o := one(t, asked(func(r *http.Request) string { return switching(r) + "\x81\x05hello" }))
	o.Conn.Limits.MaxMessage = 4
	_, err := dialled(t, "ws://h", o).Read(t.Context())
	limit, ok := errors.AsType[*conn.LimitError](err)
	require.True(t, ok, "%v", err)
	require.EqualValues(t, 4, limit.Max)
}

func TestOptionsAreNotModified(t *testing.T) {
	o := one(t, echoes)
	o.Header = http.Header{"x-a": {"1"}, "Cookie": {"a=b"}}
	o.TLS = trusting()
	dialled(t, "ws://h", o)
	require.Equal(t, http.Header{"x-a": {"1"}, "Cookie": {"a=b"}}, o.Header)
	require.Zero(t, o.Timeout)
	require.Empty(t, o.TLS.ServerName)
	require.Nil(t, o.TLS.NextProtos)
}

func TestAHandshakeErrorKeepsItsReason(t *testing.T) {
	e := refused(t, "ws://h#f", one(t, silent))
	require.ErrorIs(t, e, handshake.BadURL)
}
