package wstest_test

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/wstest"
)

// A recorder is a test that may fail without harm.
type recorder struct {
	testing.TB
	failure string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failure = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// failing runs a test function that ought to fail, and returns what it says.
func failing(t *testing.T, f func(t testing.TB)) string {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r.failure
}

// failure is failing with a peer in the role of a client.
func failure(t *testing.T, f func(p *wstest.Peer, other net.Conn)) string {
	return failing(t, func(t testing.TB) {
		p, tr := wstest.NewPeer(t, conn.Client)
		f(p, tr.(net.Conn))
	})
}

func wire(octets string) []byte {
	var b []byte
	for _, bits := range strings.Fields(octets) {
		var n byte
		fmt.Sscanf(bits, "%b", &n)
		b = append(b, n)
	}
	return b
}

func TestAPeerSendsWhatItIsToldTo(t *testing.T) {
	p, tr := wstest.NewPeer(t, conn.Server)
	sent := func(do func()) []byte {
		do()
		b := make([]byte, 1<<17)
		n, err := tr.Read(b)
		require.NoError(t, err)
		return b[:n]
	}
	require.Equal(t, []byte("\x81\x02hi"), sent(func() { p.Text("hi") }))
	require.Equal(t, []byte("\x82\x01\xff"), sent(func() { p.Binary([]byte{0xff}) }))
	require.Equal(t, []byte("\x89\x01p"), sent(func() { p.Ping("p") }))
	require.Equal(t, []byte("\x8a\x00"), sent(func() { p.Pong("") }))
	require.Equal(t, []byte("\x88\x05\x03\xe8bye"), sent(func() { p.Close(frame.Normal, "bye") }))
	require.Equal(t, []byte("\x88\x02\xff\xff"), sent(func() { p.Close(65535, "") }))
	require.Equal(t, []byte("\x88\x00"), sent(func() { p.Close(frame.NoStatus, "") }))
	require.Equal(t, []byte("\x00\x01x"), sent(func() { p.Fragment(frame.Continuation, false, "x") }))
	require.Equal(t, []byte("junk"), sent(func() { p.SendBytes([]byte("junk")) }))

	// Faults of every kind.
	require.Equal(t, []byte("\x7b\x05x"), sent(func() {
		p.Send(frame.Header{RSV: 7, Opcode: 11, Length: 5}, []byte("x"))
	}))
	require.Equal(t, append(wire("10000001 01111111 10000000"), 0, 0, 0, 0, 0, 0, 5), sent(func() {
		p.Send(frame.Header{Fin: true, Opcode: frame.Text, Length: -1<<63 + 5}, nil)
	}))
	require.Equal(t, []byte("\x82\x7e\x80\x00"), sent(func() {
		p.Send(frame.Header{Fin: true, Opcode: frame.Binary, Length: 1 << 15}, nil)
	}))
	require.Equal(t, []byte("\x81\x82\x01\x02\x03\x04\x41\x42"), sent(func() {
		p.Send(frame.Header{Fin: true, Opcode: frame.Text, Masked: true, Key: [4]byte{1, 2, 3, 4}, Length: 2}, []byte("@@"))
	}))
}

func TestAPeerInTheRoleOfAClientMasks(t *testing.T) {
	p, tr := wstest.NewPeer(t, conn.Client)
	judge := wstest.PeerOn(t, conn.Server, tr.(net.Conn))
	p.Text("")
	judge.Expect(frame.Text, "")
	p.Text("καλημέρα")
	h, payload := judge.ReadFrame()
	require.True(t, h.Masked)
	require.Equal(t, "καλημέρα", string(payload))

	h = p.Header(frame.Text, []byte("worse"))
	h.RSV = frame.RSV2
	p.Send(h, []byte("worse"))
	got, payload := judge.ReadFrame()
	require.Equal(t, h, got)
	require.Equal(t, "worse", string(payload))
}

func TestAPeerExpects(t *testing.T) {
	p, tr := wstest.NewPeer(t, conn.Client)
	big := strings.Repeat("x", 70_000)
	go func() {
		b := frame.Header{Fin: true, Opcode: frame.Binary, Length: 70_000}.Append(nil)
		tr.Write([]byte("\x81\x02hi"))
		tr.Write(append(b, big...))
		tr.Write([]byte("\x01\x01a\x00\x00\x80\x01b\x88\x05\x03\xe9bye\x88\x00"))
		tr.Close()
	}()
	p.Expect(frame.Text, "hi")
	p.Expect(frame.Binary, big)
	p.ExpectMessage(frame.Text, "ab")
	require.Equal(t, "bye", p.ExpectClose(frame.GoingAway))
	p.ExpectClose(frame.NoStatus)
	p.ExpectEOF()
}

// Each row: what the server under test sends, what the test expects of it and
// what the failure must tell.
func TestAPeerTellsWhatIsWrong(t *testing.T) {
	expect := func(op frame.Opcode, payload string) func(*wstest.Peer) {
		return func(p *wstest.Peer) { p.Expect(op, payload) }
	}
	message := func(p *wstest.Peer) { p.ExpectMessage(frame.Text, "ab") }
	normal := func(p *wstest.Peer) { p.ExpectClose(frame.Normal) }
	for _, test := range []struct {
		name, sent string
		want       func(*wstest.Peer)
		tells      string
	}{
		{"payload", "\x81\x02ha", expect(frame.Text, "hi"), "another payload from octet 1 on\nwanted: 1 000 0001 0      2 text \"hi\""},
		{"opcode", "\x82\x02hi", expect(frame.Text, "hi"), "another opcode"},
		{"FIN", "\x01\x02hi", expect(frame.Text, "hi"), "another FIN"},
		{"RSV", "\xa1\x02hi", expect(frame.Text, "hi"), "came:   1 010 0001 0      2 text \"hi\": another RSV"},
		{"mask", "\x81\x82\x00\x00\x00\x00hi", expect(frame.Text, "hi"), "another mask bit"},
		{"length", "\x81\x7e\x00\x02hi", expect(frame.Text, "hi"), "length in 2 octets \"hi\": another form of the length"},
		{"end", "", expect(frame.Text, "hi"), "came:   the end of the connection\n"},
		{"half a header", "\x81", expect(frame.Text, "hi"), "the end of the connection inside a frame"},
		{"half a length", "\x81\x7f\x00", expect(frame.Text, "hi"), "the end of the connection inside a frame"},
		{"half a key", "\x81\x82\x00", expect(frame.Text, "hi"), "the end of the connection inside a frame"},
		{"half a payload", "\x81\x02h", expect(frame.Text, "hi"), "the end of the connection inside a frame"},
		{"top bit", "\x81\x7f\xff\x00\x00\x00\x00\x00\x00\x00", expect(frame.Text, "hi"), "the top bit of the payload length 0xff"},
		{"half a message", "\x01\x01a", message, "the end of the connection"},
		{"message", "\x01\x01a\x80\x01x", message, "\"ax\", in all: another payload from octet 1 on"},
		{"message begins twice", "\x01\x01a\x81\x01b", message, "the opcode"},
		{"message cut by a ping", "\x01\x01a\x89\x00\x80\x01b", message, "the opcode"},
		{"masked fragment", "\x01\x81\x00\x00\x00\x00a", message, "a server's frame is masked (RFC 6455 §5.1)"},
		{"close code", "\x88\x02\x03\xe9", normal, "close 1001"},
		{"close reason", "\x88\x05\x03\xe9why", normal, "close 1001 \"why\""},
		{"half a code", "\x88\x01\x03", normal, "close with half a code"},
		{"no code", "\x88\x00", normal, "close without a code"},
		{"no close", "\x8a\x00", normal, "pong"},
		{"fragmented close", "\x08\x02\x03\xe8", normal, "a control frame is fragmented (RFC 6455 §5.5)"},
		{"long close", "\x88\x7e\x00\x7e\x03\xe8" + strings.Repeat("x", 124), normal, "more than 125 octets (RFC 6455 §5.5)"},
		{"reserved bits of close", "\x98\x02\x03\xe8", normal, "a reserved bit is set (RFC 6455 §5.2)"},
		{"reserved opcode", "\x83\x00", normal, "the opcode is reserved (RFC 6455 §5.2)"},
		{"length of close", "\x88\x7e\x00\x02\x03\xe8", normal, "not in its shortest form (RFC 6455 §5.2)"},
		{"frame at the end", "\x89\x00", (*wstest.Peer).ExpectEOF, "wanted: the end of the connection"},
		{"binary", "\x82\x02\x00\xff", expect(frame.Text, "hi"), "binary 00ff"},
		{"long", "\x81\x32" + strings.Repeat("é", 25), expect(frame.Text, ""), strings.Repeat("é", 20) + "\"..."},
	} {
		got := failure(t, func(p *wstest.Peer, other net.Conn) {
			other.Write([]byte(test.sent))
			other.(interface{ CloseWrite() error }).CloseWrite()
			test.want(p)
		})
		if !strings.Contains(got, test.tells) {
			t.Errorf("%s: the failure says\n%s\nand not %q", test.name, got, test.tells)
		}
	}
}

func TestAFailureDrawsTheConversation(t *testing.T) {
	got := failure(t, func(p *wstest.Peer, other net.Conn) {
		p.Send(frame.Header{Fin: true, Opcode: frame.Ping, Length: 9}, []byte("beat"))
		other.Write([]byte("\x8a\x04boat"))
		p.Expect(frame.Pong, "beat")
	})
	require.Equal(t, `wstest: the connection under test did not do what was expected
came:   1 000 1010 0      4 pong "boat": another payload from octet 1 on
wanted: 1 000 1010 0      4 pong "beat"
     F RSV op   M length
sent 1 000 1001 0      9 ping "beat", with only 4 octets behind it
came 1 000 1010 0      4 pong "boat"`, got)

	got = failure(t, func(p *wstest.Peer, other net.Conn) {
		for range 30 {
			p.Text("x")
		}
		other.Close()
		p.Text("too late")
		p.ExpectEOF()
		p.Expect(frame.Text, "")
	})
	require.Contains(t, got, "(13 lines before)")
	require.Contains(t, got, "broken pipe")
}

func TestAPeerDoesNotWaitForEver(t *testing.T) {
	for name, wait := range map[string]func(p *wstest.Peer){
		"frame": func(p *wstest.Peer) { p.Expect(frame.Text, "") },
		"end":   (*wstest.Peer).ExpectEOF,
		"room":  func(p *wstest.Peer) { p.Text(strings.Repeat("x", 1<<17)) },
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			require.Contains(t, failure(t, func(p *wstest.Peer, _ net.Conn) { wait(p) }), "came:   nothing", name)
			require.Equal(t, time.Hour, time.Since(start), name)
		})
	}
}

func TestSilenceIsWhatItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tr := wstest.NewPeer(t, conn.Client)
		p.ExpectSilence(time.Minute)
		tr.Write([]byte("\x89\x00"))
		p.Expect(frame.Ping, "")
	})
	require.Contains(t, failure(t, func(p *wstest.Peer, other net.Conn) {
		other.Write([]byte("\x89\x00"))
		p.ExpectSilence(time.Minute)
	}), "came:   89")
	require.Contains(t, failure(t, func(p *wstest.Peer, other net.Conn) {
		other.Close()
		p.ExpectSilence(time.Minute)
	}), "came:   the end")
}

func TestAPeerGoesInThreeWays(t *testing.T) {
	p, tr := wstest.NewPeer(t, conn.Client)
	p.CloseWrite()
	_, err := tr.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	tr.Write([]byte("\x81\x00"))
	p.Expect(frame.Text, "")
	p.Hangup()
	_, err = tr.Write([]byte("x"))
	require.ErrorIs(t, err, syscall.EPIPE)

	p, tr = wstest.NewPeer(t, conn.Client)
	p.Reset()
	_, err = tr.Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET)
}

func TestAPeerGoesOverTCPToo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	a, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	b, err := l.Accept()
	require.NoError(t, err)
	defer b.Close()
	p := wstest.PeerOn(t, conn.Server, a)
	p.Text("x")
	p.Reset()
	_, err = io.Copy(io.Discard, b)
	require.ErrorIs(t, err, syscall.ECONNRESET)

	c, _ := net.Pipe()
	require.Contains(t, failing(t, func(t testing.TB) {
		wstest.PeerOn(t, conn.Server, c).CloseWrite()
	}), "cannot close one half")
	require.Contains(t, failing(t, func(t testing.TB) {
		wstest.PeerOn(t, conn.Server, c).Reset()
	}), "cannot be reset")
	a.Close()
	require.Contains(t, failing(t, func(t testing.TB) {
		wstest.PeerOn(t, conn.Server, a).Hangup()
	}), "use of closed network connection")
}
