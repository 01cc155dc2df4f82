package wstest

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/conn"
)

// Serve starts an HTTP server without a network, and returns a function that
// dials it, for "/" of the host "example.com". Dial and Proxy of the options
// are not used; nil options are the defaults.
//
//	dial := wstest.Serve(t, server.Handler(echo))
//	c, err := dial(t.Context(), nil)
//
// When the test is over, the connections are closed, at once, and then the
// server. A handler that has not returned 10 seconds later, by the clock of
// the synctest bubble if there is one, fails the test.
//
// For another URL, or a server that is no http.Handler, see [Listen].
func Serve(t testing.TB, h http.Handler) func(context.Context, *client.Options) (*conn.Conn, error) {
	t.Helper()
	l := Listen()
	handlers := &attended{h: h}
	s := &http.Server{Handler: handlers}
	go s.Serve(l)
	t.Cleanup(func() {
		s.Close()
		if !handlers.wait(peerPatience) {
			t.Errorf("wstest: a handler has not returned %v after its connection was closed", peerPatience)
		}
	})
	return func(ctx context.Context, o *client.Options) (*conn.Conn, error) {
		var own client.Options
		if o != nil {
			own = *o
		}
		own.Dial = l.DialContext
		own.Proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
		c, err := client.Dial(ctx, "ws://example.com/", &own)
		if err == nil {
			t.Cleanup(func() { c.CloseNow() })
		}
		return c, err
	}
}

// An attended handler can be waited for. http.Server.Close does not do that.
type attended struct {
	h http.Handler

	mu      sync.Mutex
	over    bool // no more calls are let in
	running sync.WaitGroup
}

func (a *attended) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	if a.over {
		a.mu.Unlock()
		return
	}
	a.running.Add(1)
	a.mu.Unlock()
	defer a.running.Done()
	a.h.ServeHTTP(w, r)
}

// wait reports whether every call has returned within d.
func (a *attended) wait(d time.Duration) bool {
	a.mu.Lock()
	a.over = true
	a.mu.Unlock()
	done := make(chan struct{})
	go func() {
		a.running.Wait()
		close(done)
	}()
	late := time.NewTimer(d)
	defer late.Stop()
	select {
	case <-done:
		return true
	case <-late.C:
		return false
	}
}
