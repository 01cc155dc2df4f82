package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/server"
	"github.com/bellwire/bellwire/wstest"
	"github.com/stretchr/testify/require"
)

// The example of RFC 6455 §1.3.
const (
	key       = "dGhlIHNhbXBsZSBub25jZQ=="
	acceptKey = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// request is an opening handshake with more header fields, as a client sends
// it. A field that is there by default and in more is taken from more.
func request(path string, more ...string) string {
	fields := []string{"Host: example.com", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Key: " + key, "Sec-WebSocket-Version: 13"}
	var b strings.Builder
	b.WriteString("GET " + path + " HTTP/1.1\r\n")
	for _, f := range fields {
		name, _, _ := strings.Cut(f, ":")
		replaced := false
		for _, m := range more {
			replaced = replaced || strings.HasPrefix(m, name+":")
		}
		if !replaced {
			b.WriteString(f + "\r\n")
		}
	}
	for _, m := range more {
		b.WriteString(m + "\r\n")
	}
	return b.String() + "\r\n"
}

// readHead reads the head of an answer, and not an octet more.
func readHead(t testing.TB, nc net.Conn) string {
	t.Helper()
	require.NoError(t, nc.SetReadDeadline(time.Now().Add(10*time.Second)))
	var head []byte
	b := make([]byte, 1)
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		if _, err := nc.Read(b); err != nil {
			require.NoError(t, err, "the head of an answer, after %q", head)
		}
		head = append(head, b[0])
	}
	require.NoError(t, nc.SetReadDeadline(time.Time{}))
	return string(head)
}

// dialTCP connects to a server.
func dialTCP(t testing.TB, addr string) *net.TCPConn {
	t.Helper()
	nc, err := net.DialTimeout("tcp", addr, 10*time.Second)
	require.NoError(t, err)
	t.Cleanup(func() { nc.Close() })
	return nc.(*net.TCPConn)
}

// upgrade does the opening handshake on nc.
func upgrade(t testing.TB, nc net.Conn, more ...string) *wstest.Peer {
	t.Helper()
	_, err := io.WriteString(nc, request("/", more...))
	require.NoError(t, err)
	head := readHead(t, nc)
	require.True(t, strings.HasPrefix(head, "HTTP/1.1 101 "), head)
	require.Contains(t, head, "Sec-WebSocket-Accept: "+acceptKey+"\r\n")
	return wstest.PeerOn(t, conn.Client, nc)
}

// A door is one of the ways into this package, on a real socket.
type door struct {
	name string
	open func(t testing.TB, f server.Func, o server.Options) (addr string)
}

var doors = []door{{"net/http", openHTTP}, {"Server", openServer}}

type opener = func(testing.TB, server.Func, server.Options) *place

// eachDoor runs a test on every door.
func eachDoor(t *testing.T, test func(t *testing.T, open opener)) {
	for _, d := range doors {
		t.Run(d.name, func(t *testing.T) {
			test(t, func(t testing.TB, f server.Func, o server.Options) *place {
				p := newPlace(t, &o)
				p.addr = d.open(t, f, o)
				return p
			})
		})
	}
}

// A place is a server under test.
type place struct {
	t     testing.TB
	addr  string
	group *server.Group
	log   *journal
}

// newPlace gives the options a group and a log. When the test is over nobody
// may be left: no connection, no Func, no goroutine.
func newPlace(t testing.TB, o *server.Options) *place {
	checkLeaks(t)
	p := &place{t: t, group: o.Group, log: new(journal)}
	if o.Group == nil {
		o.Group = new(server.Group)
		p.group = o.Group
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(p.log, nil))
	}
	return p
}

func (p *place) dial(more ...string) *wstest.Peer {
	p.t.Helper()
	return upgrade(p.t, dialTCP(p.t, p.addr), more...)
}

// status asks for a connection and returns the head of the answer.
func (p *place) ask(more ...string) string {
	p.t.Helper()
	nc := dialTCP(p.t, p.addr)
	_, err := io.WriteString(nc, request("/", more...))
	require.NoError(p.t, err)
	head := readHead(p.t, nc)
	nc.Close()
	return head
}

func openHTTP(t testing.TB, f server.Func, o server.Options) string {
	u, err := server.NewUpgrader(o)
	require.NoError(t, err)
	s := httptest.NewUnstartedServer(u.Handler(f))
	s.Config.ErrorLog = slog.NewLogLogger(o.Logger.Handler(), slog.LevelError)
	s.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx, s.Config, o.Group, server.Drain{}))
		s.Close()
	})
	return s.Listener.Addr().String()
}

func openServer(t testing.TB, f server.Func, o server.Options) string {
	s, err := server.NewServer(f, o)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	serve(t, s, l)
	return l.Addr().String()
}

// serve runs s on l until the end of the test.
func serve(t testing.TB, s *server.Server, l net.Listener) {
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, s.Shutdown(ctx, server.Drain{}))
		require.ErrorIs(t, <-ended, http.ErrServerClosed)
	})
}

// checkLeaks fails the test if more goroutines are left at its end, once all
// that was begun after this call is cleaned up, than there are now.
func checkLeaks(t testing.TB) {
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		late := time.After(time.Minute)
		for runtime.NumGoroutine() > before {
			select {
			case <-time.After(time.Millisecond):
			case <-late:
				b := make([]byte, 1<<20)
				t.Errorf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), b[:runtime.Stack(b, true)])
				return
			}
		}
	})
}

// await waits until something is the case. It is patient, since a machine that
// tests many packages at once may be slow.
func await(t testing.TB, what string, is func() bool) {
	t.Helper()
	late := time.After(time.Minute)
	for !is() {
		select {
		case <-time.After(time.Millisecond):
		case <-late:
			require.FailNow(t, "it did not come to this: "+what)
		}
	}
}

// A journal is a log that a test can read.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// echo sends every message back.
func echo(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
	for m, err := range c.Messages(ctx) {
		if err != nil {
			return err
		}
		if err := c.Write(ctx, m.Type, m.Data); err != nil {
			return err
		}
	}
	return nil
}

// wait does nothing but read until the connection ends.
func wait(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
	for _, err := range c.Messages(ctx) {
		if err != nil {
			return err
		}
	}
	return nil
}

// A pipes is a listener in memory.
type pipes struct {
	calls chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes {
	return &pipes{calls: make(chan net.Conn), done: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case nc := <-p.calls:
		return nc, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return nil }

// dial connects to whoever accepts.
func (p *pipes) dial(t testing.TB) net.Conn {
	near, far := wstest.NetPipe()
	t.Cleanup(func() { near.Close() })
	select {
	case p.calls <- far:
	case <-p.done:
		require.FailNow(t, "nobody listens any more")
	}
	return near
}

var errApp = errors.New("the secret of the application")

// goingAway wants the server to say goodbye, and says it too.
func goingAway(p *wstest.Peer) {
	p.ExpectClose(frame.GoingAway)
	p.Close(frame.GoingAway, "")
	p.ExpectEOF()
	p.Hangup()
}

// quiet is for tests in which what is logged is beside the point.
var quiet = slog.New(slog.DiscardHandler)

// readToClose reads whatever comes, as fast as it comes, up to a Close frame,
// and returns its payload. It is for crowds, where a wstest.Peer would be slow.
func readToClose(nc net.Conn) (string, error) {
	var d frame.Decoder
	b := make([]byte, 16<<10)
	for {
		n, err := nc.Read(b)
		if err != nil {
			return "", err
		}
		for in := b[:n]; len(in) > 0; {
			ev, used, err := d.Next(in)
			if err != nil {
				return "", err
			}
			in = in[used:]
			if ev.OK && ev.Done && ev.Header.Opcode == frame.Close {
				return string(ev.Payload), nil
			}
		}
	}
}

// leave reads up to the Close frame that begins with want, answers it and
// waits for the end.
func leave(nc net.Conn, want string) error {
	defer nc.Close()
	got, err := readToClose(nc)
	if err != nil || !strings.HasPrefix(got, want) {
		return fmt.Errorf("came a Close frame with %x, %v; want %x", got, err, want)
	}
	h := frame.Header{Fin: true, Opcode: frame.Close, Masked: true, Length: 2} // the key 0 masks nothing
	if _, err := nc.Write(append(h.Append(nil), want[:2]...)); err != nil {
		return err
	}
	if _, err := nc.Read(make([]byte, 1)); err != io.EOF {
		return fmt.Errorf("came %v; want the end", err)
	}
	return nil
}

const goingAwayCode = "\x03\xe9"
