package interop

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What the counterparts that are Go libraries have in common.

// serveTheirs serves what every counterpart serves after a listen: a refusal,
// a redirect, and WebSocket everywhere else. It returns the address.
func serveTheirs(t *testing.T, c command, accept http.HandlerFunc) string {
	mux := http.NewServeMux()
	mux.HandleFunc("/refuse", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="interop"`)
		http.Error(w, "who are you?", http.StatusUnauthorized)
	})
	mux.Handle("/redirect", http.RedirectHandler("/elsewhere", http.StatusFound))
	mux.HandleFunc("/", accept)
	l, scheme := listenTCP(t), "ws://"
	if c.Cert != "" {
		pair, err := tls.X509KeyPair([]byte(c.Cert), []byte(c.Key))
		require.NoError(t, err)
		l, scheme = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}}), "wss://"
	}
	serveHTTP(t, l, mux)
	return scheme + l.Addr().String()
}

// trusting is the configuration of a client that trusts one certificate.
func trusting(cert string) *tls.Config {
	if cert == "" {
		return nil
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(cert))
	return &tls.Config{RootCAs: roots}
}

func originHeader(origin string) http.Header {
	if origin == "" {
		return nil
	}
	return http.Header{"Origin": {origin}}
}

// bound is a deadline for one call.
func bound() time.Time { return time.Now().Add(patience) }
