package wstest_test

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/server"
	"github.com/bellwire/bellwire/wstest"
)

// A handler is tested without a network: Serve gives a function that dials it.
func ExampleServe() {
	_ = func(t *testing.T) { // TestEcho
		dial := wstest.Serve(t, server.Handler(echo))
		c, err := dial(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.WriteText(t.Context(), "hello"); err != nil {
			t.Fatal(err)
		}
		m, err := c.Read(t.Context())
		if err != nil || string(m.Data) != "hello" {
			t.Fatalf("got %q, %v", m.Data, err)
		}
	}
}

// A Peer plays a client that falls silent. In a synctest bubble the test does
// not wait for the keepalive that finds out.
func ExampleNewPeer() {
	_ = func(t *testing.T) { // TestASilentClientIsGivenUp
		synctest.Test(t, func(t *testing.T) {
			p, tr := wstest.NewPeer(t, conn.Client)
			c, err := conn.New(tr, conn.Server, conn.Agreement{}, &conn.Options{
				Keepalive: conn.Keepalive{Interval: time.Minute, Timeout: time.Second},
			})
			if err != nil {
				t.Fatal(err)
			}
			go c.Read(t.Context())
			if h, _ := p.ReadFrame(); h.Opcode != frame.Ping {
				t.Fatalf("got a %v frame", h.Opcode)
			}
			p.ExpectEOF()
		})
	}
}

// Any server that echoes can be checked against RFC 6455, here one of net/http
// in memory.
func ExampleConformance() {
	_ = func(t *testing.T) { // TestConformance
		l := wstest.Listen()
		s := &http.Server{Handler: server.Handler(echo)}
		go s.Serve(l)
		defer s.Close()
		wstest.Conformance(t, l.Dial)
	}
}

// The same for a server in another process, or in another language.
func ExampleConformance_tcp() {
	_ = func(t *testing.T) { // TestConformance
		wstest.Conformance(t, func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", "localhost:9001")
		})
	}
}

// Half-close and reset are methods of the ends of a pipe.
func ExampleNetPipe() {
	a, b := wstest.NetPipe()
	defer b.Close()
	a.(interface{ CloseWrite() error }).CloseWrite() // FIN
	a.(interface{ Reset() error }).Reset()           // RST
}
