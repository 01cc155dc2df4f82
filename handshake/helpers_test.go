package handshake_test

import (
	"bufio"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/handshake"
)

// The key and its answer are those of RFC 6455 §1.3.
const (
	sampleKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	sampleAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// goodHead is the request of RFC 6455 §1.3, from a page of the server itself.
var goodHead = crlf(`GET /chat?room=1 HTTP/1.1
Host: server.example.com
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Key: ` + sampleKey + `
Origin: http://server.example.com
Sec-WebSocket-Protocol: chat, superchat
Sec-WebSocket-Version: 13

`)

// crlf gives lines the ends that HTTP wants.
func crlf(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
}

// but is goodHead with a line, or what it begins with, replaced by others.
func but(line, others string) string {
	at := strings.Index(goodHead, line)
	if at < 0 {
		panic("not in the request: " + line)
	}
	end := at + strings.Index(goodHead[at:], "\r\n") + 2
	if others != "" {
		others = crlf(others + "\n")
	}
	return goodHead[:at] + others + goodHead[end:]
}

// and is goodHead with more lines.
func and(lines string) string {
	return strings.TrimSuffix(goodHead, "\r\n") + crlf(lines+"\n\n")
}

// parse reads a whole raw head.
func parse(raw string) (*handshake.Request, error) {
	var p handshake.Parser
	r, n, err := p.Parse([]byte(raw))
	if err == nil && n != len(raw) {
		return nil, errors.New("the head is not complete")
	}
	return r, err
}

// viaHTTP reads a whole raw head with net/http.
func viaHTTP(raw string) (*handshake.Request, error) {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		return nil, err
	}
	return handshake.FromHTTP(r)
}

// mustParse reads a head that breaks no rule.
func mustParse(t testing.TB, raw string) *handshake.Request {
	t.Helper()
	r, err := parse(raw)
	require.NoError(t, err, raw)
	return r
}

// requireBroken checks that a handshake failed by the rule that is quoted
// first: section, colon, and what the rule says.
func requireBroken(t *testing.T, err error, rule string, status int, reason handshake.Reason) *handshake.Error {
	t.Helper()
	var e *handshake.Error
	require.ErrorAs(t, err, &e)
	require.True(t, strings.HasPrefix(e.Msg, rule), "got  %s\nwant %s", e.Msg, rule)
	require.Equal(t, status, e.Status, e.Msg)
	require.Equal(t, reason, e.Reason, e.Msg)
	require.ErrorIs(t, err, reason)
	return e
}
