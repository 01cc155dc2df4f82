package client_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/client"
)

// moved redirects every request.
func moved(status int, location string, fields ...string) host {
	return says(fmt.Sprintf("HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 0\r\n%s\r\n", status, location, strings.Join(append(fields, ""), "\r\n")))
}

// seen accepts every request, and passes it on.
func seen(requests chan<- *http.Request) host {
	return asked(func(r *http.Request) string {
		requests <- r
		return switching(r)
	})
}

func TestRedirectsAreFollowedIfAllowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		o := newWorld(t, map[string]host{"a:80": moved(status, "ws://b/"), "b:80": echoes}).options()
		o.MaxRedirects = 1
		requireEcho(t, dialled(t, "ws://a", o))
	}
	for _, status := range []int{300, 304, 305, 306, 399} {
		o := newWorld(t, map[string]host{"a:80": moved(status, "ws://b/"), "b:80": echoes}).options()
		o.MaxRedirects = 1
		e := refused(t, "ws://a", o)
		require.Equal(t, status, e.Status)
		require.Equal(t, client.Response, e.Stage)
	}
}

func TestARedirectIsResolved(t *testing.T) {
	for _, test := range []struct{ from, location, dialled, target string }{
		{"ws://a:81/x/y?q=1", "/z", "a:81", "/z"},
		{"ws://a:81/x/y?q=1", "z?r=2", "a:81", "/x/z?r=2"},
		{"ws://a:81/x/y?q=1", "?r=2", "a:81", "/x/y?r=2"},
		{"ws://a:81/x/y?q=1", "../z", "a:81", "/z"},
		{"ws://a:81", "z", "a:81", "/z"},
		{"ws://a:81/x", "//b/z", "b:80", "/z"},
		{"ws://a:81/x", "http://b", "b:80", "/"},
		{"ws://a:81/x", "ws://b/z#fragment", "b:80", "/z"},
		{"ws://a:81/x", "WS://B/z", "B:80", "/z"},
		{"ws://a:81/x", "https://example.com/z", "example.com:443", "/z"},
		{"ws://a:81/x", "wss://example.com/z", "example.com:443", "/z"},
		{"wss://example.com/x", "/z", "example.com:443", "/z"},
		{"ws+unix:///run/a.sock:/x/y", "z", "/run/a.sock", "/x/z"},
		{"ws+unix:///run/a.sock:/x/y", "http://localhost/z", "/run/a.sock", "/z"},
		{"ws+unix:///run/a.sock:/x/y", "ws://localhost:81/z", "localhost:81", "/z"},
	} {
		t.Run(test.from+" "+test.location, func(t *testing.T) {
			requests := make(chan *http.Request, 1)
			answer := inTurn(moved(302, test.location), seen(requests))
			w := newWorld(t, map[string]host{
				"": answer, "example.com:443": secured(answer),
			})
			o := w.options()
			o.MaxRedirects, o.TLS = 1, trusting()
			dialled(t, test.from, o)
			require.Len(t, w.dialled, 2)
			_, addr, _ := strings.Cut(w.dialled[1], " ")
			require.Equal(t, test.dialled, addr)
			require.Equal(t, test.target, (<-requests).RequestURI)
		})
	}
}

func TestSomeRedirectsAreNotFollowed(t *testing.T) {
	for _, test := range []struct{ from, location, says string }{
		{"wss://example.com", "ws://example.com/", "from wss to ws"},
		{"wss://example.com", "http://example.com:443/", "from wss to ws"},
		{"ws://a", "ftp://a/", "another scheme"},
		{"ws://a", "ws+unix:///run/docker.sock:/", "another scheme"},
		{"ws://a", "javascript:alert(1)", "another scheme"},
		{"ws://a", "http://", "host"},
		{"ws://a", "http://b:port/", "does not parse"},
		{"ws://a", "http://b c/", "does not parse"},
	} {
		o := newWorld(t, map[string]host{
			"a:80": moved(307, test.location), "example.com:443": secured(moved(307, test.location)),
		}).options()
		o.MaxRedirects, o.TLS = 5, trusting()
		e := refused(t, test.from, o)
		require.Equal(t, client.Response, e.Stage)
		require.Equal(t, 307, e.Status)
		require.Equal(t, test.location, e.Header.Get("Location"))
		require.ErrorContains(t, e, "redirect refused: ")
		require.ErrorContains(t, e, test.says)
		require.Equal(t, test.from, e.URL)
		require.False(t, e.Temporary())
	}
	// No Location is no redirect.
	o := one(t, says("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"))
	o.MaxRedirects = 5
	require.EqualError(t, refused(t, "ws://a", o), "websocket: dial ws://a: response: 302 Found")
}

func TestRedirectsHaveAnEnd(t *testing.T) {
	w := newWorld(t, map[string]host{"a:80": moved(302, "ws://b/"), "b:80": moved(302, "ws://a/")})
	o := w.options()
	o.MaxRedirects = 4
	e := refused(t, "ws://a", o)
	require.Len(t, w.dialled, 5)
	require.Equal(t, "ws://a/", e.URL)
	require.EqualError(t, e, `websocket: dial ws://a/: response: 302 Found, Location "ws://b/": more than 4 redirects`)
}

func TestTheErrorNamesTheServerThatWasReachedLast(t *testing.T) {
	o := newWorld(t, map[string]host{"a:80": moved(302, "ws://b/c")}).options()
	o.MaxRedirects = 1
	e := refused(t, "ws://a", o)
	require.Equal(t, client.Connect, e.Stage)
	require.Equal(t, "ws://b/c", e.URL)
}

func TestEachRedirectHasAKeyOfItsOwn(t *testing.T) {
	keys := map[string]bool{}
	o := one(t, func(nc net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(nc))
		if err == nil {
			keys[r.Header.Get("Sec-WebSocket-Key")] = true
			nc.Write([]byte("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"))
		}
	})
	o.MaxRedirects = 3
	refused(t, "ws://a", o)
	require.Len(t, keys, 4)
}

// credentials are what is for one origin, and what is for all.
func credentials() http.Header {
	return http.Header{
		"Authorization":       {"Bearer secret"},
		"cookie":              {"session=secret"},
		"Origin":              {"https://a.example"},
		"Proxy-Authorization": {"Basic secret"},
		"Host":                {"secret.example"},
		"X-Trace":             {"1"},
	}
}

func TestCredentialsStayWithTheirOrigin(t *testing.T) {
	for _, test := range []struct {
		name, from, location string
		kept                 bool
	}{
		{"another path", "ws://a/x", "/z", true},
		{"the same in full", "ws://a/x", "http://A:80/z", true},
		{"another host", "ws://a/x", "ws://b/", false},
		{"another port", "ws://a/x", "ws://a:81/", false},
		{"another scheme", "ws://example.com/x", "wss://example.com/", false},
		{"another scheme at the same port", "ws://example.com:8443/x", "wss://example.com:8443/", false},
		{"a subdomain", "ws://a/x", "ws://x.a/", false},
		{"with a user", "ws://a/x", "ws://mallory:x@b/", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			requests := make(chan *http.Request, 1)
			o := newWorld(t, map[string]host{
				"example.com:443":  secured(seen(requests)),
				"example.com:8443": inTurn(moved(302, test.location), secured(seen(requests))),
				"":                 inTurn(moved(302, test.location), seen(requests)),
			}).options()
			o.MaxRedirects, o.Header, o.TLS = 1, credentials(), trusting()
			dialled(t, test.from, o)
			r := <-requests
			require.Equal(t, "1", r.Header.Get("X-Trace"))
			if test.kept {
				require.Equal(t, "Bearer secret", r.Header.Get("Authorization"))
				require.Equal(t, "session=secret", r.Header.Get("Cookie"))
				require.Equal(t, "https://a.example", r.Header.Get("Origin"))
				require.Equal(t, "secret.example", r.Host)
				return
			}
			for _, name := range []string{"Authorization", "Cookie", "Origin", "Proxy-Authorization"} {
				require.Empty(t, r.Header[name])
			}
			require.NotContains(t, r.Host, "secret")
		})
	}
}

func TestAUserStaysWithTheOrigin(t *testing.T) {
	requests := make(chan *http.Request, 1)
	o := newWorld(t, map[string]host{
		"a:80": func(nc net.Conn) {
			r, err := http.ReadRequest(bufio.NewReader(nc))
			if err != nil {
				return
			}
			user, _, _ := r.BasicAuth()
			location := map[string]string{"/": "/b", "/b": "http://c/"}[r.URL.Path]
			fmt.Fprintf(nc, "HTTP/1.1 302 for %s\r\nLocation: %s\r\nX-User: %s\r\n\r\n", user, location, user)
		},
		"c:80": seen(requests),
	}).options()
	o.MaxRedirects = 1
	require.Equal(t, "joe", refused(t, "ws://joe:secret@a/", o).Header.Get("X-User"))
	o.MaxRedirects = 2
	dialled(t, "ws://joe:secret@a/", o)
	require.Empty(t, (<-requests).Header["Authorization"])
}

func TestCredentialsDoNotComeBack(t *testing.T) {
	requests := make(chan *http.Request, 1)
	o := newWorld(t, map[string]host{
		"a:80": inTurn(moved(302, "ws://b/"), seen(requests)),
		"b:80": moved(302, "ws://a/"),
	}).options()
	o.MaxRedirects, o.Header = 2, credentials()
	dialled(t, "ws://a/", o)
	require.Empty(t, (<-requests).Header["Authorization"])
	require.Equal(t, credentials(), o.Header)
}

func TestTheServerNameOfTheOptionsStaysWithTheOrigin(t *testing.T) {
	o := newWorld(t, map[string]host{
		"10.1.2.3:443":    secured(moved(302, "wss://127.0.0.1/")),
		"127.0.0.1:443":   secured(moved(302, "wss://b.example/")),
		"b.example:443":   secured(echoes),
		"example.com:443": secured(echoes),
	}).options()
	o.MaxRedirects, o.TLS = 5, trusting()
	o.TLS.ServerName = "example.com"
	e := refused(t, "wss://10.1.2.3", o)
	require.Equal(t, client.TLS, e.Stage)
	require.Equal(t, "wss://b.example/", e.URL)
	require.ErrorContains(t, e, "b.example")
	require.Equal(t, "example.com", o.TLS.ServerName)
}
