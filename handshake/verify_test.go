package handshake_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/handshake"
)

var goodAnswer = crlf(`HTTP/1.1 101 Switching Protocols
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Accept: ` + sampleAccept + `
Sec-WebSocket-Protocol: chat

`)

func answered(old, new string) string {
	if !strings.Contains(goodAnswer, old) {
		panic("not in the answer: " + old)
	}
	return strings.Replace(goodAnswer, old, crlf(new), 1)
}

func response(t testing.TB, raw string) *http.Response {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(raw)), nil)
	require.NoError(t, err, raw)
	return resp
}

const (
	lineUpgrade     = "Upgrade: websocket\r\n"
	lineConnection  = "Connection: Upgrade\r\n"
	lineAccept      = "Sec-WebSocket-Accept: " + sampleAccept + "\r\n"
	lineSubprotocol = "Sec-WebSocket-Protocol: chat\r\n"
)

// verifyRules are broken by what a server answers.
var verifyRules = []struct {
	rule   string
	reason handshake.Reason
	raw    string
}{
	{"RFC 6455 §4.1: the server did not switch protocols, got \"200 OK\"", handshake.BadStatus, answered("101 Switching Protocols", "200 OK")},
	{"RFC 6455 §4.1: the server did not switch protocols", handshake.BadStatus, answered("101 Switching Protocols", "401 Unauthorized")},
	{"RFC 9112 §2.3: the server switched protocols in a version that cannot", handshake.BadHTTPVersion, answered("HTTP/1.1", "HTTP/1.0")},
	{"RFC 6455 §4.1: the server's Upgrade is not websocket", handshake.BadUpgrade, answered(lineUpgrade, "")},
	{"RFC 6455 §4.1: the server's Upgrade is not websocket", handshake.BadUpgrade, answered(lineUpgrade, "Upgrade: websocket, foo\n")},
	{"RFC 6455 §4.1: the server's Upgrade is not websocket", handshake.BadUpgrade, answered(lineUpgrade, "Upgrade: websocket\nUpgrade: websocket\n")},
	{"RFC 6455 §4.1: the server's Upgrade is not websocket", handshake.BadUpgrade, answered(lineUpgrade, "Upgrade: websocket/13\n")},
	{"RFC 6455 §4.1: the server's Connection does not name upgrade", handshake.BadConnection, answered(lineConnection, "")},
	{"RFC 6455 §4.1: the server's Connection does not name upgrade", handshake.BadConnection, answered(lineConnection, "Connection: upgraded\n")},
	{"RFC 6455 §11.3.3: the server did not send Sec-WebSocket-Accept once", handshake.BadAccept, answered(lineAccept, "")},
	{"RFC 6455 §11.3.3: the server did not send Sec-WebSocket-Accept once", handshake.BadAccept, answered(lineAccept, lineAccept+lineAccept)},
	{"RFC 6455 §4.1: the server's Sec-WebSocket-Accept does not answer the key", handshake.BadAccept, answered(sampleAccept, strings.ToLower(sampleAccept))},
	{"RFC 6455 §4.1: the server's Sec-WebSocket-Accept does not answer the key", handshake.BadAccept, answered(sampleAccept, "")},
	{"RFC 6455 §4.1: the server chose a subprotocol that was not offered", handshake.BadSubprotocol, answered(lineSubprotocol, "Sec-WebSocket-Protocol: mqtt\n")},
	{"RFC 6455 §4.1: the server chose a subprotocol that was not offered", handshake.BadSubprotocol, answered(lineSubprotocol, "Sec-WebSocket-Protocol: Chat\n")},
	{"RFC 6455 §4.1: the server chose a subprotocol that was not offered", handshake.BadSubprotocol, answered(lineSubprotocol, "Sec-WebSocket-Protocol: chat, superchat\n")},
	{"RFC 6455 §4.1: the server chose a subprotocol that was not offered", handshake.BadSubprotocol, answered(lineSubprotocol, "Sec-WebSocket-Protocol:\n")},
	{"RFC 6455 §11.3.4: the server sent Sec-WebSocket-Protocol more than once", handshake.BadSubprotocol, answered(lineSubprotocol, lineSubprotocol+lineSubprotocol)},
	{"RFC 6455 §4.1: the server chose an extension that was not offered", handshake.BadExtensions, answered(lineSubprotocol, "Sec-WebSocket-Extensions: permessage-deflate\n")},
	{"RFC 6455 §9.1: the server's Sec-WebSocket-Extensions is malformed", handshake.BadExtensions, answered(lineSubprotocol, "Sec-WebSocket-Extensions: ;\n")},
	{"RFC 6455 §9.1: the server's Sec-WebSocket-Extensions is malformed", handshake.BadExtensions, answered(lineSubprotocol, "Sec-WebSocket-Extensions:\n")},
}

func TestAnAnswerThatBreaksARuleFailsTheHandshake(t *testing.T) {
	o := handshake.Offer{Subprotocols: []string{"chat", "superchat"}}
	for _, row := range verifyRules {
		resp := response(t, row.raw)
		res, err := o.Verify(resp, sampleKey)
		requireBroken(t, err, row.rule, resp.StatusCode, row.reason)
		require.Nil(t, res)
	}
}

func TestAGoodAnswerIsAccepted(t *testing.T) {
	o := handshake.Offer{Subprotocols: []string{"chat", "superchat"}}
	for raw, want := range map[string]string{
		goodAnswer:                    "chat",
		answered(lineSubprotocol, ""): "", // none suits the server
		answered(lineUpgrade, "upgrade: WebSocket\n"):                                "chat",
		answered(lineConnection, "Connection: keep-alive\nConnection: x, upgrade\n"): "chat",
		answered(sampleAccept, " \t"+sampleAccept+"\t "):                             "chat",
		answered("HTTP/1.1", "HTTP/1.2"):                                             "chat",
	} {
		resp := response(t, raw)
		res, err := o.Verify(resp, sampleKey)
		require.NoError(t, err, raw)
		require.Equal(t, want, res.Subprotocol)
		require.Equal(t, 101, res.Status)
		require.Equal(t, resp.Header, res.Header)
		require.Nil(t, res.Request)
	}
}

func TestARefusalTellsTheClientWhatTheServerSaid(t *testing.T) {
	resp := response(t, crlf("HTTP/1.1 503 Service Unavailable\nRetry-After: 5\nContent-Length: 0\n\n"))
	_, err := new(handshake.Offer).Verify(resp, sampleKey)
	e := requireBroken(t, err, "RFC 6455 §4.1: the server did not switch protocols, got \"503 Service Unavailable\"", 503, handshake.BadStatus)
	require.Equal(t, "5", e.Header.Get("Retry-After"))
}

// net/http takes white space away, other readers of a response may not.
func TestWhiteSpaceAroundAnAnswersValuesDoesNotMatter(t *testing.T) {
	o := handshake.Offer{Subprotocols: []string{"chat"}}
	resp := response(t, goodAnswer)
	for name := range resp.Header {
		resp.Header[name][0] = " \t" + resp.Header[name][0] + "\t "
	}
	res, err := o.Verify(resp, sampleKey)
	require.NoError(t, err)
	require.Equal(t, "chat", res.Subprotocol)
}

// What one end writes, the other reads.
func TestTheTwoEndsAgree(t *testing.T) {
	o := offer(t, "ws://server.example.com/chat")
	o.Subprotocols = []string{"chat", "superchat"}
	key := handshake.NewKey()
	request, err := o.AppendRequest(nil, key)
	require.NoError(t, err)
	p := handshake.Policy{Subprotocols: []string{"superchat"}}
	res, err := p.Accept(mustParse(t, string(request)))
	require.NoError(t, err)
	answer, err := res.AppendResponse(nil)
	require.NoError(t, err)
	got, err := o.Verify(response(t, string(answer)), key)
	require.NoError(t, err)
	require.Equal(t, "superchat", got.Subprotocol)

	_, err = o.Verify(response(t, string(answer)), handshake.NewKey())
	require.ErrorIs(t, err, handshake.BadAccept)
}
