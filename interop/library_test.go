package interop

import (
	"net/http"
	"testing"
	"time"
)

// What the counterparts that are Go libraries have in common.

// serveTheirs serves what every counterpart serves: a refusal, a redirect,
// and WebSocket everywhere else.
func serveTheirs(t *testing.T, accept http.HandlerFunc) string {
	mux := http.NewServeMux()
	mux.HandleFunc("/refuse", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="interop"`)
		http.Error(w, "who are you?", http.StatusUnauthorized)
	})
	mux.Handle("/redirect", http.RedirectHandler("/elsewhere", http.StatusFound))
	mux.HandleFunc("/", accept)
	return serveHTTP(t, mux)
}

func originHeader(origin string) http.Header {
	if origin == "" {
		return nil
	}
	return http.Header{"Origin": {origin}}
}

// bound is a deadline for one call.
func bound() time.Time { return time.Now().Add(patience) }
