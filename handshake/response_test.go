package handshake_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/handshake"
)

// The bytes of RFC 6455 §1.3.
func TestTheAnswerToTheSampleRequestIsThatOfTheRFC(t *testing.T) {
	p := handshake.Policy{Subprotocols: []string{"chat"}}
	res, err := p.Accept(mustParse(t, goodHead))
	require.NoError(t, err)
	got, err := res.AppendResponse([]byte("before "))
	require.NoError(t, err)
	require.Equal(t, "before "+crlf(`HTTP/1.1 101 Switching Protocols
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
Sec-WebSocket-Protocol: chat

`), string(got))
}

func TestTheAnswerHasNoSubprotocolUnlessOneIsChosen(t *testing.T) {
	p := handshake.Policy{
		Subprotocols: []string{"mqtt"},
		Authorize: func(*handshake.Request) (http.Header, error) {
			return http.Header{"Set-Cookie": {"a=1", "b=2"}, "Server": {"bellwire"}}, nil
		},
	}
	res, err := p.Accept(mustParse(t, goodHead))
	require.NoError(t, err)
	got, err := res.AppendResponse(nil)
	require.NoError(t, err)
	require.Equal(t, crlf(`HTTP/1.1 101 Switching Protocols
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
Server: bellwire
Set-Cookie: a=1
Set-Cookie: b=2

`), string(got))
}

func TestAppendingTheAnswerAllocatesNothing(t *testing.T) {
	res, err := new(handshake.Policy).Accept(mustParse(t, goodHead))
	require.NoError(t, err)
	dst := make([]byte, 0, 256)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := res.AppendResponse(dst); err != nil {
			t.Error(err)
		}
	}))
}
