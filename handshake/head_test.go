package handshake_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/handshake"
)

func TestBytesBehindTheHeadAreLeft(t *testing.T) {
	var p handshake.Parser
	r, n, err := p.Parse([]byte(goodHead + "\x81\x80\x00\x00\x00\x00"))
	require.NoError(t, err)
	require.NotNil(t, r)
	require.Equal(t, len(goodHead), n)
}

func TestAHeadMayComeInPieces(t *testing.T) {
	for cut := range len(goodHead) {
		var p handshake.Parser
		r, n, err := p.Parse([]byte(goodHead[:cut]))
		require.NoError(t, err, cut)
		require.Zero(t, n, cut)
		require.Nil(t, r, cut)
		r, n, err = p.Parse([]byte(goodHead))
		require.NoError(t, err, cut)
		require.Equal(t, len(goodHead), n)
		require.Equal(t, sampleKey, r.Key)
	}
}

func TestARequestKeepsNothingOfTheBytes(t *testing.T) {
	var p handshake.Parser
	b := []byte(goodHead)
	r, _, err := p.Parse(b)
	require.NoError(t, err)
	clear(b)
	require.Equal(t, "/chat?room=1", r.Path)
	require.Equal(t, sampleKey, r.Key)
	require.Equal(t, "websocket", r.Header().Get("Upgrade"))
}

func TestAParserIsReadyForTheNextConnection(t *testing.T) {
	var p handshake.Parser
	for range 3 {
		_, n, err := p.Parse([]byte(goodHead))
		require.NoError(t, err)
		require.Equal(t, len(goodHead), n)
	}
}

func TestAParsersErrorStays(t *testing.T) {
	var p handshake.Parser
	_, _, err := p.Parse([]byte("GET /\r\n"))
	require.ErrorIs(t, err, handshake.MalformedHead)
	_, n, again := p.Parse([]byte(goodHead))
	require.Same(t, err, again)
	require.Zero(t, n)
}

// What speaks another protocol is refused at its first line, not when the
// time for the handshake is over.
func TestAnotherProtocolIsRefusedAtOnce(t *testing.T) {
	for _, hello := range []string{"\x16\x03\x01\x02\x00", "SSH-2.0-Go\r\n", "PRI * HTTP/2.0\r\n", "EHLO example.com\r\n"} {
		var p handshake.Parser
		_, _, err := p.Parse([]byte(hello))
		require.Error(t, err, "%q", hello)
	}
}

func TestTheLimitsAreExact(t *testing.T) {
	lines := strings.Count(goodHead, "\r\n") - 2
	longest := 0
	for line := range strings.Lines(goodHead) {
		longest = max(longest, len(line))
	}
	for _, row := range []struct {
		limits  handshake.Limits
		refused string
	}{
		{handshake.Limits{MaxBytes: len(goodHead)}, ""},
		{handshake.Limits{MaxBytes: len(goodHead) - 1}, "RFC 6585 §5: the request's header is longer"},
		{handshake.Limits{MaxBytes: 10}, "RFC 9112 §3: the request line is longer"},
		{handshake.Limits{MaxHeaders: lines}, ""},
		{handshake.Limits{MaxHeaders: lines - 1}, "RFC 6585 §5: the request has more header fields"},
		{handshake.Limits{MaxLine: longest}, ""},
		{handshake.Limits{MaxLine: longest - 1}, "RFC 6585 §5: the request's header is longer"},
		{handshake.Limits{MaxLine: 20}, "RFC 9112 §3: the request line is longer"},
		{handshake.Limits{MaxBytes: -1, MaxHeaders: -1, MaxLine: -1}, ""},
	} {
		p := handshake.Parser{Limits: row.limits}
		_, n, err := p.Parse([]byte(goodHead))
		if row.refused == "" {
			require.NoError(t, err, "%+v", row.limits)
			require.Equal(t, len(goodHead), n)
			continue
		}
		require.ErrorContains(t, err, row.refused, "%+v", row.limits)
	}
}

// A request line that never ends is refused when it has used up its room, not
// when it has filled the memory.
func TestALineThatDoesNotEndIsRefused(t *testing.T) {
	var p handshake.Parser
	b := []byte("GET /")
	for len(b) < 8191 {
		_, _, err := p.Parse(b)
		require.NoError(t, err)
		b = append(b, 'a')
	}
	_, _, err := p.Parse(append(b, 'a'))
	require.ErrorIs(t, err, handshake.HeadTooLarge)
}

func TestTheTimeToParseGrowsWithTheBytesAndNotWithTheCuts(t *testing.T) {
	raw := and("Cookie: " + strings.Repeat("a", 8000) + strings.Repeat("\nX-Name: "+strings.Repeat("b", 100), 60))
	var whole, bytewise handshake.Parser
	_, n, err := whole.Parse([]byte(raw))
	require.NoError(t, err)
	require.Equal(t, len(raw), n)
	for i := range len(raw) + 1 {
		_, n, err = bytewise.Parse([]byte(raw[:i]))
		require.NoError(t, err)
	}
	require.Equal(t, len(raw), n)
	require.Equal(t, len(raw), whole.Effort(), "every octet is searched once")
	require.Equal(t, len(raw), bytewise.Effort(), "and once if they come one by one")
}

func TestParsingAllocatesLittle(t *testing.T) {
	var p handshake.Parser
	count := func(raw string) float64 {
		b := []byte(raw)
		return testing.AllocsPerRun(100, func() {
			if _, _, err := p.Parse(b); err != nil {
				t.Error(err)
			}
		})
	}
	// The Request and the text that its strings are part of.
	plain := but("Sec-WebSocket-Protocol", "")
	require.LessOrEqual(t, count(plain), 2.0)
	// And the list of subprotocols.
	require.LessOrEqual(t, count(goodHead), 3.0)
	// What a browser sends: extensions and their parameters.
	browser := strings.TrimSuffix(plain, "\r\n") + "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
	require.LessOrEqual(t, count(browser), 4.0)
}

func BenchmarkParse(b *testing.B) {
	raw := []byte(and("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\nUser-Agent: Mozilla/5.0\nAccept-Language: en\nCookie: session=" + strings.Repeat("c", 64)))
	var p handshake.Parser
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, _, err := p.Parse(raw); err != nil {
			b.Fatal(err)
		}
	}
}
