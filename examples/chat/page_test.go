package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestThePageIsServedWithItsProtection(t *testing.T) {
	h, err := newRoom().routes()
	require.NoError(t, err)
	s := httptest.NewServer(h)
	defer s.Close()
	for path, kind := range map[string]string{
		"/":         "text/html; charset=utf-8",
		"/chat.css": "text/css; charset=utf-8",
		"/chat.js":  "text/javascript; charset=utf-8",
		"/link.js":  "text/javascript; charset=utf-8",
		"/view.js":  "text/javascript; charset=utf-8",
		"/icon.svg": "image/svg+xml",
	} {
		resp, err := http.Get(s.URL + path)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode, path)
		require.Equal(t, kind, resp.Header.Get("Content-Type"), path)
		require.Contains(t, resp.Header.Get("Content-Security-Policy"), "default-src 'none'", path)
		require.NotContains(t, resp.Header.Get("Content-Security-Policy"), "unsafe", path)
		require.Equal(t, "nosniff", resp.Header.Get("X-Content-Type-Options"), path)
		// Nothing is loaded from elsewhere, and no script stands in the page:
		// the policy would not let it run.
		if path != "/icon.svg" { // which names its namespace
			require.NotRegexp(t, regexp.MustCompile(`https?://`), string(body), path)
		}
		require.NotRegexp(t, regexp.MustCompile(`<script>|<style|style="|\son\w+="|innerHTML`), string(body), path)
	}
	resp, err := http.Get(s.URL + "/nothing")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusNotFound, resp.StatusCode)
}

func TestTheAddressIsOneToOpen(t *testing.T) {
	for ip, want := range map[string]string{
		"127.0.0.1": "127.0.0.1:80",
		"0.0.0.0":   "localhost:80",
		"::":        "localhost:80",
		"::1":       "[::1]:80",
	} {
		require.Equal(t, want, browsable(&net.TCPAddr{IP: net.ParseIP(ip), Port: 80}))
	}
}
