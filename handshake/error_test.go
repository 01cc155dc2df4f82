package handshake_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/handshake"
)

func TestARefusalIsAnHTTPResponse(t *testing.T) {
	_, err := parse(but("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8"))
	got := string(err.(*handshake.Error).AppendResponse([]byte("before ")))
	const body = "RFC 6455 §4.2.1(6): Sec-WebSocket-Version is not 13, got \"8\". Send 13, which is all that this server speaks.\n"
	require.Equal(t, "before "+crlf(`HTTP/1.1 426 Upgrade Required
Connection: Upgrade
Connection: close
Content-Length: 110
Content-Type: text/plain; charset=utf-8
Sec-Websocket-Version: 13
Upgrade: websocket
X-Content-Type-Options: nosniff

`)+body, got)
	require.Len(t, body, 110)
}

func TestARefusalIsAnHTTPHandler(t *testing.T) {
	_, err := parse(but("Upgrade", ""))
	w := httptest.NewRecorder()
	err.(*handshake.Error).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	require.Equal(t, 426, w.Code)
	require.Equal(t, http.Header{
		"Upgrade":                {"websocket"},
		"Connection":             {"Upgrade"},
		"Sec-Websocket-Version":  {"13"},
		"Content-Type":           {"text/plain; charset=utf-8"},
		"X-Content-Type-Options": {"nosniff"},
	}, w.Header())
	require.Equal(t, err.Error()+"\n", w.Body.String())
}

func TestARefusalInHTTP2SaysNothingOfTheConnection(t *testing.T) {
	e := &handshake.Error{Status: 426, Header: http.Header{"Upgrade": {"x"}, "Connection": {"Upgrade"}, "X-Other": {"y"}}}
	w := httptest.NewRecorder()
	e.ServeHTTP(w, http2Request())
	require.NotContains(t, w.Header(), "Upgrade")
	require.NotContains(t, w.Header(), "Connection")
	require.Equal(t, "y", w.Header().Get("X-Other"))
}

func TestAServerThatIsFullSaysWhenToComeBack(t *testing.T) {
	e := handshake.Unavailable(30, "1000 connections are enough")
	require.Equal(t, 503, e.Status)
	require.ErrorIs(t, e, handshake.Overloaded)
	require.Equal(t, "30", e.Header.Get("Retry-After"))
	require.EqualError(t, e, "1000 connections are enough")
	require.Nil(t, handshake.Unavailable(-1, "").Header)
	require.EqualError(t, handshake.Unavailable(-1, ""), "Service Unavailable")
}

// Authorize can return any Error. What it holds must not become another
// response.
func TestARefusalCannotBeSplit(t *testing.T) {
	e := &handshake.Error{
		Status: 401,
		Header: http.Header{
			"X-Bad\r\nX-Injected": {"1"},
			"X-Bad":               {"1\r\nX-Injected: 2"},
			"":                    {"3"},
			"Content-Length":      {"0"},
			"Transfer-Encoding":   {"chunked"},
			"www-authenticate":    {"Basic"},
			"Content-Type":        {"application/problem+json"},
		},
		Msg: "\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
	}
	b := e.AppendResponse(nil)
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(string(b))), nil)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, e.Msg+"\n", string(body))
	require.Equal(t, 401, resp.StatusCode)
	require.Equal(t, "Basic", resp.Header.Get("WWW-Authenticate"))
	require.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"))
	require.True(t, resp.Close)
	require.NotContains(t, string(b), "Injected")
	require.Empty(t, resp.TransferEncoding)
}

func TestAnsweringDoesNotModifyTheRefusal(t *testing.T) {
	values := []string{"Upgrade", "untouched"}
	e := &handshake.Error{Status: 426, Header: http.Header{"Connection": values[:1]}}
	require.Equal(t, e.AppendResponse(nil), e.AppendResponse(nil))
	require.Equal(t, []string{"Upgrade", "untouched"}, values)
}

func TestARefusalAlwaysRefuses(t *testing.T) {
	for status, want := range map[int]int{0: 500, 101: 500, 200: 500, 299: 500, 600: 500, -1: 500, 302: 302, 599: 599} {
		w := httptest.NewRecorder()
		(&handshake.Error{Status: status}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		require.Equal(t, want, w.Code)
	}
}

func TestARefusalDoesNotTellItsCause(t *testing.T) {
	cause := errors.New("the database is down")
	e := &handshake.Error{Status: 503, Msg: "later", Err: cause}
	require.EqualError(t, e, "later: the database is down")
	require.ErrorIs(t, e, cause)
	require.NotContains(t, string(e.AppendResponse(nil)), "database")
	require.NotErrorIs(t, e, handshake.BadKey)
}

func TestEveryReasonHasAName(t *testing.T) {
	seen := map[string]bool{}
	for r := handshake.MalformedHead; r <= handshake.BadAccept; r++ {
		require.NotEmpty(t, r.String())
		require.False(t, seen[r.String()], r)
		require.EqualError(t, r, r.String())
		seen[r.String()] = true
	}
	require.Equal(t, "unknown reason", handshake.Reason(0).String())
	require.Equal(t, "unknown reason", handshake.Reason(200).String())
}
