package handshake_test

import (
	"bufio"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/handshake"
)

func offer(t testing.TB, rawURL string) *handshake.Offer {
	t.Helper()
	u, err := url.Parse(rawURL)
	require.NoError(t, err)
	return &handshake.Offer{URL: u}
}

// to is an offer to a URL that need not be one.
func to(u *url.URL) func() error {
	return func() error { return (&handshake.Offer{URL: u}).Check() }
}

func withHeader(name string, values ...string) func() error {
	return func() error {
		o := handshake.Offer{URL: &url.URL{Scheme: "ws", Host: "example.com"}, Header: http.Header{name: values}}
		return o.Check()
	}
}

func withSubprotocols(names ...string) func() error {
	return func() error {
		o := handshake.Offer{URL: &url.URL{Scheme: "ws", Host: "example.com"}, Subprotocols: names}
		return o.Check()
	}
}

func answer(change func(*handshake.Result)) func() error {
	return func() error {
		r, err := parse(goodHead)
		if err != nil {
			return err
		}
		res := &handshake.Result{Request: r, Status: 101}
		change(res)
		dst, err := res.AppendResponse([]byte("before"))
		if string(dst) != "before" {
			panic("something was written")
		}
		return err
	}
}

// writeRules are broken by what this side is about to send.
var writeRules = []struct {
	rule   string
	reason handshake.Reason
	err    func() error
}{
	{"RFC 6455 §3: the URL's scheme is neither ws nor wss", handshake.BadURL, to(nil)},
	{"RFC 6455 §3: the URL's scheme is neither ws nor wss", handshake.BadURL, to(&url.URL{})},
	{"RFC 6455 §3: the URL's scheme is neither ws nor wss", handshake.BadURL, to(&url.URL{Scheme: "ftp", Host: "a"})},
	{"RFC 6455 §3: the URL's host", handshake.BadURL, to(&url.URL{Scheme: "ws"})},
	{"RFC 6455 §3: the URL's host", handshake.BadURL, to(&url.URL{Scheme: "ws", Opaque: "example.com"})},
	{"RFC 6455 §3: the URL's host", handshake.BadURL, to(&url.URL{Scheme: "ws", Host: "a\r\nb"})},
	{"RFC 6455 §3: the URL's host", handshake.BadURL, to(&url.URL{Scheme: "ws", Host: "a:0"})},
	{"RFC 6455 §3: the URL's host", handshake.BadURL, to(&url.URL{Scheme: "ws", Host: "a:65536"})},
	{"RFC 6455 §3: the URL's host", handshake.BadURL, to(&url.URL{Scheme: "ws", Host: "::1"})},
	{"RFC 6455 §3: the URL's host", handshake.BadURL, to(&url.URL{Scheme: "ws", Host: "\u00ad"})},
	{"RFC 6455 §3: the URL's host", handshake.BadURL, to(&url.URL{Scheme: "ws", Host: "\ufffd"})},
	{"RFC 6455 §3: a WebSocket's URL has no fragment", handshake.BadURL, to(&url.URL{Scheme: "ws", Host: "a", Fragment: "b"})},
	{"RFC 6455 §3: the URL's path or query has a byte", handshake.BadURL, to(&url.URL{Scheme: "ws", Host: "a", RawQuery: "b\r\nc"})},
	{"RFC 6455 §3: the URL's path or query has a byte", handshake.BadURL, to(&url.URL{Scheme: "ws", Host: "a", RawQuery: "b#c"})},
	{"RFC 6455 §3: the URL's path or query has a byte", handshake.BadURL, to(&url.URL{Scheme: "ws", Host: "a", Path: "b"})},
	{"RFC 7617 §2: the URL's user name has a colon", handshake.BadURL, to(&url.URL{Scheme: "ws", Host: "a", User: url.User("b:c")})},
	{"RFC 7617 §2: the URL's user name has a colon", handshake.BadURL, to(&url.URL{Scheme: "ws", Host: "a", User: url.UserPassword("b", "c\n")})},
	{"RFC 9110 §5.1: the name of a header field is not a token", handshake.BadHeader, withHeader("X Name", "1")},
	{"RFC 9110 §5.1: the name of a header field is not a token", handshake.BadHeader, withHeader("", "1")},
	{"RFC 9110 §5.1: the name of a header field is not a token", handshake.BadHeader, withHeader("X:\r\nY", "1")},
	{"RFC 9110 §5.5: a header field has a line end", handshake.BadHeader, withHeader("X-Name", "1", "2\r\nX-Injected: 3")},
	{"RFC 9110 §5.5: a header field has a line end", handshake.BadHeader, withHeader("X-Name", "\x00")},
	{"RFC 9110 §5.5: a header field has a line end", handshake.BadHeader, withHeader("X-Name", "a\rb")},
	{"RFC 6455 §4: the header field belongs to the handshake. Leave it out", handshake.BadHeader, withHeader("Upgrade", "h2c")},
	{"RFC 6455 §4: the header field belongs to the handshake", handshake.BadHeader, withHeader("connection", "close")},
	{"RFC 6455 §4: the header field belongs to the handshake", handshake.BadHeader, withHeader("Sec-WebSocket-Key", sampleKey)},
	{"RFC 6455 §4: the header field belongs to the handshake", handshake.BadHeader, withHeader("sec-websocket-version", "13")},
	{"RFC 6455 §4: the header field belongs to the handshake", handshake.BadHeader, withHeader("Sec-WebSocket-Extensions", "a")},
	{"RFC 6455 §4: the header field belongs to the handshake", handshake.BadHeader, withHeader("Sec-WebSocket-Accept", "a")},
	{"RFC 6455 §4: the header field belongs to the handshake", handshake.BadHeader, withHeader("Content-Length", "5")},
	{"RFC 6455 §4: the header field belongs to the handshake", handshake.BadHeader, withHeader("Transfer-Encoding", "chunked")},
	{"RFC 6455 §4: the header field belongs to the handshake, got \"Sec-Websocket-Protocol\". Use Subprotocols", handshake.BadHeader, withHeader("Sec-WebSocket-Protocol", "chat")},
	{"RFC 9112 §3.2: Host in Header is not one name", handshake.BadHeader, withHeader("Host", "a", "b")},
	{"RFC 9112 §3.2: Host in Header is not one name", handshake.BadHeader, withHeader("host", "a b")},
	{"RFC 6455 §4.1(10): a subprotocol is not a token", handshake.BadSubprotocol, withSubprotocols("a", "b, c")},
	{"RFC 6455 §4.1(10): a subprotocol is not a token", handshake.BadSubprotocol, withSubprotocols("")},
	{"RFC 6455 §4.1(10): a subprotocol is there twice", handshake.BadSubprotocol, withSubprotocols("a", "b", "a")},
	{"RFC 6455 §4.1(7): the key is not 16 bytes", handshake.BadKey, func() error {
		o := handshake.Offer{URL: &url.URL{Scheme: "ws", Host: "a"}}
		_, err := o.AppendRequest(nil, "short\r\nX-Injected: 1")
		return err
	}},
	{"RFC 8441 §5: there is no HTTP/1.1 request to answer", handshake.BadStatus, answer(func(res *handshake.Result) { res.Status = 200 })},
	{"RFC 8441 §5: there is no HTTP/1.1 request to answer", handshake.BadStatus, answer(func(res *handshake.Result) { res.Request = nil })},
	{"RFC 6455 §4.1(10): a subprotocol is not a token", handshake.BadSubprotocol, answer(func(res *handshake.Result) { res.Subprotocol = "a\r\nb" })},
	{"RFC 9110 §5.5: a header field has a line end", handshake.BadHeader, answer(func(res *handshake.Result) { res.Header = http.Header{"A": {"\n"}} })},
	{"RFC 6455 §4: the header field belongs to the handshake", handshake.BadHeader, answer(func(res *handshake.Result) { res.Header = http.Header{"Upgrade": {"a"}} })},
}

func TestWhatMustNotBeSentIsNotWritten(t *testing.T) {
	for _, row := range writeRules {
		err := row.err()
		require.Error(t, err, row.rule)
		e, ok := err.(*handshake.Error)
		require.True(t, ok)
		want, _, _ := strings.Cut(row.rule, ", got")
		want, _, _ = strings.Cut(want, ". ")
		require.Contains(t, e.Msg, want)
		require.Equal(t, row.reason, e.Reason, row.rule)
		require.Zero(t, e.Status)
	}
	o := offer(t, "ws://example.com/#top")
	dst, err := o.AppendRequest([]byte("before"), sampleKey)
	require.ErrorIs(t, err, handshake.BadURL)
	require.Equal(t, "before", string(dst))
}

func TestTheRequestIsThatOfTheRFC(t *testing.T) {
	o := offer(t, "ws://server.example.com/chat?room=1")
	o.Header = http.Header{"Origin": {"http://server.example.com"}}
	o.Subprotocols = []string{"chat", "superchat"}
	b, err := o.AppendRequest([]byte("before "), sampleKey)
	require.NoError(t, err)
	require.Equal(t, "before "+crlf(`GET /chat?room=1 HTTP/1.1
Host: server.example.com
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Sec-WebSocket-Version: 13
Sec-WebSocket-Protocol: chat, superchat
Origin: http://server.example.com

`), string(b))
}

func TestAURLSaysWhereToConnectAndWhatToAskFor(t *testing.T) {
	for _, row := range []struct {
		url, addr string
		secure    bool
		host      string
		target    string
	}{
		{"ws://example.com", "example.com:80", false, "example.com", "/"},
		{"wss://example.com", "example.com:443", true, "example.com", "/"},
		{"http://example.com/a", "example.com:80", false, "example.com", "/a"},
		{"https://example.com/a", "example.com:443", true, "example.com", "/a"},
		{"WS://example.com", "example.com:80", false, "example.com", "/"},
		{"ws://example.com:80", "example.com:80", false, "example.com", "/"},
		{"ws://example.com:443", "example.com:443", false, "example.com:443", "/"},
		{"wss://example.com:443", "example.com:443", true, "example.com", "/"},
		{"ws://example.com:8080/", "example.com:8080", false, "example.com:8080", "/"},
		{"ws://[::1]/", "[::1]:80", false, "[::1]", "/"},
		{"ws://[::1]:8080/", "[::1]:8080", false, "[::1]:8080", "/"},
		{"ws://[fe80::1%25eth0]:8080/", "[fe80::1%eth0]:8080", false, "[fe80::1]:8080", "/"},
		{"ws://b\u00fccher.example:81/", "xn--bcher-kva.example:81", false, "xn--bcher-kva.example:81", "/"},
		{"ws://B\u00dcCHER.example/", "xn--bcher-kva.example:80", false, "xn--bcher-kva.example", "/"},
		{"ws://example.com?a=b", "example.com:80", false, "example.com", "/?a=b"},
		{"ws://example.com/a?", "example.com:80", false, "example.com", "/a?"},
		{"ws://example.com//a/%2F?b=%2f&c=//", "example.com:80", false, "example.com", "//a/%2F?b=%2f&c=//"},
		{"ws://example.com/caf\u00e9 1?q=caf\u00e9 2", "example.com:80", false, "example.com", "/caf%C3%A9%201?q=caf%C3%A9%202"},
		{"ws://example.com/%23", "example.com:80", false, "example.com", "/%23"},
	} {
		o := offer(t, row.url)
		require.NoError(t, o.Check(), row.url)
		require.Equal(t, row.addr, o.Addr(), row.url)
		require.Equal(t, row.secure, o.Secure(), row.url)
		b, err := o.AppendRequest(nil, sampleKey)
		require.NoError(t, err, row.url)
		// Read back by our own server and by net/http's.
		for _, read := range []func(string) (*handshake.Request, error){parse, viaHTTP} {
			r, err := read(string(b))
			require.NoError(t, err, row.url)
			require.Equal(t, row.host, r.Host, row.url)
			require.Equal(t, row.target, r.Path, row.url)
			require.Equal(t, sampleKey, r.Key)
		}
	}
}

func TestAUserInTheURLBecomesAField(t *testing.T) {
	read := func(o *handshake.Offer) *http.Request {
		b, err := o.AppendRequest(nil, sampleKey)
		require.NoError(t, err)
		require.NotContains(t, string(b), "s@crt")
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(string(b))))
		require.NoError(t, err)
		return r
	}
	o := offer(t, "ws://me:s%40crt@example.com/")
	user, password, ok := read(o).BasicAuth()
	require.True(t, ok)
	require.Equal(t, "me", user)
	require.Equal(t, "s@crt", password)

	o.Header = http.Header{"authorization": {"Bearer t"}}
	require.Equal(t, []string{"Bearer t"}, read(o).Header["Authorization"], "the header has the last word")
}

func TestHostInTheHeaderStandsInPlaceOfTheURLs(t *testing.T) {
	o := offer(t, "ws://127.0.0.1:9000/")
	o.Header = http.Header{"Host": {"example.com"}, "X-Name": {"1"}, "x-name": {"2"}}
	b, err := o.AppendRequest(nil, sampleKey)
	require.NoError(t, err)
	require.Equal(t, "example.com", mustParse(t, string(b)).Host)
	require.Equal(t, "127.0.0.1:9000", o.Addr())
	require.ElementsMatch(t, []string{"1", "2"}, mustParse(t, string(b)).Header()["X-Name"])
	require.Len(t, o.Header, 3, "the caller's header is as it was")
}

func TestAnErrorDoesNotRepeatASecret(t *testing.T) {
	u, err := url.Parse("ws://example.com/")
	require.NoError(t, err)
	o := handshake.Offer{URL: u, Header: http.Header{"Authorization": {"Bearer hunter2\nx"}}}
	err = o.Check()
	require.ErrorContains(t, err, `"Authorization: ...\n..."`)
	require.NotContains(t, err.Error(), "hunter2")
}
