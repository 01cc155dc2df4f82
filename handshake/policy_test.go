package handshake_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/handshake"
)

func at(origin string) string { return but("Origin", "Origin: "+origin) }

// policyRules are broken by a request that is well-formed but unwelcome.
var policyRules = []struct {
	rule   string
	status int
	reason handshake.Reason
	policy handshake.Policy
	raw    string
}{
	{"RFC 6455 §10.2: the page has no origin of its own", 403, handshake.BadOrigin, handshake.Policy{}, at("null")},
	{"RFC 6454 §7.1: Origin is not a scheme, a host and an optional port", 403, handshake.BadOrigin, handshake.Policy{}, at("gibberish")},
	{"RFC 6455 §10.2: the page's origin is not this server's", 403, handshake.BadOrigin, handshake.Policy{}, at("http://evil.example")},
	{"RFC 6455 §10.2: the page's origin has the host of this server, but another scheme", 403, handshake.BadOrigin, handshake.Policy{}, at("https://server.example.com")},
	{"RFC 6455 §10.2: the browser says that the page is of another origin", 403, handshake.BadOrigin, handshake.Policy{}, and("Sec-Fetch-Site: cross-site")},
	{"RFC 9110 §15.5.4: the server does not authorize this connection", 403, handshake.NotAuthorized,
		handshake.Policy{Authorize: func(*handshake.Request) (http.Header, error) { return nil, errSecret }}, goodHead},
	{"RFC 9110 §5.5: a header field has a line end", 500, handshake.BadHeader,
		handshake.Policy{Authorize: func(*handshake.Request) (http.Header, error) {
			return http.Header{"Set-Cookie": {"a=b\r\nX-Injected: 1"}}, nil
		}}, goodHead},
	{"RFC 6455 §4.2.2(4): none of the subprotocols offered suits", 400, handshake.BadSubprotocol,
		handshake.Policy{Subprotocols: []string{"Chat"}, RequireSubprotocol: true}, goodHead},
	{"RFC 6455 §4.2.2(4): none of the subprotocols offered suits", 400, handshake.BadSubprotocol,
		handshake.Policy{SelectSubprotocol: func(*handshake.Request) (string, error) { return "", errSecret }}, goodHead},
	{"RFC 6455 §4.2.2(4): none of the subprotocols offered suits", 400, handshake.BadSubprotocol,
		handshake.Policy{SelectSubprotocol: func(*handshake.Request) (string, error) { return "", nil }, RequireSubprotocol: true}, goodHead},
	{"RFC 6455 §4.2.2(5): the server chose a subprotocol that was not offered", 500, handshake.BadSubprotocol,
		handshake.Policy{SelectSubprotocol: func(*handshake.Request) (string, error) { return "mqtt", nil }}, goodHead},
}

var errSecret = errors.New("the password is swordfish")

func TestAnUnwelcomeRequestIsRefusedByThatRule(t *testing.T) {
	for _, row := range policyRules {
		require.NoError(t, row.policy.Check(), row.rule)
		res, err := row.policy.Accept(mustParse(t, row.raw))
		e := requireBroken(t, err, row.rule, row.status, row.reason)
		require.Nil(t, res)
		require.NotContains(t, e.Msg, "swordfish", "the cause is for the server's log")
	}
}

func TestTheZeroPolicyAcceptsTheSampleRequest(t *testing.T) {
	r := mustParse(t, goodHead)
	res, err := new(handshake.Policy).Accept(r)
	require.NoError(t, err)
	require.Equal(t, &handshake.Result{Request: r, Status: 101}, res)
}

func TestAnExtendedConnectIsAnsweredWith200(t *testing.T) {
	r, err := handshake.FromHTTP(http2Request())
	require.NoError(t, err)
	res, err := new(handshake.Policy).Accept(r)
	require.NoError(t, err)
	require.Equal(t, 200, res.Status)
}

func TestHTTP10NeedsAnEscapeHatch(t *testing.T) {
	raw := "GET /chat HTTP/1.0\r\n" + goodHead[len("GET /chat?room=1 HTTP/1.1\r\n"):]
	for _, read := range []func(string) (*handshake.Request, error){parse, viaHTTP} {
		r, err := read(raw)
		require.NoError(t, err)
		_, err = new(handshake.Policy).Accept(r)
		requireBroken(t, err, "RFC 6455 §4.2.1(1): the request is HTTP/1.0", 505, handshake.BadHTTPVersion)
		_, err = (&handshake.Policy{AllowHTTP10: true}).Accept(r)
		require.NoError(t, err)
	}
}

func TestTheServersPreferredSubprotocolIsChosen(t *testing.T) {
	for _, row := range []struct {
		speaks []string
		chosen string
	}{
		{nil, ""},
		{[]string{"chat"}, "chat"},
		{[]string{"superchat", "chat"}, "superchat"},
		{[]string{"mqtt", "chat"}, "chat"},
		{[]string{"mqtt"}, ""},
		{[]string{"CHAT"}, ""}, // names are compared exactly
	} {
		p := handshake.Policy{Subprotocols: row.speaks}
		res, err := p.Accept(mustParse(t, goodHead))
		require.NoError(t, err)
		require.Equal(t, row.chosen, res.Subprotocol, row.speaks)
	}
}

func TestAHookMayChooseTheSubprotocol(t *testing.T) {
	p := handshake.Policy{SelectSubprotocol: func(r *handshake.Request) (string, error) { return r.Subprotocols[1], nil }}
	res, err := p.Accept(mustParse(t, goodHead))
	require.NoError(t, err)
	require.Equal(t, "superchat", res.Subprotocol)

	p.SelectSubprotocol = func(*handshake.Request) (string, error) { return "", nil }
	res, err = p.Accept(mustParse(t, goodHead))
	require.NoError(t, err)
	require.Empty(t, res.Subprotocol)
}

func TestAuthorizeMayAddToTheAnswerAndRefuseWithAnyStatus(t *testing.T) {
	p := handshake.Policy{Authorize: func(*handshake.Request) (http.Header, error) {
		return http.Header{"Set-Cookie": {"a=b"}}, nil
	}}
	res, err := p.Accept(mustParse(t, goodHead))
	require.NoError(t, err)
	require.Equal(t, http.Header{"Set-Cookie": {"a=b"}}, res.Header)

	challenge := &handshake.Error{Status: 401, Header: http.Header{"Www-Authenticate": {"Bearer"}}, Msg: "log in"}
	p.Authorize = func(*handshake.Request) (http.Header, error) { return nil, challenge }
	_, err = p.Accept(mustParse(t, goodHead))
	require.Same(t, challenge, err)

	p.Authorize = func(*handshake.Request) (http.Header, error) { return nil, errSecret }
	_, err = p.Accept(mustParse(t, goodHead))
	require.ErrorIs(t, err, errSecret, "the cause is kept for the server")
}

func TestAStrangePageIsRefusedBeforeItsVisitorIsAuthorized(t *testing.T) {
	p := handshake.Policy{Authorize: func(*handshake.Request) (http.Header, error) {
		t.Error("asked")
		return nil, nil
	}}
	_, err := p.Accept(mustParse(t, at("http://evil.example")))
	require.ErrorIs(t, err, handshake.BadOrigin)
}

func TestAProxyMaySayWhatTheServersOriginIs(t *testing.T) {
	for _, row := range []struct {
		forwarded, origin string
		allowed           bool
	}{
		{"X-Forwarded-Proto: https", "https://server.example.com", true},
		{"X-Forwarded-Proto: HTTPS, http", "https://server.example.com", true},
		{"X-Forwarded-Proto: wss", "https://server.example.com", true},
		{"X-Forwarded-Proto: ws", "http://server.example.com", true},
		{"X-Forwarded-Proto: https", "http://server.example.com", false},
		{"X-Forwarded-Proto: gibberish", "http://server.example.com", false},
		{"X-Forwarded-Proto: https\nX-Forwarded-Host: example.org", "https://example.org", true},
		{"X-Forwarded-Host: example.org:8080 , inner", "http://example.org:8080", true},
		{"X-Forwarded-Host: example.org", "http://server.example.com", false},
		{"X-Forwarded-Host: ex ample.org", "http://server.example.com", false},
		{"X-Other: 1", "http://server.example.com", true},
	} {
		raw := "Origin: " + row.origin + "\n" + row.forwarded
		for _, read := range []func(string) (*handshake.Request, error){parse, viaHTTP} {
			r, err := read(but("Origin", raw))
			require.NoError(t, err)
			_, err = (&handshake.Policy{TrustForwarded: true}).Accept(r)
			require.Equal(t, row.allowed, err == nil, "%+v: %v", row, err)
			_, err = (&handshake.Policy{}).Accept(r)
			require.Equal(t, row.origin == "http://server.example.com", err == nil, "nobody is trusted unless asked to: %+v: %v", row, err)
		}
	}
}

func TestABadPolicyIsToldSo(t *testing.T) {
	hook := func(*handshake.Request) (string, error) { return "", nil }
	for want, p := range map[string]handshake.Policy{
		`"a b" is not a token`:         {Subprotocols: []string{"a b"}},
		`"" is not a token`:            {Subprotocols: []string{""}},
		`"a" is there twice`:           {Subprotocols: []string{"a", "b", "a"}},
		"refuses everybody":            {RequireSubprotocol: true},
		"are both set":                 {Subprotocols: []string{"a"}, SelectSubprotocol: hook},
		`"a\r\nX: 1" is not a token`:   {Subprotocols: []string{"a\r\nX: 1"}},
		`"caf\u00e9" is not a token`:   {Subprotocols: []string{"caf\u00e9"}},
		`"one,two" is not a token`:     {Subprotocols: []string{"one,two"}},
		`"second " is not a token (le`: {Subprotocols: []string{"first", "second "}},
	} {
		err := p.Check()
		if want == `"caf\u00e9" is not a token` {
			want = "is not a token"
		}
		require.ErrorContains(t, err, want)
	}
	require.NoError(t, (&handshake.Policy{RequireSubprotocol: true, SelectSubprotocol: hook}).Check())
}

func TestAcceptingAllocatesTheResultAlone(t *testing.T) {
	p := handshake.Policy{Subprotocols: []string{"chat"}}
	r := mustParse(t, goodHead)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		if _, err := p.Accept(r); err != nil {
			t.Error(err)
		}
	}), 1.0)
}
