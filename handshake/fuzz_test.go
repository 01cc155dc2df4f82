package handshake_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http/httpguts"

	"github.com/bellwire/bellwire/handshake"
)

// FuzzParser: cutting the input changes nothing, the time taken is linear, and
// what this parser accepts, net/http understands in the same way. The other way
// round net/http is more lenient, on purpose: see stricter.
func FuzzParser(f *testing.F) {
	for _, row := range requestRules {
		f.Add([]byte(row.raw), uint16(7))
	}
	for _, row := range rawRules {
		f.Add([]byte(row.raw), uint16(100))
	}
	f.Add([]byte(goodHead+"\x81\x80\x00\x00\x00\x00"), uint16(200))
	f.Add([]byte(but("GET", "GET http://server.example.com?a=%zz HTTP/1.1")), uint16(1))
	f.Fuzz(func(t *testing.T, b []byte, cut uint16) {
		limits := handshake.Limits{MaxBytes: 1 << 10, MaxHeaders: 20, MaxLine: 256}
		input := bytes.Clone(b)
		whole := handshake.Parser{Limits: limits}
		r, n, err := whole.Parse(b)
		require.Equal(t, input, b, "b is borrowed")
		require.LessOrEqual(t, whole.Effort(), len(b))

		cuts := handshake.Parser{Limits: limits}
		var r2 *handshake.Request
		var n2 int
		var err2 error
		for i := 0; n2 == 0 && err2 == nil && i < len(b); {
			i = min(i+1+int(cut)%64, len(b))
			r2, n2, err2 = cuts.Parse(b[:i])
		}
		require.Equal(t, n, n2)
		require.Equal(t, fmt.Sprint(err), fmt.Sprint(err2))
		require.LessOrEqual(t, cuts.Effort(), len(b))
		if n == 0 {
			require.Nil(t, r)
			requireListedOrStricter(t, b, err)
			return
		}
		require.Equal(t, r.Header(), r2.Header())

		hr, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b[:n])))
		require.NoError(t, err)
		require.Equal(t, hr.Header, r.Header())
		fromHTTP, err := handshake.FromHTTP(hr)
		require.NoError(t, err)
		require.True(t, strings.EqualFold(fromHTTP.Host, r.Host), "one may come from an absolute URL")
		require.Equal(t, fromHTTP.Key, r.Key)
		require.Equal(t, fromHTTP.Origin, r.Origin)
		require.Equal(t, fromHTTP.Subprotocols, r.Subprotocols)
		require.Equal(t, fromHTTP.Extensions, r.Extensions)
		require.Equal(t, hr.URL.RequestURI(), r.URL().RequestURI())
	})
}

// requireListedOrStricter checks that a head refused as malformed is one that
// net/http does not take either, or one of the things that only net/http does.
func requireListedOrStricter(t *testing.T, b []byte, err error) {
	e, _ := err.(*handshake.Error)
	if e == nil || e.Reason != handshake.MalformedHead {
		return
	}
	if r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b))); err == nil {
		for name, values := range r.Header { // net/http's server looks at these behind ReadRequest
			if !httpguts.ValidHeaderFieldName(name) || slices.ContainsFunc(values, func(v string) bool { return !httpguts.ValidHeaderFieldValue(v) }) {
				return
			}
		}
		require.True(t, stricter(string(b), e), "net/http accepts what is refused with %q: %q", e.Msg, b)
	}
}

// stricter lists where this parser refuses as malformed what net/http takes.
func stricter(head string, e *handshake.Error) bool {
	for _, rule := range []string{
		"RFC 9112 §2.2: a line does not end in CR LF", // a line feed alone will do
		"RFC 9112 §5.2: a header field goes on",       // lines are joined
		"RFC 9112 §3.2: the request target",           // #, bytes above ASCII, other schemes, *
	} {
		if strings.HasPrefix(e.Msg, rule) {
			return true
		}
	}
	// A line end may be a line feed alone, further up than the line at fault.
	return strings.Contains(strings.ReplaceAll(head, "\r\n", ""), "\n")
}

// FuzzParseExtensions: what is accepted is made of tokens, is the same when
// written again, and is not more than the input.
func FuzzParseExtensions(f *testing.F) {
	for _, seed := range []string{
		"", "a", "a, b", "a; b=1", `a; b="1\2"`, "a;", ",,a ,", `a; b="`, "permessage-deflate; client_max_window_bits",
		`x-webkit-deflate-frame; no_context_takeover, permessage-deflate; server_max_window_bits="10"`,
		strings.Repeat(",", 200), strings.Repeat("a,", 200), "a" + strings.Repeat(";b", 200),
	} {
		f.Add(seed, "c")
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		got, err := handshake.ParseExtensions([]string{one, two})
		if err != nil {
			require.ErrorIs(t, err, handshake.BadExtensions)
			return
		}
		var again []string
		elements := 0
		for _, e := range got {
			require.True(t, isToken(e.Name))
			text := e.Name
			elements++
			for _, p := range e.Params {
				require.True(t, isToken(p.Name))
				text += ";" + p.Name
				if p.Value != "" {
					require.True(t, isToken(p.Value))
					text += "=" + p.Value
				}
				elements++
			}
			again = append(again, text)
		}
		require.LessOrEqual(t, elements, 128)
		joined := strings.Join(again, ",")
		require.LessOrEqual(t, len(joined), len(one)+len(two)+1)
		same, err := handshake.ParseExtensions([]string{joined})
		require.NoError(t, err)
		require.Equal(t, got, same)
		// "Logically the same as a single header field that contains all
		// values". RFC 6455 §9.1.
		same, err = handshake.ParseExtensions([]string{one + "," + two})
		if err == nil { // unless that makes one empty element too many
			require.Equal(t, got, same)
		}
	})
}

// isToken is the grammar of RFC 9110 §5.6.2, written another way.
func isToken(s string) bool {
	const tchar = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for i := range len(s) {
		if strings.IndexByte(tchar, s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

// FuzzTokenList: a token is found if and only if it is an element, whatever the
// others are.
func FuzzTokenList(f *testing.F) {
	for _, seed := range []string{"", "upgrade", "keep-alive, Upgrade", "upgrade-insecure", ",\tUPGRADE ,", "upgrade/1", "up\x00grade", "\u212a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		want := false
		for _, element := range strings.Split(list, ",") {
			element = strings.Trim(element, " \t")
			want = want || len(element) == len("upgrade") && strings.ToLower(element) == "upgrade"
		}
		require.Equal(t, want, handshake.HasToken(list, "upgrade"), "%q", list)
		require.True(t, handshake.HasToken(list+",Upgrade", "upgrade"))
		require.True(t, handshake.HasToken("UPGRADE ,"+list, "upgrade"))
	})
}

// FuzzVerify: an answer is accepted only if it says everything it must.
func FuzzVerify(f *testing.F) {
	f.Add([]byte(goodAnswer))
	for _, row := range verifyRules {
		f.Add([]byte(row.raw))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(b)), nil)
		if err != nil {
			return
		}
		o := handshake.Offer{URL: &url.URL{Scheme: "ws", Host: "example.com"}, Subprotocols: []string{"chat", "superchat"}}
		res, err := o.Verify(resp, sampleKey)
		if err != nil {
			require.Nil(t, res)
			require.Equal(t, resp.StatusCode, err.(*handshake.Error).Status)
			return
		}
		require.Equal(t, 101, resp.StatusCode)
		require.Len(t, resp.Header["Upgrade"], 1)
		require.Equal(t, "websocket", strings.ToLower(resp.Header.Get("Upgrade")))
		require.Contains(t, strings.ToLower(strings.Join(resp.Header["Connection"], ",")), "upgrade")
		require.Equal(t, []string{sampleAccept}, resp.Header["Sec-Websocket-Accept"])
		require.Empty(t, resp.Header["Sec-Websocket-Extensions"])
		require.Contains(t, []string{"", "chat", "superchat"}, res.Subprotocol)
		require.Equal(t, resp.Header.Get("Sec-WebSocket-Protocol"), res.Subprotocol)
	})
}
