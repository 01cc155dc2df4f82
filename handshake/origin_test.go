package handshake_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/handshake"
)

// fromPage is a request at scheme://host from a page of the given origin.
func fromPage(scheme, host, origin, site string) *handshake.Request {
	lines := "Host: " + host
	if origin != "" {
		lines += "\nOrigin: " + origin
	}
	if site != "" {
		lines += "\nSec-Fetch-Site: " + site
	}
	raw := crlf("GET / HTTP/1.1\n" + lines + "\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: " + sampleKey + "\n\n")
	r, err := parse(raw)
	if err != nil {
		panic(err)
	}
	r.Scheme = scheme
	return r
}

func TestOnlyPagesOfTheSameOriginMayConnect(t *testing.T) {
	const other, scheme, form, null = "the page's origin is not this server's", "another scheme or port", "Origin is not a scheme", "no origin of its own"
	for _, row := range []struct {
		scheme, host, origin string
		refused              string
	}{
		{"http", "example.com", "", ""}, // not a browser
		{"http", "example.com", "http://example.com", ""},
		{"http", "example.com", "HTTP://EXAMPLE.com", ""},
		{"http", "Example.com:80", "http://example.com", ""},
		{"http", "example.com", "http://example.com:80", ""},
		{"http", "example.com:", "http://example.com", ""},
		{"https", "example.com:443", "https://example.com", ""},
		{"https", "xn--bcher-kva.example", "https://xn--bcher-kva.example", ""},
		{"http", "[::1]:8080", "http://[::1]:8080", ""},
		{"http", "[2001:DB8::1]", "http://[2001:db8::1]", ""},
		{"http", "localhost:3000", "http://localhost:3000", ""},

		{"http", "example.com", "https://example.com", scheme},
		{"https", "example.com", "http://example.com", scheme},
		{"http", "example.com", "http://example.com:8080", scheme},
		{"http", "example.com:8080", "http://example.com", scheme},
		{"https", "example.com:80", "https://example.com", scheme},
		{"http", "example.com", "http://evil.example", other},
		{"http", "example.com", "http://www.example.com", other},
		{"http", "example.com", "http://example.com.evil.example", other},
		{"http", "example.com", "http://notexample.com", other},
		{"http", "example.com", "http://example.com.", other},
		{"http", "[::1]", "http://[::2]", other},

		{"http", "example.com", "null", null},
		{"http", "example.com", "Null", null},
		{"http", "example.com", "example.com", form},
		{"http", "example.com", "//example.com", form},
		{"http", "example.com", "://example.com", form},
		{"http", "example.com", "http://", form},
		{"http", "example.com", "http://example.com/", form},
		{"http", "example.com", "http://example.com:", form},
		{"http", "example.com", "http://example.com:0", form},
		{"http", "example.com", "http://example.com:080", form},
		{"http", "example.com", "http://example.com:65536", form},
		{"http", "example.com", "http://example.com:99999999999999999999", form},
		{"http", "example.com", "http://user@example.com", form},
		{"http", "example.com", "http://example.com http://evil.example", form},
		{"http", "example.com", "http://example.com,http://evil.example", form},
		{"http", "example.com", "http://ex\u00e4mple.com", form},
		{"http", "example.com", "http://[::1", form},
		{"http", "example.com", "http://[]", form},
		{"http", "example.com", "http://[::g]", form},
		{"http", "example.com", "1http://example.com", form},
		{"http", "example.com", "ht tp://example.com", form},
	} {
		err := handshake.Origins{}.Check(fromPage(row.scheme, row.host, row.origin, ""))
		if row.refused == "" {
			require.NoError(t, err, "%+v", row)
			continue
		}
		require.ErrorContains(t, err, row.refused, "%+v", row)
		require.ErrorIs(t, err, handshake.BadOrigin)
	}
}

func TestWhatTheBrowserSaysOfTheSiteCounts(t *testing.T) {
	pattern, err := handshake.AllowOrigins("https://partner.example")
	require.NoError(t, err)
	for _, row := range []struct {
		origin, site string
		allowed      bool
	}{
		{"http://example.com", "same-origin", true},
		{"http://example.com", "none", true},
		{"http://example.com", "what-will-be", true}, // ignored, as the specification asks
		// The browser says that the page is of another origin. One of the two
		// is wrong, and it is not the browser.
		{"http://example.com", "cross-site", false},
		{"http://example.com", "same-site", false},
		// A proxy hides scheme and port from the server, not from the browser.
		{"https://example.com", "same-origin", true},
		{"https://example.com:8443", "same-origin", true},
		{"https://example.com", "none", false},
		{"https://example.com", "same-site", false},
		// It does not make up for another host.
		{"http://evil.example", "same-origin", false},
		{"null", "same-origin", false},
		// What a pattern allows is meant to come from elsewhere.
		{"https://partner.example", "cross-site", true},
		{"https://partner.example", "same-site", true},
		{"https://partner.example", "", true},
		// Something has taken the Origin away.
		{"", "cross-site", false},
		{"", "same-site", false},
		{"", "same-origin", true},
		{"", "none", true},
	} {
		err := pattern.Check(fromPage("http", "example.com", row.origin, row.site))
		if row.allowed {
			require.NoError(t, err, "%+v", row)
		} else {
			require.ErrorIs(t, err, handshake.BadOrigin, "%+v", row)
		}
	}
}

func TestAPatternAllowsOtherOrigins(t *testing.T) {
	for _, row := range []struct{ pattern, origin, allowed string }{
		{"https://example.com", "https://example.com", "yes"},
		{"HTTPS://Example.COM:443", "https://example.com", "yes"},
		{"https://example.com", "https://example.com:8443", "no"},
		{"https://example.com", "http://example.com", "no"},
		{"https://example.com", "https://www.example.com", "no"},
		{"https://*.example.com", "https://www.example.com", "yes"},
		{"https://*.example.com", "https://a.b.example.com", "yes"},
		{"https://*.example.com", "https://example.com", "no"},
		{"https://*.example.com", "https://.example.com", "no"},
		{"https://*.example.com", "https://evilexample.com", "no"},
		{"https://*.example.com", "https://www.example.com.evil.example", "no"},
		{"https://*.example.com", "http://www.example.com", "no"},
		{"https://*.example.com:8443", "https://www.example.com:8443", "yes"},
		{"https://*.example.com:*", "https://www.example.com:1", "yes"},
		{"http://localhost:*", "http://localhost", "yes"},
		{"http://localhost:*", "http://localhost:5173", "yes"},
		{"http://localhost:*", "https://localhost:5173", "no"},
		{"http://localhost:*", "http://localhost.evil.example", "no"},
		{"https://[::1]:8443", "https://[::1]:8443", "yes"},
		{"capacitor://localhost", "capacitor://localhost", "yes"},
		{"capacitor://localhost", "capacitor://localhost:1", "no"},
		{"chrome-extension://*.a", "null", "no"},
	} {
		o, err := handshake.AllowOrigins("https://other.example", row.pattern)
		require.NoError(t, err, row.pattern)
		err = o.Check(fromPage("http", "server.example", row.origin, ""))
		require.Equal(t, row.allowed == "yes", err == nil, "%+v: %v", row, err)
		require.NoError(t, o.Check(fromPage("http", "server.example", "http://server.example", "")), "its own pages still may")
	}
}

func TestABadPatternSaysWhatToWrite(t *testing.T) {
	for pattern, want := range map[string]string{
		"example.com":             `write "https://example.com"`,
		"*.example.com":           `write "https://*.example.com"`,
		"localhost:3000":          `write "https://localhost:3000"`,
		"":                        `it has no scheme`,
		"*":                       "InsecureAnyOrigin",
		"null":                    "sandboxed",
		"wss://example.com":       `write "https://example.com"`,
		"ws://localhost:*":        `write "http://localhost:*"`,
		"https://example.com/":    `write "https://example.com"`,
		"https://example.com/a?b": `write "https://example.com"`,
		"https://b\u00fccher.de":  "xn--",
		"https://*":               "before the first dot",
		"https://*:443":           "before the first dot",
		"https://*example.com":    "before the first dot",
		"https://www.*.com":       "before the first dot",
		"https://a*.example.com":  "before the first dot",
		"https://example.com:8*":  "before the first dot",
		"https://*.":              "not a scheme, a host",
		"https://":                "not a scheme, a host",
		"https://example.com:":    "not a scheme, a host",
		"https://u@example.com":   "not a scheme, a host",
		"ht_tp://example.com":     "not a scheme, a host",
	} {
		_, err := handshake.AllowOrigins("https://ok.example", pattern)
		require.ErrorContains(t, err, want, "%q", pattern)
	}
}

func TestAnyOriginMayBeAllowedByAnUglyName(t *testing.T) {
	o := handshake.InsecureAnyOrigin()
	for _, origin := range []string{"", "null", "http://evil.example", "gibberish"} {
		require.NoError(t, o.Check(fromPage("https", "example.com", origin, "cross-site")), origin)
	}
}

func TestARefusedOriginIsToldWhatTheServerCompared(t *testing.T) {
	err := handshake.Origins{}.Check(fromPage("http", "example.com", "https://example.com", ""))
	require.ErrorContains(t, err, `"https://example.com" is not "http://example.com"`)
	require.ErrorContains(t, err, "TrustForwarded")
	require.ErrorContains(t, err, "allow the page's origin by a pattern")
}
