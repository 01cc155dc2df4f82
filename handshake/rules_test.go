package handshake_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/handshake"
)

// A refused row is a request, or whatever else the table is about, that breaks
// one rule.
type refused struct {
	rule   string // its section and what it says
	status int
	reason handshake.Reason
	raw    string
}

// requestRules are broken by a raw request and by one from net/http alike.
var requestRules = []refused{
	{"RFC 6455 §4.2.1(1): an opening handshake is a GET request", 405, handshake.BadMethod, but("GET", "POST /chat HTTP/1.1")},
	{"RFC 6455 §4.2.1(1): an opening handshake is a GET request", 405, handshake.BadMethod, but("GET", "get /chat HTTP/1.1")},
	{"RFC 6455 §4.2.1(2): Host is missing", 400, handshake.BadHost, but("Host", "")},
	{"RFC 9112 §3.2: Host is not a name or an address", 400, handshake.BadHost, but("Host", "Host: user@example.com")},
	{"RFC 9112 §3.2: Host is not a name or an address", 400, handshake.BadHost, but("Host", "Host: example.com:http")},
	{"RFC 9112 §3.2: Host is not a name or an address", 400, handshake.BadHost, but("Host", "Host: example.com:65536")},
	{"RFC 9112 §3.2: Host is not a name or an address", 400, handshake.BadHost, but("Host", "Host: ::1")},
	{"RFC 6455 §4.2.1(3): Upgrade does not name websocket", 426, handshake.BadUpgrade, but("Upgrade", "")},
	{"RFC 6455 §4.2.1(3): Upgrade does not name websocket", 426, handshake.BadUpgrade, but("Upgrade", "Upgrade:")},
	{"RFC 6455 §4.2.1(3): Upgrade does not name websocket", 426, handshake.BadUpgrade, but("Upgrade", "Upgrade: h2c")},
	{"RFC 6455 §4.2.1(3): Upgrade does not name websocket", 426, handshake.BadUpgrade, but("Upgrade", "Upgrade: websocket/13")},
	{"RFC 6455 §4.2.1(3): Upgrade does not name websocket", 426, handshake.BadUpgrade, but("Upgrade", "Upgrade: websocke\u212at")},
	{"RFC 6455 §4.2.1(4): Connection does not name upgrade", 400, handshake.BadConnection, but("Connection", "")},
	{"RFC 6455 §4.2.1(4): Connection does not name upgrade", 400, handshake.BadConnection, but("Connection", "Connection: keep-alive")},
	{"RFC 6455 §4.2.1(4): Connection does not name upgrade", 400, handshake.BadConnection, but("Connection", "Connection: upgrade-insecure")},
	{"RFC 6455 §4.2.1(6): Sec-WebSocket-Version is missing", 426, handshake.BadVersion, but("Sec-WebSocket-Version", "")},
	{"RFC 6455 §4.2.1(6): Sec-WebSocket-Version is not 13", 426, handshake.BadVersion, but("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8")},
	{"RFC 6455 §4.2.1(6): Sec-WebSocket-Version is not 13", 426, handshake.BadVersion, but("Sec-WebSocket-Version", "Sec-WebSocket-Version: 13, 8")},
	{"RFC 6455 §4.2.1(6): Sec-WebSocket-Version is not 13", 426, handshake.BadVersion, but("Sec-WebSocket-Version", "Sec-WebSocket-Version: 013")},
	{"RFC 6455 §11.3.5: Sec-WebSocket-Version is there more than once", 400, handshake.BadVersion, and("Sec-WebSocket-Version: 13")},
	{"RFC 6455 §4.2.1(5): Sec-WebSocket-Key is missing", 400, handshake.BadKey, but("Sec-WebSocket-Key", "")},
	{"RFC 6455 §11.3.1: Sec-WebSocket-Key is there more than once", 400, handshake.BadKey, and("Sec-WebSocket-Key: " + sampleKey)},
	{"RFC 6455 §4.2.1(5): Sec-WebSocket-Key is not 16 bytes", 400, handshake.BadKey, but("Sec-WebSocket-Key", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA")},
	{"RFC 9112 §6: the request announces a body", 400, handshake.HasBody, and("Content-Length: 5")},
	{"RFC 9112 §6: the request announces a body with Transfer-Encoding", 400, handshake.HasBody, and("Transfer-Encoding: chunked")},
	{"RFC 6454 §7.3: Origin is there more than once", 403, handshake.BadOrigin, and("Origin: http://server.example.com")},
	{"RFC 6454 §7.1: Origin is empty", 403, handshake.BadOrigin, but("Origin", "Origin: ")},
	{"RFC 6455 §4.1(10): Sec-WebSocket-Protocol is not a list of tokens", 400, handshake.BadSubprotocol, but("Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: chat room")},
	{"RFC 6455 §4.1(10): Sec-WebSocket-Protocol is not a list of tokens", 400, handshake.BadSubprotocol, but("Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: chat;v=1")},
	{"RFC 6455 §4.1(10): Sec-WebSocket-Protocol is not a list of tokens", 400, handshake.BadSubprotocol, but("Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: ,")},
	{"RFC 6455 §4.1(10): Sec-WebSocket-Protocol offers the same subprotocol twice", 400, handshake.BadSubprotocol, and("Sec-WebSocket-Protocol: chat")},
	{"RFC 6455 §9.1: Sec-WebSocket-Extensions is malformed", 400, handshake.BadExtensions, and("Sec-WebSocket-Extensions: a;")},
	{"RFC 6455 §9.1: Sec-WebSocket-Extensions is malformed", 400, handshake.BadExtensions, and("Sec-WebSocket-Extensions:")},
	{"RFC 6455 §4.2.1(1): the request is HTTP/1.0", 505, handshake.BadHTTPVersion, strings.Replace(but("Upgrade", ""), "HTTP/1.1", "HTTP/1.0", 1)},
}

// rawRules are broken by raw requests alone: net/http has them too, or is more
// lenient.
var rawRules = []refused{
	{"RFC 9112 §3.2: Host is there more than once", 400, handshake.BadHost, and("Host: server.example.com")},
	{"RFC 9112 §6: the request announces a body", 400, handshake.HasBody, and("Content-Length: 0\nContent-Length: 0")},
	{"RFC 9112 §6: the request announces a body", 400, handshake.HasBody, and("Content-Length: +0")},
	{"RFC 9112 §3.1: the first byte cannot begin a request", 400, handshake.MalformedHead, "\x16"},
	{"RFC 9112 §3.1: the first byte cannot begin a request", 400, handshake.MalformedHead, "\r\n" + goodHead},
	{"RFC 9112 §2.2: a line does not end in CR LF", 400, handshake.MalformedHead, "GET / HTTP/1.1\n"},
	{"RFC 9112 §2.2: a line does not end in CR LF", 400, handshake.MalformedHead, strings.TrimSuffix(goodHead, "\r\n") + "\n"},
	{"RFC 9112 §3: the request line is not a method", 400, handshake.MalformedHead, "SSH-2.0-OpenSSH_9.9\r\n"},
	{"RFC 9112 §3: the request line is not a method", 400, handshake.MalformedHead, "GET /\r\n"},
	{"RFC 9112 §3: the request line is not a method", 400, handshake.MalformedHead, "GET  / HTTP/1.1\r\n"},
	{"RFC 9112 §3: the request line is not a method", 400, handshake.MalformedHead, "GET /a b HTTP/1.1\r\n"},
	{"RFC 9112 §3: the request line is not a method", 400, handshake.MalformedHead, "G@T / HTTP/1.1\r\n"},
	{"RFC 9112 §3: the request line is not a method", 400, handshake.MalformedHead, "GET / http/1.1\r\n"},
	{"RFC 9112 §3: the request line is not a method", 400, handshake.MalformedHead, "GET / HTTP/1.1 \r\n"},
	{"RFC 9112 §3: the request line is not a method", 400, handshake.MalformedHead, "GET / HTTP/1.\r\n"},
	{"RFC 6455 §4.2.1(1): the request is not HTTP/1.1", 505, handshake.BadHTTPVersion, "PRI * HTTP/2.0\r\n"},
	{"RFC 6455 §4.2.1(1): the request is not HTTP/1.1", 505, handshake.BadHTTPVersion, "GET / HTTP/0.9\r\n"},
	{"RFC 9112 §3.2: the request target is neither a path", 400, handshake.MalformedHead, but("GET", "GET * HTTP/1.1")},
	{"RFC 9112 §3.2: the request target is neither a path", 400, handshake.MalformedHead, but("GET", "GET chat HTTP/1.1")},
	{"RFC 9112 §3.2: the request target is neither a path", 400, handshake.MalformedHead, but("GET", "GET /chat#room HTTP/1.1")},
	{"RFC 9112 §3.2: the request target is neither a path", 400, handshake.MalformedHead, but("GET", "GET /ch\u00e4t HTTP/1.1")},
	{"RFC 9112 §3.2: the request target is neither a path", 400, handshake.MalformedHead, but("GET", "GET /ch\tat HTTP/1.1")},
	{"RFC 9112 §3.2: the request target is neither a path", 400, handshake.MalformedHead, but("GET", "GET /%2 HTTP/1.1")},
	{"RFC 9112 §3.2: the request target is neither a path", 400, handshake.MalformedHead, but("GET", "GET http:///chat HTTP/1.1")},
	{"RFC 9112 §3.2: the request target is neither a path", 400, handshake.MalformedHead, but("GET", "GET ftp://server.example.com/ HTTP/1.1")},
	{"RFC 6455 §4.2.1(1): the authority in the request target is not that in Host", 400, handshake.BadHost, but("GET", "GET http://example.com/ HTTP/1.1")},
	{"RFC 9112 §5.2: a header field goes on in the next line", 400, handshake.MalformedHead, but("Origin", "Origin:\n http://server.example.com")},
	{"RFC 9112 §5: a line is not a header field", 400, handshake.MalformedHead, and("X-Name")},
	{"RFC 9112 §5: a line is not a header field", 400, handshake.MalformedHead, and("X-Name : value")},
	{"RFC 9112 §5: a line is not a header field", 400, handshake.MalformedHead, and(": value")},
	{"RFC 9110 §5.5: a header field has a control byte", 400, handshake.MalformedHead, and("X-Name: a\x00b")},
	{"RFC 9110 §5.5: a header field has a control byte", 400, handshake.MalformedHead, and("X-Name: a\rb")},
	{"RFC 9112 §3: the request line is longer", 414, handshake.HeadTooLarge, "GET /" + strings.Repeat("a", 8192)},
	{"RFC 6585 §5: the request's header is longer", 431, handshake.HeadTooLarge, and("Cookie: " + strings.Repeat("a", 8192))},
	{"RFC 6585 §5: the request's header is longer", 431, handshake.HeadTooLarge, and(strings.Repeat("Cookie: "+strings.Repeat("a", 1000)+"\n", 17))},
	{"RFC 6585 §5: the request has more header fields", 431, handshake.HeadTooLarge, and(strings.Repeat("\nA: b", 94)[1:])},
}

func TestARequestThatBreaksARuleIsRefusedByThatRule(t *testing.T) {
	for _, row := range requestRules {
		_, err := parse(row.raw)
		requireBroken(t, err, row.rule, row.status, row.reason)
		_, err = viaHTTP(row.raw)
		requireBroken(t, err, row.rule, row.status, row.reason)
	}
	for _, row := range rawRules {
		_, err := parse(row.raw)
		requireBroken(t, err, row.rule, row.status, row.reason)
	}
}

// http2Rules are broken by a request that net/http has read from HTTP/2.
var http2Rules = []struct {
	rule   string
	status int
	reason handshake.Reason
	change func(r *http.Request)
}{
	{"RFC 8441 §5: a WebSocket in HTTP/2 begins with an extended CONNECT", 400, handshake.BadUpgrade,
		func(r *http.Request) { r.Method = "GET" }},
	{"RFC 6455 §4.2.1(1): an opening handshake is a GET request", 405, handshake.BadMethod,
		func(r *http.Request) { r.Method = "POST" }},
	{"RFC 8441 §4: :protocol is not websocket", 501, handshake.BadMethod,
		func(r *http.Request) { r.Header[":protocol"] = []string{"connect-ip"} }},
	{"RFC 8441 §4: a CONNECT without :protocol", 405, handshake.BadMethod,
		func(r *http.Request) { delete(r.Header, ":protocol") }},
	{"RFC 6455 §4.2.1(2): Host is missing", 400, handshake.BadHost,
		func(r *http.Request) { r.Host = "" }},
	{"RFC 6455 §4.2.1(6): Sec-WebSocket-Version is not 13", 400, handshake.BadVersion,
		func(r *http.Request) { r.Header.Set("Sec-WebSocket-Version", "8") }},
	{"RFC 6455 §9.1: Sec-WebSocket-Extensions is malformed", 400, handshake.BadExtensions,
		func(r *http.Request) { r.Header.Set("Sec-WebSocket-Extensions", "=") }},
}

func TestARequestInHTTP2ThatBreaksARuleIsRefusedByThatRule(t *testing.T) {
	for _, row := range http2Rules {
		r := http2Request()
		row.change(r)
		_, err := handshake.FromHTTP(r)
		e := requireBroken(t, err, row.rule, row.status, row.reason)
		require.NotContains(t, e.Header, "Upgrade", "RFC 9113 §8.2.2")
		require.NotContains(t, e.Header, "Connection", "RFC 9113 §8.2.2")
		if row.reason == handshake.BadVersion {
			require.Equal(t, "13", e.Header.Get("Sec-WebSocket-Version"), "RFC 6455 §4.4")
		}
	}
}

// http2Request is an extended CONNECT as net/http's server gives it to a
// handler.
func http2Request() *http.Request {
	r := httptest.NewRequest("GET", "https://server.example.com/chat", nil)
	r.Method, r.Proto, r.ProtoMajor, r.ProtoMinor = "CONNECT", "HTTP/2.0", 2, 0
	r.ContentLength = -1 // a stream that has not ended
	r.Header = http.Header{
		":protocol":             {"websocket"},
		"Origin":                {"https://server.example.com"},
		"Sec-Websocket-Version": {"13"},
	}
	return r
}

func TestARequestWithTwoHostsBehindAnotherServerThanNetHTTPIsRefused(t *testing.T) {
	r := httptest.NewRequest("GET", "/chat", nil)
	r.Header["Host"] = []string{"a", "b"}
	_, err := handshake.FromHTTP(r)
	requireBroken(t, err, "RFC 9112 §3.2: Host is there more than once", 400, handshake.BadHost)
}

func TestABodyOfUnknownLengthIsRefused(t *testing.T) {
	r := httptest.NewRequest("GET", "/chat", nil)
	r.Header = mustParse(t, goodHead).Header()
	r.ContentLength = 7 // and no such field
	_, err := handshake.FromHTTP(r)
	requireBroken(t, err, "RFC 9112 §6: the request announces a body", 400, handshake.HasBody)
}

func TestEveryRuleHasATestThatBreaksIt(t *testing.T) {
	var broken []string
	for _, row := range slices.Concat(requestRules, rawRules) {
		broken = append(broken, row.rule)
	}
	for _, row := range http2Rules {
		broken = append(broken, row.rule)
	}
	for _, row := range policyRules {
		broken = append(broken, row.rule)
	}
	for _, row := range writeRules {
		broken = append(broken, row.rule)
	}
	for _, row := range verifyRules {
		broken = append(broken, row.rule)
	}
	rules := rulesInSource(t)
	require.Greater(t, len(rules), 60)
	for _, rule := range rules {
		require.True(t, slices.ContainsFunc(broken, func(b string) bool { return strings.HasPrefix(rule, b) }),
			"no test breaks the rule: %s", rule)
	}
}

// rulesInSource lists the literals of type rule in rule.go: section, colon,
// and what the rule says.
func rulesInSource(t *testing.T) (rules []string) {
	file, err := parser.ParseFile(token.NewFileSet(), "rule.go", nil, 0)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		lit, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		if name, ok := lit.Type.(*ast.Ident); !ok || name.Name != "rule" {
			return true
		}
		section, err := strconv.Unquote(lit.Elts[2].(*ast.BasicLit).Value)
		require.NoError(t, err)
		says, err := strconv.Unquote(lit.Elts[3].(*ast.BasicLit).Value)
		require.NoError(t, err)
		rules = append(rules, section+": "+says)
		return false
	})
	return rules
}
