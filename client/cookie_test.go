package client_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func jar(t *testing.T) http.CookieJar {
	t.Helper()
	j, err := cookiejar.New(nil)
	require.NoError(t, err)
	return j
}

func location(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	require.NoError(t, err)
	return u
}

func TestCookiesOfTheJarAreSent(t *testing.T) {
	for _, test := range []struct{ url, header, sent string }{
		{"ws://h/feed", "", "plain=2"},
		{"ws://h/feed", "a=1", "a=1; plain=2"}, // in one field
		{"ws://h/other", "a=1", "a=1"},
		{"ws://h/other", "", ""},
		{"ws://joe:x@h:81/feed", "", "plain=2"},
		{"ws://example.com/", "", ""},
		{"wss://example.com/", "", "secure=3"},
		{"ws+unix:///run/a.sock:/feed", "", "local=4"},
	} {
		requests := make(chan *http.Request, 1)
		o := newWorld(t, map[string]host{"": seen(requests), "example.com:443": secured(seen(requests))}).options()
		o.TLS, o.Jar = trusting(), jar(t)
		o.Jar.SetCookies(location(t, "http://h/feed"), []*http.Cookie{{Name: "plain", Value: "2", Path: "/feed"}})
		o.Jar.SetCookies(location(t, "https://example.com"), []*http.Cookie{{Name: "secure", Value: "3", Secure: true}})
		o.Jar.SetCookies(location(t, "http://localhost"), []*http.Cookie{{Name: "local", Value: "4"}})
		if test.header != "" {
			o.Header = http.Header{"Cookie": {test.header}}
		}
		dialled(t, test.url, o)
		require.Equal(t, test.sent, strings.Join((<-requests).Header["Cookie"], " and another: "), test.url)
	}
}

func TestCookiesOfEveryAnswerAreStored(t *testing.T) {
	accepts := asked(func(r *http.Request) string { return switching(r, "Set-Cookie: last=3") })
	o := newWorld(t, map[string]host{
		"a:80":            moved(302, "wss://example.com/", "Set-Cookie: first=1"),
		"example.com:443": secured(accepts),
		"c:80":            says("HTTP/1.1 403 Forbidden\r\nSet-Cookie: refused=2\r\nContent-Length: 0\r\n\r\n"),
	}).options()
	o.TLS, o.Jar, o.MaxRedirects = trusting(), jar(t), 1
	dialled(t, "ws://a", o)
	refused(t, "ws://c", o)
	for rawURL, want := range map[string]string{
		"http://a": "first=1", "https://example.com": "last=3", "http://c": "refused=2",
	} {
		cookies := o.Jar.Cookies(location(t, rawURL))
		require.Len(t, cookies, 1, rawURL)
		require.Equal(t, want, cookies[0].String())
	}
}

func TestACookieOfARedirectIsSentOn(t *testing.T) {
	requests := make(chan *http.Request, 1)
	o := one(t, inTurn(moved(302, "/in", "Set-Cookie: session=1"), seen(requests)))
	o.Jar, o.MaxRedirects = jar(t), 1
	dialled(t, "ws://a", o)
	require.Equal(t, "session=1", (<-requests).Header.Get("Cookie"))
}

// onSet is a jar that calls a function when it gets a cookie.
type onSet func()

func (f onSet) SetCookies(*url.URL, []*http.Cookie) { f() }
func (f onSet) Cookies(*url.URL) []*http.Cookie     { return nil }
