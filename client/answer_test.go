package client_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/handshake"
)

// changed is an answer without a fault in which one line is replaced.
func changed(line, by string) host {
	return asked(func(r *http.Request) string {
		good := switching(r, "Sec-WebSocket-Protocol: v1")
		return strings.Replace(good, line+"\r\n", by, 1)
	})
}

// wrongKey answers with what would be right for another key.
func wrongKey(accept string) host {
	return asked(func(r *http.Request) string {
		key, _ := handshake.AcceptKey(r.Header.Get("Sec-WebSocket-Key"))
		return strings.Replace(switching(r), key, accept, 1)
	})
}

func TestAnAnswerThatBreaksARuleIsRefused(t *testing.T) {
	const (
		upgrade    = "Upgrade: websocket"
		connection = "Connection: Upgrade"
		protocol   = "Sec-WebSocket-Protocol: v1"
	)
	for _, test := range []struct {
		name   string
		host   host
		reason handshake.Reason
	}{
		{"HTTP/1.0", changed("HTTP/1.1 101 Switching Protocols", "HTTP/1.0 101 Switching Protocols\r\n"), handshake.BadHTTPVersion},
		{"no Upgrade", changed(upgrade, ""), handshake.BadUpgrade},
		{"another Upgrade", changed(upgrade, "Upgrade: h2c\r\n"), handshake.BadUpgrade},
		{"a list in Upgrade", changed(upgrade, "Upgrade: websocket, h2c\r\n"), handshake.BadUpgrade},
		{"no Connection", changed(connection, ""), handshake.BadConnection},
		{"another Connection", changed(connection, "Connection: upgrade-insecure\r\n"), handshake.BadConnection},
		{"another key", wrongKey("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), handshake.BadAccept},
		{"another case of the key", asked(func(r *http.Request) string {
			key, _ := handshake.AcceptKey(r.Header.Get("Sec-WebSocket-Key"))
			return strings.Replace(switching(r), key, swapCase(key), 1)
		}), handshake.BadAccept},
		{"no key", asked(func(*http.Request) string {
			return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
		}), handshake.BadAccept},
		{"two keys", asked(func(r *http.Request) string {
			key, _ := handshake.AcceptKey(r.Header.Get("Sec-WebSocket-Key"))
			return switching(r, "Sec-WebSocket-Accept: "+key)
		}), handshake.BadAccept},
		{"an extension", changed(protocol, "Sec-WebSocket-Extensions: permessage-deflate\r\n"), handshake.BadExtensions},
		{"a malformed extension", changed(protocol, "Sec-WebSocket-Extensions: ;\r\n"), handshake.BadExtensions},
		{"another subprotocol", changed(protocol, "Sec-WebSocket-Protocol: v3\r\n"), handshake.BadSubprotocol},
		{"another case of a subprotocol", changed(protocol, "Sec-WebSocket-Protocol: V1\r\n"), handshake.BadSubprotocol},
		{"two subprotocols", changed(protocol, "Sec-WebSocket-Protocol: v1, v2\r\n"), handshake.BadSubprotocol},
		{"a subprotocol twice", changed(protocol, protocol+"\r\n"+protocol+"\r\n"), handshake.BadSubprotocol},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := one(t, test.host)
			o.Subprotocols = []string{"v1", "v2"}
			e := refused(t, "ws://h", o)
			require.Equal(t, client.Negotiation, e.Stage, "%v", e)
			require.ErrorIs(t, e, test.reason)
			require.Equal(t, 101, e.Status)
			require.NotNil(t, e.Header)
			require.False(t, e.Temporary())
		})
	}
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 32
		case 'A' <= r && r <= 'Z':
			return r + 32
		}
		return r
	}, s)
}

func TestAnAnswerMayBeWrittenInManyWays(t *testing.T) {
	for name, h := range map[string]host{
		"as it should be":     asked(func(r *http.Request) string { return switching(r) }),
		"upper case":          changed("Upgrade: websocket", "UPGRADE: WebSocket\r\n"),
		"a list":              changed("Connection: Upgrade", "Connection: keep-alive, uPGRADE\r\n"),
		"two lines":           changed("Connection: Upgrade", "Connection: x\r\nConnection: upgrade\r\n"),
		"white space":         changed("Sec-WebSocket-Protocol: v1", "Sec-WebSocket-Protocol: \t v1 \t\r\n"),
		"no reason phrase":    changed("HTTP/1.1 101 Switching Protocols", "HTTP/1.1 101\r\n"),
		"no subprotocol":      changed("Sec-WebSocket-Protocol: v1", ""),
		"a length of no body": changed("Sec-WebSocket-Protocol: v1", "Content-Length: 5\r\n"),
		"interim answers": asked(func(r *http.Request) string {
			return "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + switching(r)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			o := one(t, h)
			o.Subprotocols = []string{"v1", "v2"}
			dialled(t, "ws://h", o)
		})
	}
}

func TestARefusalIsReportedWithAllThatWasSaid(t *testing.T) {
	e := refused(t, "wss://joe:secret@h.example/feed?q=1", func() *client.Options {
		o := one(t, secured(says("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 9\r\n\r\nno token\nX")))
		o.TLS = trusting()
		o.TLS.ServerName = "example.com"
		return o
	}())
	require.Equal(t, client.Response, e.Stage)
	require.Equal(t, 401, e.Status)
	require.Equal(t, "Bearer", e.Header.Get("WWW-Authenticate"))
	require.Equal(t, "no token\n", string(e.Body))
	require.ErrorIs(t, e, handshake.BadStatus)
	require.Equal(t, "wss://h.example/feed?q=1", e.URL)
	require.Equal(t, "websocket: dial wss://h.example/feed?q=1: response: 401 Unauthorized: no token", e.Error())
}

func TestARedirectIsARefusalByDefault(t *testing.T) {
	e := refused(t, "ws://h", one(t, says("HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n")))
	require.Equal(t, client.Response, e.Stage)
	require.Equal(t, 302, e.Status)
	require.Equal(t, "/login", e.Header.Get("Location"))
	require.False(t, e.Temporary())
	require.EqualError(t, e, `websocket: dial ws://h: response: 302 Found, Location "/login"`)
}

func TestOnlyTheBeginningOfABodyIsRead(t *testing.T) {
	for name, head := range map[string]string{
		"with a length":    "Content-Length: 1000000\r\n\r\n",
		"until the end":    "\r\n",
		"in a large chunk": "Transfer-Encoding: chunked\r\n\r\nf4240\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			e := refused(t, "ws://h", one(t, says("HTTP/1.1 500 Oops\r\n"+head+strings.Repeat("x", 1_000_000))))
			require.Equal(t, strings.Repeat("x", 4096), string(e.Body))
		})
	}
	// Chunks of one octet cost six each, and more with an extension.
	e := refused(t, "ws://h", one(t, says("HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n"+strings.Repeat("1\r\nx\r\n", 1_000_000))))
	require.Len(t, e.Body, 4096)
	e = refused(t, "ws://h", one(t, says("HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n"+strings.Repeat("1;"+strings.Repeat("e", 100)+"\r\nx\r\n", 10_000))))
	require.Less(t, len(e.Body), 700)
}

func TestABodyIsNotWaitedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		e := refused(t, "ws://h", one(t, func(nc net.Conn) {
			http.ReadRequest(bufio.NewReader(nc))
			io.WriteString(nc, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 100\r\n\r\ncome back later")
			io.Copy(io.Discard, nc)
		}))
		require.Equal(t, 503, e.Status)
		require.Equal(t, "come back later", string(e.Body))
		require.Equal(t, 2*time.Second, time.Since(start))
	})
}

func TestABodyDripsNoLongerThanItIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		e := refused(t, "ws://h", one(t, func(nc net.Conn) {
			http.ReadRequest(bufio.NewReader(nc))
			io.WriteString(nc, "HTTP/1.1 503 Service Unavailable\r\n\r\n")
			for {
				time.Sleep(300 * time.Millisecond)
				if _, err := nc.Write([]byte("x")); err != nil {
					return
				}
			}
		}))
		require.Equal(t, "xxxxxx", string(e.Body))
		require.Equal(t, 2*time.Second, time.Since(start))
	})
}

// flood sends the same for ever, and tells how much was taken.
func flood(first, then string, taken *int) host {
	return func(nc net.Conn) {
		http.ReadRequest(bufio.NewReader(nc))
		n, err := io.WriteString(nc, first)
		for err == nil {
			*taken += n
			n, err = io.WriteString(nc, then)
		}
	}
}

func TestAFloodOfHeadersIsCutOff(t *testing.T) {
	for _, test := range []struct{ name, first, then, says string }{
		{"fields", "HTTP/1.1 101 Switching Protocols\r\n", "X: y\r\n", "larger than 64 KiB"},
		{"one field", "HTTP/1.1 101 Switching Protocols\r\nX: ", "yyyyyyyyyyyyyyyy", "larger than 64 KiB"},
		{"one line", "HTTP/1.1 200 ", "yyyyyyyyyyyyyyyy", "larger than 64 KiB"},
		{"fields of a refusal", "HTTP/1.1 404 Not Found\r\n", "X: y\r\n", "larger than 64 KiB"},
		{"interim answers", "", "HTTP/1.1 100 Continue\r\n\r\n", "more than 5 answers 1xx"},
		{"large interim answers", "", "HTTP/1.1 100 Continue\r\nX: " + strings.Repeat("y", 20_000) + "\r\n\r\n", "larger than 64 KiB"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var taken int
			t.Run("dial", func(t *testing.T) {
				e := refused(t, "ws://h", one(t, flood(test.first, test.then, &taken)))
				require.Equal(t, client.Response, e.Stage)
				require.ErrorContains(t, e, test.says)
				require.False(t, e.Temporary())
			})
			// Beyond the limit there is only what the pipe buffers.
			require.Less(t, taken, 200_000)
		})
	}
}

func TestAServerThatSpeaksSomethingElseIsRefused(t *testing.T) {
	for name, h := range map[string]host{
		"TLS":                 says("\x15\x03\x01\x00\x02\x02\x46\r\n"),
		"SSH":                 says("SSH-2.0-OpenSSH_9.2\r\n"),
		"a frame":             says("\x81\x05hello\r\n"),
		"nothing to speak of": says("\r\n\r\n"),
		"a long line":         says(strings.Repeat("x", 10_000) + "\r\n"),
		"no status":           says("HTTP/1.1 abc OK\r\n\r\n"),
		"a bad field":         says("HTTP/1.1 101 Switching Protocols\r\nUpgrade websocket\r\n\r\n"),
		"two lengths":         says("HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"),
	} {
		t.Run(name, func(t *testing.T) {
			e := refused(t, "ws://h", one(t, h))
			require.Equal(t, client.Response, e.Stage, "%v", e)
			require.Zero(t, e.Status)
			require.False(t, e.Temporary(), "%v", e)
			require.Less(t, len(e.Error()), 1000)
		})
	}
}

func TestAServerThatHangsUpMayBeAskedAgain(t *testing.T) {
	for name, h := range map[string]host{
		"at once":       func(net.Conn) {},
		"in the answer": says("HTTP/1.1 101 Switching Protocols\r\nUpgr"),
		"by a reset":    func(nc net.Conn) { nc.(interface{ Reset() error }).Reset() },
	} {
		t.Run(name, func(t *testing.T) {
			e := refused(t, "ws://h", one(t, h))
			require.Equal(t, client.Response, e.Stage)
			require.True(t, e.Temporary(), "%v", e)
		})
	}
}

func TestEveryCutOfAnAnswerIsTheSameAnswer(t *testing.T) {
	for _, size := range []int{1, 2, 3, 7, 50} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			c := dialled(t, "ws://h", one(t, func(nc net.Conn) {
				r, err := http.ReadRequest(bufio.NewReader(nc))
				if err != nil {
					return
				}
				b := switching(r) + "\x81\x05hello"
				for ; len(b) > size; b = b[size:] {
					io.WriteString(nc, b[:size])
				}
				io.WriteString(nc, b)
				io.Copy(io.Discard, nc)
			}))
			m, err := c.Read(t.Context())
			require.NoError(t, err)
			require.Equal(t, "hello", string(m.Data))
		})
	}
}
