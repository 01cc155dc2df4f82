package interop

import (
	"context"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/server"
	"github.com/stretchr/testify/require"
)

// A way is one of our two ways of being a server, until the test ends.
type way struct {
	name  string
	serve func(t *testing.T, l net.Listener, f server.Func, o server.Options)
}

var ways = []way{
	{"handler", serveHandler},
	{"standalone", serveStandalone},
}

func serveHandler(t *testing.T, l net.Listener, f server.Func, o server.Options) {
	u, err := server.NewUpgrader(o)
	require.NoError(t, err)
	serveHTTP(t, l, u.Handler(f))
}

func serveStandalone(t *testing.T, l net.Listener, f server.Func, o server.Options) {
	s, err := server.NewServer(f, o)
	require.NoError(t, err)
	serve(t, l, s)
}

// serveHTTP serves h under net/http.
func serveHTTP(t *testing.T, l net.Listener, h http.Handler) {
	serve(t, l, &http.Server{
		Handler:           h,
		ReadHeaderTimeout: patience,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
	})
}

// serve lets a server serve until the test ends.
func serve(t *testing.T, l net.Listener, s interface {
	Serve(net.Listener) error
	Close() error
}) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	t.Cleanup(func() {
		_ = s.Close()
		<-done
	})
}

func listenTCP(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// bounded is a context that ends when whatever it is for has taken too long.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// A setup says how the two ends of a conversation are made. What concerns a
// client or a server is given to whoever plays that part.
type setup struct {
	ours   conn.Options
	policy handshake.Policy // of our server; the subprotocols are in prefer
	limit  int              // of theirs
	offer  []string         // the client's subprotocols
	prefer []string         // the server's
	tls    *identity        // of the server; nil: no TLS
}

// held is a server of ours whose connections belong to the test.
type held struct {
	addr  string
	conns chan *conn.Conn
	group *server.Group
}

// hold serves in the given way. What the handler returns is what verdict
// says; nil: it waits for the connection to end.
func hold(t *testing.T, w way, o server.Options, verdict func() error) *held {
	return holdOn(t, listenTCP(t), w, o, verdict)
}

func holdOn(t *testing.T, l net.Listener, w way, o server.Options, verdict func() error) *held {
	h := &held{addr: l.Addr().String(), conns: make(chan *conn.Conn, 16), group: o.Group}
	if h.group == nil {
		h.group = new(server.Group)
		o.Group = h.group
	}
	o.Logger = slog.New(slog.DiscardHandler)
	t.Cleanup(func() {
		for c := range h.group.All() {
			_ = c.CloseNow()
		}
	})
	w.serve(t, l, func(_ context.Context, c *conn.Conn, _ *handshake.Request) error {
		if verdict != nil {
			return verdict()
		}
		h.conns <- c
		<-c.Context().Done()
		return nil
	}, o)
	return h
}

// next returns the next connection that was made.
func (h *held) next(t *testing.T) *conn.Conn {
	t.Helper()
	select {
	case c := <-h.conns:
		return c
	case <-bounded(t).Done():
		t.Fatal("no connection has reached our handler")
		return nil
	}
}

// A pairing is one of theirs and one of ours that can be connected.
type pairing struct {
	setup
	peer   peer
	theirs *theirs
	held   *held  // ours is the server
	url    string // of whichever is the server
	seen   frames
}

// frames counts what our end has received.
type frames struct {
	continuations, reserved atomic.Int64
	pongs                   chan time.Duration // that answer our pings
}

func (f *frames) ponged(_ *conn.Conn, rtt time.Duration) { f.pongs <- rtt }

func (f *frames) trace(_ *conn.Conn, sent bool, h frame.Header) {
	if sent {
		return
	}
	if h.Opcode == frame.Continuation {
		f.continuations.Add(1)
	}
	if h.RSV != 0 {
		f.reserved.Add(1)
	}
}

// eachPairing runs f with each counterpart that can do what is needed, in each
// place that it and we can take.
func eachPairing(t *testing.T, need able, s setup, f func(t *testing.T, p *pairing)) {
	eachCaller(t, need, s, f)
	for _, other := range need.of(t) {
		if other.server != nil {
			t.Run(other.name+"/server to our client", func(t *testing.T) { f(t, pairClient(t, other, s)) })
		}
	}
}

// eachCaller is eachPairing for us as the server alone.
func eachCaller(t *testing.T, need able, s setup, f func(t *testing.T, p *pairing)) {
	for _, other := range need.of(t) {
		if other.client == nil {
			continue
		}
		for _, w := range ways {
			t.Run(other.name+"/client to our "+w.name, func(t *testing.T) { f(t, pairServer(t, other, w, s)) })
		}
	}
}

// of returns the peers that can do all of it. Somebody must.
func (a able) of(t *testing.T) []peer {
	t.Helper()
	var who []peer
	for _, p := range peers {
		if p.can&a == a {
			who = append(who, p)
		}
	}
	require.NotEmpty(t, who, "no counterpart can play this scenario")
	return who
}

func newPairing(other peer, s setup, them *theirs) *pairing {
	p := &pairing{setup: s, peer: other, theirs: them}
	p.seen.pongs = make(chan time.Duration, 1<<10)
	return p
}

// options are those of our end of a pairing.
func (p *pairing) options() conn.Options {
	o := p.ours
	o.Trace = &conn.Trace{Frame: p.seen.trace, Ping: p.seen.ponged}
	return o
}

func pairServer(t *testing.T, other peer, w way, s setup) *pairing {
	p := newPairing(other, s, other.client(t))
	o := server.Options{Handshake: s.policy, Conn: p.options()}
	o.Handshake.Subprotocols = s.prefer
	o.Handshake.Origins = other.origins(t)
	p.held = holdOn(t, s.tls.listen(t), w, o, nil)
	p.url = s.tls.scheme() + "://" + p.held.addr + "/"
	return p
}

// origins are those that a server must allow for the peer to be its client.
func (p *peer) origins(t *testing.T) handshake.Origins {
	if p.page == nil {
		return handshake.Origins{}
	}
	o, err := handshake.AllowOrigins(p.page(t))
	require.NoError(t, err)
	return o
}

func pairClient(t *testing.T, other peer, s setup) *pairing {
	p := newPairing(other, s, other.server(t))
	listen := command{Do: "listen", Protocols: s.prefer, Limit: s.limit}
	if s.tls != nil {
		listen.Cert, listen.Key = s.tls.public, s.tls.private
	}
	p.url = p.theirs.ask(t, listen, "listening").Text + "/"
	return p
}

// dialing is the command that makes theirs connect.
func (p *pairing) dialing() command {
	c := command{Do: "dial", URL: p.url, Protocols: p.offer, Limit: p.limit}
	if p.tls != nil {
		c.Cert = p.tls.public
	}
	return c
}

// A link is a connection between theirs and ours. Somebody reads ours all the
// time, as an application should.
type link struct {
	*theirs
	ours  *conn.Conn
	role  conn.Role // of ours
	open  event     // how they saw the beginning
	inbox chan conn.Message
	ended chan error
}

// connect makes a connection. A pairing has one at a time.
func (p *pairing) connect(t *testing.T) *link {
	t.Helper()
	l := &link{theirs: p.theirs, inbox: make(chan conn.Message, 1<<14), ended: make(chan error, 1)}
	if p.held != nil {
		l.open = p.theirs.ask(t, p.dialing(), "open")
		l.ours = p.held.next(t)
	} else {
		c, err := client.Dial(bounded(t), p.url, &client.Options{Subprotocols: p.offer, TLS: p.tls.trust(), Conn: p.options()})
		require.NoError(t, err)
		l.ours, l.open = c, p.theirs.expect(t, "open")
	}
	l.role = l.ours.Role()
	t.Cleanup(func() { _ = l.ours.CloseNow() })
	go l.read()
	return l
}

func (l *link) read() {
	for {
		m, err := l.ours.Read(context.Background())
		if err != nil {
			l.ended <- err
			return
		}
		l.inbox <- m
	}
}

// receive returns the next message that reached us.
func (l *link) receive(t *testing.T) conn.Message {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case m := <-l.inbox:
		return m
	case err := <-l.ended:
		t.Fatalf("our connection has ended; want a message: %v\n%s", err, l.log())
	case <-late.C:
		t.Fatalf("no message in %v\n%s", patience, l.log())
	}
	return conn.Message{}
}

// end returns how our connection has ended.
func (l *link) end(t *testing.T) *conn.CloseError {
	t.Helper()
	select {
	case err := <-l.ended:
		var end *conn.CloseError
		require.ErrorAs(t, err, &end)
		return end
	case <-time.After(patience):
		t.Fatalf("our connection has not ended in %v\n%s", patience, l.log())
		return nil
	}
}
