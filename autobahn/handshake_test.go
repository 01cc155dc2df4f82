package autobahn

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/wstest"
)

const goodAnswer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ACCEPT\r\n\r\n"

// knocked is the outcome of an opening handshake with a server that gives an
// answer in which ACCEPT stands for the right key.
func knocked(t *testing.T, answer string, offers []offer) (*deal, []byte, error) {
	t.Helper()
	ours, theirs := wstest.NetPipe()
	defer func() { _ = ours.Close() }()
	go func() {
		defer func() { _ = theirs.Close() }()
		r, err := http.ReadRequest(bufio.NewReader(theirs))
		if err != nil || checkRequest(r) != nil {
			return
		}
		_, _ = theirs.Write([]byte(strings.ReplaceAll(answer, "ACCEPT", acceptOf(r.Header.Get("Sec-WebSocket-Key")))))
	}()
	u, err := url.Parse("ws://example.com/")
	require.NoError(t, err)
	_, d, early, err := knock(ours, u, offers)
	return d, early, err
}

func TestAGoodAnswerOpensTheCase(t *testing.T) {
	d, early, err := knocked(t, goodAnswer+"\x81\x00", nil)
	require.NoError(t, err)
	require.Nil(t, d)
	require.Equal(t, "\x81\x00", string(early))
	_, _, err = knocked(t, strings.NewReplacer("websocket", "WebSocket", "Upgrade\r", "keep-alive, UPGRADE\r").Replace(goodAnswer), nil)
	require.NoError(t, err)
}

func TestABadAnswerDoesNot(t *testing.T) {
	for name, answer := range map[string]string{
		"not 101":            strings.Replace(goodAnswer, "101", "200", 1),
		"old HTTP":           strings.Replace(goodAnswer, "HTTP/1.1", "HTTP/1.0", 1),
		"no upgrade":         strings.Replace(goodAnswer, "Upgrade: websocket\r\n", "", 1),
		"another upgrade":    strings.Replace(goodAnswer, "websocket", "h2c", 1),
		"no connection":      strings.Replace(goodAnswer, "Connection: Upgrade\r\n", "", 1),
		"wrong accept":       strings.Replace(goodAnswer, "ACCEPT", "ACCEPTx", 1),
		"two accepts":        strings.Replace(goodAnswer, "Sec-WebSocket-Accept: ACCEPT", "Sec-WebSocket-Accept: ACCEPT\r\nSec-WebSocket-Accept: ACCEPT", 1),
		"a subprotocol":      strings.Replace(goodAnswer, "\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat\r\n\r\n", 1),
		"an extension":       strings.Replace(goodAnswer, "\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n", 1),
		"no end":             strings.TrimSuffix(goodAnswer, "\r\n"),
		"a head of a MiB":    "HTTP/1.1 101 OK\r\nX: " + strings.Repeat("x", 1<<20),
		"something else":     "SSH-2.0\r\n\r\n",
		"nothing whatsoever": "",
	} {
		_, _, err := knocked(t, answer, nil)
		require.Error(t, err, name)
	}
}

func TestAServersAnswerToAnOffer(t *testing.T) {
	for header, want := range map[string]*deal{
		"": nil,
		"permessage-deflate": {
			mine: direction{false, 15}, theirs: direction{false, 15}},
		"permessage-deflate; client_no_context_takeover; client_max_window_bits=\"10\"": {
			mine: direction{true, 10}, theirs: direction{false, 15}},
		"permessage-deflate; server_max_window_bits=8; server_no_context_takeover": {
			mine: direction{false, 15}, theirs: direction{true, 8}},
	} {
		d, err := readAnswer([]string{header}, true)
		require.NoError(t, err, header)
		require.Equal(t, want, d, header)
	}
	for _, header := range []string{
		"x-webkit-deflate-frame",
		"permessage-deflate, permessage-deflate",
		"permessage-deflate; level=9",
		"permessage-deflate; server_max_window_bits",
		"permessage-deflate; server_max_window_bits=7",
		"permessage-deflate; server_max_window_bits=16",
		"permessage-deflate; server_max_window_bits=010",
		"permessage-deflate; client_max_window_bits=x",
		"permessage-deflate; client_no_context_takeover=1",
		"permessage-deflate; client_no_context_takeover; client_no_context_takeover",
	} {
		_, err := readAnswer([]string{header}, true)
		require.Error(t, err, header)
	}
}

func TestAClientsOffersAreAnsweredByPreference(t *testing.T) {
	both := []offer{{noTakeover: true, bits: 9}, {noTakeover: true}}
	for _, row := range []struct {
		offers string
		asked  []offer
		want   string // the answer; empty: none
	}{
		{"", []offer{{}}, ""},
		{"x-other", []offer{{}}, ""},
		{"permessage-deflate", []offer{{}}, "permessage-deflate"},
		{"permessage-deflate; client_no_context_takeover; client_max_window_bits=10", []offer{{}}, "permessage-deflate"},
		{"permessage-deflate", []offer{{noTakeover: true}}, "permessage-deflate; client_no_context_takeover"},
		{"permessage-deflate", []offer{{bits: 9}}, ""},
		{"permessage-deflate; client_max_window_bits=10", []offer{{bits: 15}}, "permessage-deflate; client_max_window_bits=15"},
		{"permessage-deflate; server_no_context_takeover; server_max_window_bits=10", []offer{{}},
			"permessage-deflate; server_no_context_takeover; server_max_window_bits=10"},
		{"permessage-deflate; nonsense, permessage-deflate", []offer{{}}, "permessage-deflate"},
		{"permessage-deflate; server_max_window_bits=99, x", []offer{{}}, ""},
		{"permessage-deflate", both, "permessage-deflate; client_no_context_takeover"},
		{"permessage-deflate, permessage-deflate; client_max_window_bits", both,
			"permessage-deflate; client_no_context_takeover; client_max_window_bits=9"},
	} {
		d, err := accept([]string{row.offers}, row.asked)
		require.NoError(t, err, row.offers)
		if row.want == "" {
			require.Nil(t, d, row.offers)
			continue
		}
		require.NotNil(t, d, row.offers)
		require.Equal(t, row.want, d.header)
	}
}

func TestTheOffersOfEverySubsection(t *testing.T) {
	const plain = "permessage-deflate; client_no_context_takeover; client_max_window_bits"
	for id, want := range map[string]string{
		"12.1.1": plain,
		"13.1.1": plain,
		"13.2.1": plain + "; server_no_context_takeover",
		"13.3.1": plain + "; server_max_window_bits=9",
		"13.4.1": plain + "; server_max_window_bits=15",
		"13.5.1": plain + "; server_no_context_takeover; server_max_window_bits=9",
		"13.6.1": plain + "; server_no_context_takeover; server_max_window_bits=15",
		"13.7.1": plain + "; server_no_context_takeover; server_max_window_bits=9, " + plain + "; server_no_context_takeover, " + plain,
	} {
		cases, err := Select(id, "")
		require.NoError(t, err)
		var got []string
		for _, o := range cases[0].deflate.offers {
			got = append(got, o.header())
		}
		require.Equal(t, want, strings.Join(got, ", "), id)
	}
}

func TestARequestHasToBeGood(t *testing.T) {
	good := "GET /x HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
	read := func(text string) error {
		ours, theirs := wstest.NetPipe()
		go func(nc net.Conn) {
			_, _ = fmt.Fprint(nc, text)
			_ = nc.Close()
		}(theirs)
		r, _, err := readRequest(ours)
		if err != nil {
			return err
		}
		return checkRequest(r)
	}
	require.NoError(t, read(good))
	for _, change := range [][2]string{
		{"GET", "POST"}, {"HTTP/1.1", "HTTP/1.0"}, {"Host: h\r\n", ""}, {"websocket", "h2c"},
		{"keep-alive, Upgrade", "close"}, {"AAAA=", "="}, {": 13", ": 8"}, {"\r\n\r\n", "\r\n"}, {"GET ", ""},
	} {
		require.Error(t, read(strings.Replace(good, change[0], change[1], 1)), "%q", change)
	}
}
