package handshake_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/handshake"
)

func TestARequestIsReadAlikeFromBytesAndFromNetHTTP(t *testing.T) {
	raw := and("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\nCookie: a=1\nCookie: b=2")
	for name, read := range map[string]func(string) (*handshake.Request, error){"bytes": parse, "net/http": viaHTTP} {
		r, err := read(raw)
		require.NoError(t, err, name)
		require.Equal(t, 1, r.Proto)
		require.Equal(t, "/chat?room=1", r.Path)
		require.Equal(t, "server.example.com", r.Host)
		require.Equal(t, "http", r.Scheme)
		require.Equal(t, "http://server.example.com", r.Origin)
		require.Equal(t, sampleKey, r.Key)
		require.Equal(t, []string{"chat", "superchat"}, r.Subprotocols)
		require.Equal(t, []handshake.Extension{{
			Name:   "permessage-deflate",
			Params: []handshake.Param{{Name: "client_max_window_bits"}},
		}}, r.Extensions)
		require.Equal(t, http.Header{
			"Upgrade":                  {"websocket"},
			"Connection":               {"Upgrade"},
			"Sec-Websocket-Key":        {sampleKey},
			"Origin":                   {"http://server.example.com"},
			"Sec-Websocket-Protocol":   {"chat, superchat"},
			"Sec-Websocket-Version":    {"13"},
			"Sec-Websocket-Extensions": {"permessage-deflate; client_max_window_bits"},
			"Cookie":                   {"a=1", "b=2"},
		}, r.Header(), name)
		require.Equal(t, "1", r.URL().Query().Get("room"))
		require.Equal(t, "/chat", r.URL().Path)
		require.Empty(t, r.PathValue("room"))
	}
}

func TestWhatTheRulesAllowIsAccepted(t *testing.T) {
	for _, raw := range []string{
		but("Upgrade", "Upgrade: WebSocket"),
		but("Upgrade", "Upgrade: foo/1, websocket"),
		but("Upgrade", "Upgrade: foo\nUpgrade: websocket"),
		but("Upgrade", "upgrade:websocket"),
		but("Connection", "Connection: keep-alive, Upgrade"),
		but("Connection", "Connection: keep-alive\nConnection: upgrade"),
		but("Connection", "CONNECTION: , ,\tUPGRADE ,"),
		but("Sec-WebSocket-Protocol", ""),
		but("Origin", ""),
		but("Host", "Host: [::1]:8080"),
		but("Host", "Host: localhost:"),
		and("Content-Length: 0"),
		and("X-Name: \t \u00e9 \t"),
		and("X-Empty:"),
		strings.Replace(goodHead, "HTTP/1.1", "HTTP/1.2", 1),
		but("GET", `GET /chat?room="{|}"&%zz HTTP/1.1`),
	} {
		_, err := parse(raw)
		require.NoError(t, err, raw)
		_, err = viaHTTP(raw)
		require.NoError(t, err, raw)
	}
}

func TestSubprotocolsInSeveralLinesAreOneList(t *testing.T) {
	r := mustParse(t, and("Sec-WebSocket-Protocol: Chat\nSec-WebSocket-Protocol: , mqtt,"))
	require.Equal(t, []string{"chat", "superchat", "Chat", "mqtt"}, r.Subprotocols)
}

func TestExtensionsInSeveralLinesAreOneList(t *testing.T) {
	r := mustParse(t, and("Sec-WebSocket-Extensions: a\nSec-WebSocket-Extensions: b; c=1"))
	require.Equal(t, []handshake.Extension{
		{Name: "a"}, {Name: "b", Params: []handshake.Param{{Name: "c", Value: "1"}}},
	}, r.Extensions)
}

func TestARequestTargetMayBeAnAbsoluteURL(t *testing.T) {
	for target, path := range map[string]string{
		"http://server.example.com/chat?room=1": "/chat?room=1",
		"HTTPS://SERVER.example.com/chat":       "/chat",
		"http://server.example.com":             "/",
		"http://server.example.com?room=1":      "/?room=1",
		"//elsewhere.example.com/chat":          "//elsewhere.example.com/chat", // a path
		"/?next=http://example.com/":            "/?next=http://example.com/",
	} {
		r := mustParse(t, but("GET", "GET "+target+" HTTP/1.1"))
		require.Equal(t, path, r.Path, target)
		require.Equal(t, "server.example.com", r.Host)
		require.Equal(t, path, r.URL().String())
	}
}

func TestARequestFromNetHTTPKnowsItsConnectionAndRoute(t *testing.T) {
	var got *handshake.Request
	mux := http.NewServeMux()
	mux.HandleFunc("/rooms/{id}", func(_ http.ResponseWriter, r *http.Request) {
		var err error
		got, err = handshake.FromHTTP(r)
		require.NoError(t, err)
	})
	r := httptest.NewRequest("GET", "https://server.example.com/rooms/7", nil)
	r.Header = mustParse(t, goodHead).Header()
	r.TLS, r.RemoteAddr = &tls.ConnectionState{ServerName: "server.example.com"}, "192.0.2.1:5000"
	mux.ServeHTTP(httptest.NewRecorder(), r)
	require.Equal(t, "7", got.PathValue("id"))
	require.Equal(t, "https", got.Scheme)
	require.Equal(t, r.TLS, got.TLS)
	require.Equal(t, "192.0.2.1:5000", got.RemoteAddr)
}

func TestAnExtendedConnectIsAHandshake(t *testing.T) {
	r := http2Request()
	req, err := handshake.FromHTTP(r)
	require.NoError(t, err)
	require.Equal(t, 2, req.Proto)
	require.Equal(t, "/chat", req.Path)
	require.Empty(t, req.Key)
	require.Equal(t, "https", req.Scheme)
	require.Equal(t, "https://server.example.com", req.Origin)
}

func TestARequestMadeByHandWithABadPathHasAnEmptyURL(t *testing.T) {
	require.Empty(t, (&handshake.Request{Path: "%"}).URL().String())
}

func TestARefusalSaysWhatMustBeSaidForItsStatus(t *testing.T) {
	_, err := parse(but("GET", "PUT / HTTP/1.1"))
	e := requireBroken(t, err, "RFC 6455 §4.2.1(1)", 405, handshake.BadMethod)
	require.Equal(t, http.Header{"Allow": {"GET"}}, e.Header)
	for _, raw := range []string{
		but("Upgrade", ""),
		but("Sec-WebSocket-Version", ""),
		but("Sec-WebSocket-Version", "Sec-WebSocket-Version: 14"),
	} {
		_, err := parse(raw)
		e := requireBroken(t, err, "RFC 6455 §4.2.1", 426, err.(*handshake.Error).Reason)
		require.Equal(t, http.Header{
			"Upgrade":               {"websocket"},
			"Connection":            {"Upgrade"},
			"Sec-Websocket-Version": {"13"},
		}, e.Header)
	}
}

func TestARefusalOfHTTP10SaysWhatElseIsWrong(t *testing.T) {
	raw := strings.Replace(but("Upgrade", ""), "HTTP/1.1", "HTTP/1.0", 1)
	_, err := parse(raw)
	require.ErrorIs(t, err, handshake.BadHTTPVersion)
	require.ErrorIs(t, err, handshake.BadUpgrade)
	require.ErrorContains(t, err, "proxy_http_version 1.1")
}

func TestARefusalQuotesWhatWasReceivedSafelyAndInPart(t *testing.T) {
	_, err := parse(but("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8"))
	require.ErrorContains(t, err, `Sec-WebSocket-Version is not 13, got "8". Send 13`)
	_, err = parse(but("Sec-WebSocket-Key", "Sec-WebSocket-Key: \u202e\"<b>"+strings.Repeat("x", 1000)))
	require.ErrorContains(t, err, `got "\u202e\"<b>`)
	require.ErrorContains(t, err, `xxx"...`)
	require.Less(t, len(err.Error()), 400)
}
