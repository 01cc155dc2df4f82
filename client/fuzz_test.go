package client_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/client"
)

// canned is a connection on which everything has been said.
type canned struct {
	net.Conn // no other method is called
	said     io.Reader
}

func (c canned) Read(p []byte) (int, error)  { return c.said.Read(p) }
func (c canned) Write(p []byte) (int, error) { return len(p), nil }
func (c canned) Close() error                { return nil }

// Nobody knows the key, so that no answer is right; but each is answered with
// an error, which is not larger than reason.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		"", "HTTP", "\x15\x03\x01\x00\x02\x02\x46",
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x05hello",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		"HTTP/1.0 302 Found\nLocation: ws://h/\x00\nSet-Cookie: a=b\n\nbody",
		"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 99999999999\r\n\r\nlater",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		_, err := client.Handshake(t.Context(), canned{said: strings.NewReader(string(said))}, "ws://h", nil)
		e := dialError(t, err)
		require.Contains(t, []client.Stage{client.Response, client.Negotiation}, e.Stage)
		require.LessOrEqual(t, len(e.Body), 4096)
		require.Less(t, len(e.Error()), 4096)
		require.Equal(t, e.Stage == client.Negotiation, e.Status == 101)
	})
}

// A URL is an error, or leads to where it can be seen to lead, and no error
// tells the password.
func FuzzURL(f *testing.F) {
	for _, seed := range []string{
		"ws://joe:hunter2@example.com:80/a?b", "wss://[::1%25eth0]/", "ws+unix://joe:hunter2@/run/a.sock:/b",
		"http:joe:hunter2@h", "//joe:hunter2@h", "ws://joe:hunter2@h:x/", "ws://joe:%hunter2@h/", "ws://bücher/",
		"#0://hunter2@000", // a fragment, and no password
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, rawURL string) {
		w := newWorld(t, nil)
		_, err := client.Dial(t.Context(), rawURL, w.options())
		e := dialError(t, err)
		require.Equal(t, e.Stage == client.Connect, len(w.dialled) == 1, "%v", e)
		// The password is in what stands between the slashes and the last @.
		scheme, rest, _ := strings.Cut(rawURL, "://")
		if i := strings.LastIndexByte(rest, '@'); i >= 0 && strings.Contains(rest[:i], "hunter2") && !strings.ContainsAny(scheme+rest[:i], "/?#") {
			require.NotContains(t, e.Error(), "hunter2")
		}
	})
}

// Wherever a redirect leads, TLS and the secrets stay where they were.
func FuzzLocation(f *testing.F) {
	for _, seed := range []string{
		"/", "//b/", "ws://example.com/", "https://b", "wss://example.com:443/x#y", "http://\u212Aelvin/", "wss://example.com@b/", "\\\\b", "wss:b", "?x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, location string) {
		if strings.ContainsAny(location, "\r\n") {
			return
		}
		leaked := make(chan string, 1)
		first := says("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + "\r\n\r\n")
		w := newWorld(t, map[string]host{
			"example.com:443": secured(first),
			"": func(nc net.Conn) {
				b := make([]byte, 1<<16)
				n, _ := nc.Read(b)
				leaked <- string(b[:n])
			},
		})
		o := w.options()
		o.MaxRedirects, o.TLS, o.Header = 1, trusting(), credentials()
		refused(t, "wss://joe:secret@example.com/", o)
		if len(w.dialled) == 2 && w.dialled[1] != "tcp example.com:443" {
			// A hello of TLS, and no more since nobody answers it.
			require.True(t, strings.HasPrefix(<-leaked, "\x16\x03"))
		}
	})
}
