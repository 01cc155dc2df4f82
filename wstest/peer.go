package wstest

import (
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"testing"
	"time"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
)

// How long a Peer waits for what it expects: on the clock of a synctest bubble
// long enough for any keepalive to speak first, since nobody has to sit
// through it.
const (
	peerPatience     = 10 * time.Second
	peerPatienceFake = time.Hour
)

// A Peer is the other end of a connection under test, without a library in
// it: it sends what it is told to, whether the rules allow that or not, and
// knows nothing of what it has sent before.
//
// What it expects and does not get fails the test with a drawing of the
// conversation. It waits 10 seconds, or an hour of the fake clock in a
// synctest bubble. A write that the other end does not take because it has
// gone is no failure; what comes, or does not, will be.
//
// A Peer is for one goroutine, the test's.
type Peer struct {
	t testing.TB
	l *link
}

// NewPeer returns a peer and the transport to it, over NetPipe. role is the
// peer's own: one in the role of a client masks its frames. Both ends are
// closed when the test is over.
//
//	peer, tr := wstest.NewPeer(t, conn.Client)
//	c, err := conn.New(tr, conn.Server, conn.Agreement{}, nil)
func NewPeer(t testing.TB, role conn.Role) (*Peer, conn.Transport) {
	t.Helper()
	near, far := NetPipe()
	t.Cleanup(func() { far.Close() })
	return PeerOn(t, role, near), far
}

// PeerOn returns a peer on a connection of any kind, behind the opening
// handshake. It is closed when the test is over.
func PeerOn(t testing.TB, role conn.Role, nc net.Conn) *Peer {
	t.Helper()
	t.Cleanup(func() { nc.Close() })
	patience := peerPatience
	if time.Now().Year() < 2009 {
		// The clock of a bubble begins in the year 2000.
		patience = peerPatienceFake
	}
	return &Peer{t, newLink(nc, role == conn.Client, patience)}
}

// DialPeer returns a peer in the role of a client that has opened a WebSocket
// at "/" of the server at the other end of nc. The connection is closed when
// the test is over.
//
//	l := wstest.Listen()
//	go http.Serve(l, server.Handler(echo))
//	nc, err := l.Dial(t.Context())
//	p := wstest.DialPeer(t, nc)
func DialPeer(t testing.TB, nc net.Conn) *Peer {
	t.Helper()
	p := PeerOn(t, conn.Client, nc)
	p.l.upgrade(newRequest(nc), math.MaxInt)
	p.check()
	return p
}

// check fails the test if the conversation has gone wrong.
func (p *Peer) check() {
	p.t.Helper()
	if p.l.err != nil {
		p.t.Fatalf("wstest: the connection under test did not do what was expected\n%v", p.l.err)
	}
}

// Header returns a header without a fault for a frame with this payload, to
// send as it is or made worse.
func (p *Peer) Header(op frame.Opcode, payload []byte) frame.Header {
	return newRaw(p.l.client, op, string(payload)).header()
}

// Send sends exactly this header and this payload, even if the one says
// another length than the other has. If h.Masked, the payload is masked with
// h.Key on the way; payload is borrowed until Send returns. Lengths are
// written in their shortest form: any other header takes SendBytes.
func (p *Peer) Send(h frame.Header, payload []byte) {
	p.t.Helper()
	p.l.send(raw{
		fin: h.Fin, rsv: h.RSV, op: h.Opcode, masked: h.Masked, key: h.Key,
		form: shortest(uint64(h.Length)), length: uint64(h.Length), payload: payload,
	})
	p.check()
}

// SendBytes sends octets, whatever they mean, in one write.
func (p *Peer) SendBytes(b []byte) {
	p.t.Helper()
	p.l.log.note("sent", fmt.Sprintf("%d octets %s", len(b), drawPayload(b)))
	p.l.write(b)
	p.check()
}

// Fragment sends a frame that may be part of a message: one that begins it,
// with its opcode, or a continuation. fin marks the last.
func (p *Peer) Fragment(op frame.Opcode, fin bool, payload string) {
	p.t.Helper()
	f := newRaw(p.l.client, op, payload)
	f.fin = fin
	p.l.send(f)
	p.check()
}

// Text sends s as a text message in one frame, UTF-8 or not.
func (p *Peer) Text(s string) { p.t.Helper(); p.Fragment(frame.Text, true, s) }

// Binary sends b as a binary message in one frame.
func (p *Peer) Binary(b []byte) { p.t.Helper(); p.Fragment(frame.Binary, true, string(b)) }

// Ping sends a ping.
func (p *Peer) Ping(payload string) { p.t.Helper(); p.Fragment(frame.Ping, true, payload) }

// Pong sends a pong, asked for or not.
func (p *Peer) Pong(payload string) { p.t.Helper(); p.Fragment(frame.Pong, true, payload) }

// Close sends a Close frame with any code and any reason. The connection
// below stays open. frame.NoStatus without a reason stands for an empty
// payload.
func (p *Peer) Close(code frame.Code, reason string) {
	p.t.Helper()
	p.Fragment(frame.Close, true, closePayload(code, reason))
}

// ReadFrame returns the next frame, unmasked, without a judgement. The payload
// is the caller's.
func (p *Peer) ReadFrame() (frame.Header, []byte) {
	p.t.Helper()
	f := p.l.read("a frame")
	p.check()
	return f.header(), f.payload
}

// Expect wants the next frame to be a whole one with this opcode and payload,
// correct in every bit.
func (p *Peer) Expect(op frame.Opcode, payload string) {
	p.t.Helper()
	wanted := newRaw(!p.l.client, op, payload)
	came := p.l.read(wanted.String())
	if way := differ(came, wanted); p.l.err == nil && way != "" {
		p.l.fail(came.String()+": "+way, wanted.String())
	}
	p.check()
}

// ExpectMessage wants the next message, in however many frames, to be this
// one. No control frame may come between them.
func (p *Peer) ExpectMessage(op frame.Opcode, payload string) {
	p.t.Helper()
	wanted := newRaw(!p.l.client, op, payload)
	got := wanted
	got.payload = nil
	for first := true; ; first = false {
		f := p.l.next(wanted.String())
		p.check()
		if first != (f.op == op) || !first && f.op != frame.Continuation {
			p.l.fail(f.String()+": the opcode", wanted.String()+", in one frame or more")
		}
		got.payload = append(got.payload, f.payload...)
		got.length, got.form = uint64(len(got.payload)), shortest(uint64(len(got.payload)))
		if f.fin || p.l.err != nil {
			break
		}
	}
	if way := differ(got, wanted); p.l.err == nil && way != "" {
		p.l.fail(got.String()+", in all: "+way, wanted.String())
	}
	p.check()
}

// ExpectClose wants the next frame to be a correct Close frame with this code
// and any reason, which it returns. frame.NoStatus stands for an empty
// payload.
func (p *Peer) ExpectClose(code frame.Code) (reason string) {
	p.t.Helper()
	wanted := newRaw(!p.l.client, frame.Close, closePayload(code, "")).String()
	came := p.l.next(wanted)
	p.check()
	got := frame.NoStatus
	if len(came.payload) >= 2 {
		got, reason = frame.Code(came.payload[0])<<8|frame.Code(came.payload[1]), string(came.payload[2:])
	}
	if came.op != frame.Close || got != code || len(came.payload) == 1 {
		p.l.fail(came.String(), wanted)
	}
	p.check()
	return reason
}

// ExpectEOF wants the other end to have closed its half, with no frame before
// that and without a reset.
func (p *Peer) ExpectEOF() {
	p.t.Helper()
	p.l.ended(p.l.patience, false)
	p.check()
}

// ExpectSilence wants nothing to come for d. It is meant for the clock of a
// synctest bubble; elsewhere a ping and its pong prove more, and sooner.
func (p *Peer) ExpectSilence(d time.Duration) {
	p.t.Helper()
	p.l.nc.SetReadDeadline(time.Now().Add(d))
	b, err := p.l.r.Peek(1)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		came := fmt.Sprintf("%x", b)
		if err != nil {
			came = p.l.describe(err)
		}
		p.l.fail(came, "nothing for "+d.String())
	}
	p.check()
}

// CloseWrite closes the peer's half of the connection, without a Close frame.
// What the other end sends can still be read.
func (p *Peer) CloseWrite() {
	p.t.Helper()
	if nc, ok := p.l.nc.(interface{ CloseWrite() error }); ok {
		p.hang("FIN", nc.CloseWrite)
		return
	}
	p.t.Fatalf("wstest: a %T cannot close one half", p.l.nc)
}

// Reset breaks the connection off, as a RST does.
func (p *Peer) Reset() {
	p.t.Helper()
	switch nc := p.l.nc.(type) {
	case interface{ Reset() error }:
		p.hang("RST", nc.Reset)
	case interface{ SetLinger(sec int) error }:
		p.hang("RST", func() error { return errors.Join(nc.SetLinger(0), p.l.nc.Close()) })
	default:
		p.t.Fatalf("wstest: a %T cannot be reset", p.l.nc)
	}
}

// Hangup closes the connection in both directions, without a Close frame.
func (p *Peer) Hangup() {
	p.t.Helper()
	p.hang("FIN, in both directions", p.l.nc.Close)
}

func (p *Peer) hang(how string, up func() error) {
	p.t.Helper()
	p.l.log.note("sent", how)
	if err := up(); err != nil {
		p.t.Fatalf("wstest: %s: %v", how, err)
	}
}
