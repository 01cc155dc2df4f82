package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/wstest"
)

var modes = []string{"nethttp", "standalone"}

func TestServeIsConformant(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode, func(t *testing.T) {
			url, _ := serving(t, "-mode", mode)
			wstest.Conformance(t, func(ctx context.Context) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "tcp", strings.TrimPrefix(url, "ws://"))
			})
		})
	}
}

func TestServeEchoesWhateverASuiteSends(t *testing.T) {
	for _, mode := range modes {
		url, stop := serving(t, "-mode", mode, "-max-message", "-1", "-max-control-rate", "-1")
		c, err := client.Dial(t.Context(), url, &client.Options{
			Conn: conn.Options{Limits: conn.Limits{MaxMessage: -1}},
		})
		require.NoError(t, err)
		large := bytes.Repeat([]byte("0123456789abcdef"), 1<<20) // 16 MiB
		sent := make(chan error, 1)
		go func() {
			w, err := c.Writer(t.Context(), conn.Binary)
			for i := 0; err == nil && i < 10_000; i++ { // more fragments than there may be by default
				if _, err = w.Write([]byte{byte(i)}); err == nil {
					err = w.Flush()
				}
			}
			if err == nil {
				err = w.Close()
			}
			if err == nil {
				err = c.Write(t.Context(), conn.Binary, large)
			}
			sent <- err
		}()
		m, err := c.Read(t.Context())
		require.NoError(t, err)
		require.Len(t, m.Data, 10_000)
		m, err = c.Read(t.Context())
		require.NoError(t, err)
		require.True(t, bytes.Equal(large, m.Data))
		require.NoError(t, <-sent)
		require.NoError(t, c.Close(t.Context(), frame.Normal, ""))
		require.Equal(t, exitClean, stop().code)
	}
}

func TestServeTakesAFloodOfPingsWhenItMust(t *testing.T) {
	for rate, survives := range map[string]bool{"-1": true, "10": false} {
		url, _ := serving(t, "-max-control-rate", rate)
		nc, err := net.Dial("tcp", strings.TrimPrefix(url, "ws://"))
		require.NoError(t, err)
		c, err := client.Handshake(t.Context(), nc, url, &client.Options{
			Conn: conn.Options{Limits: conn.Limits{MaxControlRate: -1}}, // as many pongs come back
		})
		require.NoError(t, err)
		var flood []byte
		for range 500 {
			flood = append(flood, 0x89, 0x80, 0, 0, 0, 0)
		}
		_, err = nc.Write(flood)
		require.NoError(t, err)
		require.NoError(t, c.WriteText(t.Context(), "still there?"))
		m, err := c.Read(t.Context())
		if survives {
			require.NoError(t, err)
			require.Equal(t, "still there?", string(m.Data))
		} else {
			require.ErrorIs(t, err, frame.Policy)
		}
		c.CloseNow()
	}
}

func TestServeClosesEveryConnectionWhenItStops(t *testing.T) {
	for _, mode := range modes {
		url, stop := serving(t, "-mode", mode)
		c, err := client.Dial(t.Context(), url, nil)
		require.NoError(t, err)
		require.NoError(t, c.WriteText(t.Context(), "hello"))
		_, err = c.Read(t.Context())
		require.NoError(t, err)
		require.NoError(t, c.SetReadDeadline(time.Now().Add(30*time.Second)))
		ended := make(chan error, 1)
		go func() {
			_, err := c.Read(t.Context())
			ended <- err
		}()
		require.Equal(t, outcome{}, stop(), mode)
		require.ErrorIs(t, <-ended, frame.GoingAway, mode)
		_, err = client.Dial(t.Context(), url, nil)
		require.Error(t, err, mode)
	}
}

func TestServeLetsOnlyThePagesInThatItIsToldOf(t *testing.T) {
	for pattern, pages := range map[string]map[string]bool{
		"":                      {"": true, "https://example.com": false},
		"https://*.example.com": {"https://a.example.com": true, "https://example.com": false},
		"*":                     {"https://example.com": true},
	} {
		var args []string
		if pattern != "" {
			args = []string{"-origin", pattern}
		}
		url, _ := serving(t, args...)
		for page, in := range pages {
			header := http.Header{}
			if page != "" {
				header.Set("Origin", page)
			}
			c, err := client.Dial(t.Context(), url, &client.Options{Header: header})
			require.Equal(t, in, err == nil, "%q for %q: %v", pattern, page, err)
			if in {
				c.CloseNow()
			}
		}
	}
}

// certificate writes a certificate and its key to files.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	s := httptest.NewTLSServer(nil) // which has one
	s.Close()
	own := s.TLS.Certificates[0]
	der, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	require.NoError(t, err)
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		return file
	}
	return write("cert.pem", "CERTIFICATE", own.Certificate[0]), write("key.pem", "PRIVATE KEY", der)
}

func TestServeSpeaksTLS(t *testing.T) {
	cert, key := certificate(t)
	for _, mode := range modes {
		url, _ := serving(t, "-mode", mode, "-tls-cert", cert, "-tls-key", key)
		require.Regexp(t, `^wss://127\.0\.0\.1:\d+$`, url)

		got := bellwire(t, "secret\n", "connect", url, "-n", "1", "-insecure")
		require.Equal(t, outcome{0, "secret\n", "closed: 1000 normal closure\n"}, got)

		got = bellwire(t, "", "connect", url)
		require.Equal(t, exitDial, got.code)
		require.Contains(t, got.err, "-insecure")
	}
	url, _ := serving(t)
	got := bellwire(t, "", "connect", "wss"+strings.TrimPrefix(url, "ws"))
	require.Equal(t, exitDial, got.code)
	require.Contains(t, got.err, "Did you mean "+url+"?")
}

func TestServeOffersNoHTTP2(t *testing.T) {
	cert, key := certificate(t)
	url, _ := serving(t, "-tls-cert", cert, "-tls-key", key)
	nc, err := tls.Dial("tcp", strings.TrimPrefix(url, "wss://"), &tls.Config{
		InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"},
	})
	require.NoError(t, err)
	defer nc.Close()
	require.Equal(t, "http/1.1", nc.ConnectionState().NegotiatedProtocol)
}

func TestServeSaysWhyItCannot(t *testing.T) {
	url, _ := serving(t)
	for says, args := range map[string][]string{
		"listen":       {"-listen", strings.TrimPrefix(url, "ws://")},
		"missing.pem":  {"-tls-cert", "missing.pem", "-tls-key", "missing.pem"},
		"missing port": {"-listen", "127.0.0.1"},
		"unknown port": {"-listen", "127.0.0.1:port"},
	} {
		got := bellwire(t, "", append([]string{"serve"}, args...)...)
		require.Equal(t, exitAbnormal, got.code, "%q", args)
		require.Contains(t, got.err, "bellwire serve: ", "%q", args)
		require.Contains(t, got.err, says, "%q", args)
	}
}

func TestServeEverywhereIsReachedFromHere(t *testing.T) {
	url, _ := serving(t, "-listen", ":0")
	require.Regexp(t, `^ws://127\.0\.0\.1:\d+$`, url)
	require.Equal(t, "hello\n", bellwire(t, "hello\n", "connect", url, "-n", "1").out)
}

func TestServeShowsEveryFrame(t *testing.T) {
	url, stop := serving(t, "-v")
	require.Zero(t, bellwire(t, "hello\n", "connect", url, "-n", "1").code)
	require.Regexp(t, `role=server sent=false opcode=text fin=true`, stop().err)
}
