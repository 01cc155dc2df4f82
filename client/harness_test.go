package client_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/wstest"
)

// A host is what listens at an address: it gets each connection, which is
// closed when it returns.
type host func(nc net.Conn)

// A world is a network in memory.
type world struct {
	hosts map[string]host // by address; "" is for all that are not there

	mu      sync.Mutex
	dialled []string
	open    sync.WaitGroup
}

// newWorld is a world of which nothing is left when the test is over.
func newWorld(t *testing.T, hosts map[string]host) *world {
	w := &world{hosts: hosts}
	t.Cleanup(w.open.Wait)
	return w
}

// dial is for Options.Dial.
func (w *world) dial(_ context.Context, network, addr string) (net.Conn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dialled = append(w.dialled, network+" "+addr)
	h, ok := w.hosts[addr]
	if !ok {
		h, ok = w.hosts[""]
	}
	if !ok {
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	}
	ours, theirs := wstest.NetPipe()
	w.open.Go(func() {
		defer theirs.Close()
		h(theirs)
	})
	return ours, nil
}

// options lead into the world, and through no proxy.
func (w *world) options() *client.Options {
	return &client.Options{Dial: w.dial, Proxy: direct}
}

func direct(*http.Request) (*url.URL, error) { return nil, nil }

// by is a proxy for everything.
func by(raw string) func(*http.Request) (*url.URL, error) {
	return func(*http.Request) (*url.URL, error) { return url.Parse(raw) }
}

// one is the options for a world of one host, at every address.
func one(t *testing.T, h host) *client.Options {
	return newWorld(t, map[string]host{"": h}).options()
}

// The hosts.

// says answers any request with the same octets, and hangs up.
func says(answer string) host {
	return asked(func(*http.Request) string { return answer })
}

// asked answers a request with octets, and reads until the client hangs up.
func asked(answer func(r *http.Request) string) host {
	return func(nc net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(nc))
		if err != nil {
			return
		}
		r.RemoteAddr = nc.RemoteAddr().String()
		io.WriteString(nc, answer(r))
		nc.(interface{ CloseWrite() error }).CloseWrite()
		io.Copy(io.Discard, nc)
	}
}

// greets says something, whatever it is asked.
func greets(text string) host {
	return func(nc net.Conn) {
		io.WriteString(nc, text)
		io.Copy(io.Discard, nc)
	}
}

// leaves hangs up as soon as it has heard something.
func leaves(nc net.Conn) { nc.Read(make([]byte, 1<<16)) }

// silent reads, and never answers.
func silent(nc net.Conn) { io.Copy(io.Discard, nc) }

// inTurn is one host for the first connection, and another for the rest.
func inTurn(first, rest host) host {
	var n atomic.Int32
	return func(nc net.Conn) {
		if n.Add(1) == 1 {
			first(nc)
		} else {
			rest(nc)
		}
	}
}

// echoes is a WebSocket server that sends back what it gets. It speaks the
// first subprotocol that it is offered.
func echoes(nc net.Conn) {
	c, err := accept(nc)
	if err != nil {
		return
	}
	defer c.CloseNow()
	for m, err := range c.Messages(context.Background()) {
		if err != nil || c.Write(context.Background(), m.Type, m.Data) != nil {
			return
		}
	}
}

// accept is the server's side of a handshake.
func accept(nc net.Conn) (*conn.Conn, error) {
	r, err := http.ReadRequest(bufio.NewReader(nc))
	if err != nil {
		return nil, err
	}
	var extra []string
	name, _, _ := strings.Cut(r.Header.Get("Sec-WebSocket-Protocol"), ",")
	if name != "" {
		extra = []string{"Sec-WebSocket-Protocol: " + name}
	}
	if _, err := io.WriteString(nc, switching(r, extra...)); err != nil {
		return nil, err
	}
	return conn.New(nc, conn.Server, conn.Agreement{Subprotocol: name}, nil)
}

// switching is an answer without a fault, and what is added to it.
func switching(r *http.Request, fields ...string) string {
	key, _ := handshake.AcceptKey(r.Header.Get("Sec-WebSocket-Key"))
	fields = append([]string{
		"HTTP/1.1 101 Switching Protocols",
		"Upgrade: websocket",
		"Connection: Upgrade",
		"Sec-WebSocket-Accept: " + key,
	}, fields...)
	return strings.Join(fields, "\r\n") + "\r\n\r\n"
}

// secured is a host behind TLS.
func secured(h host) host {
	return func(nc net.Conn) {
		tc := tls.Server(nc, &tls.Config{Certificates: []tls.Certificate{certificate().own}})
		if tc.Handshake() == nil {
			h(tc)
		}
		tc.Close()
	}
}

type trust struct {
	own  tls.Certificate // for example.com, 127.0.0.1 and ::1
	pool *x509.CertPool
}

// certificate is that of net/http/httptest.
var certificate = sync.OnceValue(func() trust {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return trust{s.TLS.Certificates[0], pool}
})

// trusting is a configuration for clients of what is secured.
func trusting() *tls.Config { return &tls.Config{RootCAs: certificate().pool} }

// What a dial comes to.

// refused dials and wants an error.
func refused(t *testing.T, rawURL string, o *client.Options) *client.DialError {
	t.Helper()
	c, err := client.Dial(t.Context(), rawURL, o)
	require.Error(t, err)
	require.Nil(t, c)
	return dialError(t, err)
}

func dialError(t *testing.T, err error) *client.DialError {
	t.Helper()
	e, ok := errors.AsType[*client.DialError](err)
	require.True(t, ok, "%T: %v", err, err)
	return e
}

// dialled dials and wants a connection, which is closed with the test.
func dialled(t *testing.T, rawURL string, o *client.Options) *conn.Conn {
	t.Helper()
	c, err := client.Dial(t.Context(), rawURL, o)
	require.NoError(t, err)
	t.Cleanup(func() { c.CloseNow() })
	return c
}

// requireEcho sends a message there and back.
func requireEcho(t *testing.T, c *conn.Conn) {
	t.Helper()
	text := fmt.Sprintf("hello from %s", t.Name())
	require.NoError(t, c.WriteText(t.Context(), text))
	m, err := c.Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, text, string(m.Data))
}
