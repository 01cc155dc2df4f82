//go:build interop

package interop

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/textproto"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/server"
	"github.com/stretchr/testify/require"
)

// opening is the header of a handshake that nothing is wrong with; the key is
// that of RFC 6455 §1.3.
var opening = []string{
	"Connection: Upgrade",
	"Upgrade: websocket",
	"Sec-WebSocket-Version: 13",
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
}

// A refusal is a request with something wrong, and the answer to it.
type refusal struct {
	name   string
	header []string // in place of the fields of opening that have these names
	args   []string // for curl
	path   string
	status int
	http   int               // the status under net/http, which refuses some by itself; 0: the same
	want   map[string]string // fields of the answer
	text   string            // in the body, unless net/http wrote it
}

var demanded = map[string]string{"Upgrade": "websocket", "Connection": "Upgrade", "Sec-Websocket-Version": "13"}

var refusals = []refusal{
	{name: "POST", args: []string{"-X", "POST"}, status: 405, want: map[string]string{"Allow": "GET"}, text: "GET"},
	{name: "HEAD", args: []string{"--head"}, status: 405, want: map[string]string{"Allow": "GET"}},
	{name: "HTTP/1.0", args: []string{"--http1.0"}, status: 505, text: "HTTP/1.0"},
	{name: "no Upgrade", header: []string{"Upgrade:"}, status: 426, want: demanded, text: "Upgrade"},
	{name: "another Upgrade", header: []string{"Upgrade: h2c"}, status: 426, want: demanded, text: "Upgrade"},
	{name: "an Upgrade with a version", header: []string{"Upgrade: websocket/13"}, status: 426, want: demanded},
	{name: "no Connection", header: []string{"Connection:"}, status: 400, text: "Connection"},
	{name: "another Connection", header: []string{"Connection: upgrade-insecure"}, status: 400, text: "Connection"},
	{name: "no key", header: []string{"Sec-WebSocket-Key:"}, status: 400, text: "Sec-WebSocket-Key"},
	{name: "a short key", header: []string{"Sec-WebSocket-Key: dGhlIHNhbXBsZQ=="}, status: 400, text: "16 bytes"},
	{name: "two keys", header: []string{opening[3], opening[3]}, status: 400, text: "Sec-WebSocket-Key"},
	{name: "no version", header: []string{"Sec-WebSocket-Version:"}, status: 426, want: demanded, text: "13"},
	{name: "an old version", header: []string{"Sec-WebSocket-Version: 8"}, status: 426, want: demanded, text: "13"},
	{name: "a page of another site", header: []string{"Origin: https://evil.example"}, status: 403, text: "rigin"},
	{name: "a page without an origin", header: []string{"Origin: null"}, status: 403, text: "rigin"},
	{name: "a bad extension", header: []string{"Sec-WebSocket-Extensions: a;;"}, status: 400, text: "Extensions"},
	{name: "a bad subprotocol", header: []string{"Sec-WebSocket-Protocol: a b"}, status: 400, text: "Protocol"},
	{name: "no Host", header: []string{"Host:"}, status: 400},
	{name: "a body", args: []string{"-X", "GET", "-d", "hello"}, status: 400, text: "body"},
	{name: "a body in chunks", header: []string{"Transfer-Encoding: chunked"}, args: []string{"-X", "GET", "-d", "hello"}, status: 400, text: "body"},
	{name: "too much header", header: flood(60, 1000), status: 431},
	{name: "a long path", path: strings.Repeat("x", 60000), status: 414, http: 431},
}

// flood is many header fields.
func flood(count, size int) []string {
	fields := make([]string, count)
	for i := range fields {
		fields[i] = "X-Flood: " + strings.Repeat("x", size)
	}
	return fields
}

// header is what a request is sent with.
func (r refusal) fields() []string {
	replaced := map[string]bool{}
	for _, f := range r.header {
		name, _, _ := strings.Cut(f, ":")
		replaced[name] = true
	}
	var fields []string
	for _, f := range opening {
		if name, _, _ := strings.Cut(f, ":"); !replaced[name] {
			fields = append(fields, f)
		}
	}
	return append(fields, r.header...)
}

// curl makes a request and returns the answer and its body.
func curl(t *testing.T, url string, fields []string, args ...string) (*http.Response, string) {
	t.Helper()
	all := []string{"--silent", "--show-error", "--include", "--noproxy", "*", "--max-time", "20"}
	for _, f := range fields {
		all = append(all, "--header", f)
	}
	var out, trouble bytes.Buffer
	cmd := exec.CommandContext(bounded(t), curlPath, append(append(all, args...), url)...)
	cmd.Stdout, cmd.Stderr = &out, &trouble
	require.NoError(t, cmd.Run(), "%s\n%s", &trouble, &out)
	req := &http.Request{Method: "GET"}
	for _, a := range args {
		if a == "--head" {
			req.Method = "HEAD"
		}
	}
	// ReadResponse takes Connection out of the header.
	wire := out.Bytes()
	lines := textproto.NewReader(bufio.NewReader(bytes.NewReader(wire)))
	_, err := lines.ReadLine()
	require.NoError(t, err)
	header, err := lines.ReadMIMEHeader()
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(wire)), req)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	resp.Header = http.Header(header)
	return resp, string(body)
}

func TestCurlIsToldWhatIsWrongWithItsHandshake(t *testing.T) {
	for _, w := range ways {
		h := hold(t, w, server.Options{}, nil)
		for _, r := range refusals {
			t.Run(w.name+"/"+r.name, func(t *testing.T) {
				resp, body := curl(t, "http://"+h.addr+"/"+r.path, r.fields(), r.args...)
				status := r.status
				if w.name == "handler" && r.http != 0 {
					status = r.http
				}
				require.Equal(t, status, resp.StatusCode, "%v\n%s", resp.Header, body)
				for name, value := range r.want {
					require.Contains(t, strings.Join(resp.Header.Values(name), ", "), value, "%v", resp.Header)
				}
				wantReadable(t, w, resp, body)
				if w.name != "handler" || r.http == 0 {
					require.Contains(t, body, r.text)
				}
			})
		}
		require.Zero(t, h.group.Len())
	}
}

// wantReadable fails the test unless the answer is text for a person to read.
func wantReadable(t *testing.T, w way, resp *http.Response, body string) {
	t.Helper()
	require.Regexp(t, `^text/plain(; charset=utf-8)?$`, resp.Header.Get("Content-Type"))
	if resp.Request.Method != "HEAD" {
		require.Greater(t, len(strings.TrimSpace(body)), 8, "no explanation")
	}
	require.Regexp(t, `^[\x20-\x7e§]*\n?$`, body)
	if w.name == "standalone" {
		require.Contains(t, resp.Header.Values("Connection"), "close", "nothing can follow on this connection")
	}
}

func TestCurlIsToldOfTooManyHeaderFields(t *testing.T) {
	h := hold(t, ways[1], server.Options{}, nil)
	resp, body := curl(t, "http://"+h.addr+"/", refusal{header: flood(150, 1)}.fields())
	require.Equal(t, 431, resp.StatusCode)
	wantReadable(t, ways[1], resp, body)
}

func TestCurlIsToldToComeBackWhenTheServerIsFull(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			h := hold(t, w, server.Options{Group: &server.Group{MaxConns: 1}}, nil)
			c, err := client.Dial(bounded(t), "ws://"+h.addr+"/", nil)
			require.NoError(t, err)
			t.Cleanup(func() { _ = c.CloseNow() })
			resp, body := curl(t, "http://"+h.addr+"/", opening)
			require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
			require.Regexp(t, `^[1-9][0-9]*$`, resp.Header.Get("Retry-After"))
			wantReadable(t, w, resp, body)
		})
	}
}

// The key is that of RFC 6455 §1.3, and so is the answer to it. curl does not
// answer the Close frame that follows.
func TestCurlSucceedsWithAHandshakeThatNothingIsWrongWith(t *testing.T) {
	curt := conn.Options{CloseTimeout: 50 * time.Millisecond}
	for _, w := range ways {
		for name, extra := range map[string][]string{
			"plain":        nil,
			"lists":        {"Connection: keep-alive, Upgrade", "Upgrade: foo, WebSocket"},
			"extensions":   {"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"},
			"subprotocols": {"Sec-WebSocket-Protocol: chat, superchat"},
		} {
			t.Run(w.name+"/"+name, func(t *testing.T) {
				h := hold(t, w, server.Options{Conn: curt}, func() error { return nil })
				resp, _ := curl(t, "http://"+h.addr+"/", refusal{header: extra}.fields())
				require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
				require.Equal(t, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", resp.Header.Get("Sec-WebSocket-Accept"))
				require.Equal(t, "websocket", resp.Header.Get("Upgrade"))
				require.Equal(t, "Upgrade", resp.Header.Get("Connection"))
				require.Empty(t, resp.Header.Values("Sec-WebSocket-Extensions"))
				require.Empty(t, resp.Header.Values("Sec-WebSocket-Protocol"))
			})
		}
	}
}
