package wstest

import (
	"context"
	"fmt"
	"math"
	"net"
	"time"
	"unicode/utf8"

	"github.com/bellwire/bellwire/frame"
)

const (
	// answerTime is how long a server may take to answer.
	answerTime = 5 * time.Second

	// hangUpTime is how long it may take to close the connection after the
	// closing handshake.
	hangUpTime = 2 * time.Second
)

// A probe makes connections to the server under test for one check.
type probe struct {
	ctx   context.Context
	dial  func(context.Context) (net.Conn, error)
	links []*link
}

// connect makes a connection without an opening handshake.
func (p *probe) connect() *link {
	ctx, cancel := context.WithTimeout(p.ctx, answerTime)
	defer cancel()
	nc, err := p.dial(ctx)
	if err != nil {
		return &link{err: fmt.Errorf("dial: %w", err)}
	}
	l := newLink(nc, true, answerTime)
	p.links = append(p.links, l)
	return l
}

// open makes a connection with one.
func (p *probe) open() *link {
	l := p.connect()
	if l.err == nil {
		l.upgrade(newRequest(l.nc), math.MaxInt)
	}
	if l.err == nil {
		l.log = transcript{} // the handshake is not what is looked at
	}
	return l
}

func (p *probe) close() {
	for _, l := range p.links {
		l.nc.Close()
	}
}

// talk makes a check of a conversation behind the opening handshake.
func talk(f func(l *link)) func(*probe) error {
	return func(p *probe) error {
		l := p.open()
		if l.err == nil {
			f(l)
		}
		return l.err
	}
}

// The frames of a client, without a fault.

func text(s string) raw { return newRaw(true, frame.Text, s) }
func blob(s string) raw { return newRaw(true, frame.Binary, s) }
func cont(s string) raw { return newRaw(true, frame.Continuation, s) }
func ping(s string) raw { return newRaw(true, frame.Ping, s) }
func pong(s string) raw { return newRaw(true, frame.Pong, s) }
func closing(c frame.Code, reason string) raw {
	return newRaw(true, frame.Close, closePayload(c, reason))
}

// event reads the next message, put together, or the next control frame. A
// ping is answered and passed over: a server may send one at any time.
func (l *link) event(wanted string) raw {
	for {
		f := l.next(wanted)
		switch {
		case l.err != nil:
			return f
		case f.op == frame.Ping:
			l.send(pong(string(f.payload)))
			continue
		case f.op.IsControl():
			return f
		case (f.op == frame.Continuation) != (l.message != nil):
			l.fail(f.String()+": fragments out of order (RFC 6455 §5.4)", wanted)
			return f
		case l.message == nil:
			l.message = &f
		default:
			l.message.payload = append(l.message.payload, f.payload...)
			l.message.length = uint64(len(l.message.payload))
			l.message.form = shortest(l.message.length)
			l.message.fin = f.fin
		}
		if m := l.message; m.fin {
			l.message = nil
			return *m
		}
	}
}

// expect wants this message or control frame to be the next thing to come.
func (l *link) expect(op frame.Opcode, payload string) {
	wanted := newRaw(false, op, payload)
	came := l.event(wanted.String())
	if way := differ(came, wanted); l.err == nil && way != "" {
		l.fail(came.String()+": "+way, wanted.String())
	}
}

func (l *link) echo(m raw)       { l.expect(m.op, string(m.payload)) }
func (l *link) pong(with string) { l.expect(frame.Pong, with) }

// exchange sends a message and wants it back.
func (l *link) exchange(m raw) {
	l.send(m)
	l.echo(m)
}

// goodbye goes through a closing handshake: the Close frame must be the next
// thing to come, and then the server hangs up, before the client does.
func (l *link) goodbye() {
	l.send(closing(frame.Normal, ""))
	l.closes(frame.Normal)
	l.ended(hangUpTime, false)
}

// refused wants the server to fail the connection (RFC 6455 §7.1.7): a Close
// frame with one of the codes comes next, and then the end.
func (l *link) refused(codes ...frame.Code) {
	code := l.closes(codes...)
	l.send(closing(code, ""))
	// Octets that the server has not read turn its FIN into a RST.
	l.ended(hangUpTime, true)
}

// closes wants a correct Close frame with one of the codes.
func (l *link) closes(codes ...frame.Code) frame.Code {
	wanted := ""
	for i, c := range codes {
		if i > 0 {
			wanted += "\n     or "
		}
		wanted += newRaw(false, frame.Close, closePayload(c, "")).String()
	}
	came := l.event(wanted)
	if l.err != nil {
		return 0
	}
	code := frame.NoStatus
	if len(came.payload) >= 2 {
		code = frame.Code(came.payload[0])<<8 | frame.Code(came.payload[1])
	}
	switch {
	case came.op != frame.Close, len(came.payload) == 1:
	case len(came.payload) > 2 && !utf8.Valid(came.payload[2:]):
		l.fail(came.String()+": the reason is not UTF-8 (RFC 6455 §5.5.1)", wanted)
		return 0
	default:
		for _, c := range codes {
			if c == code {
				return code
			}
		}
	}
	l.fail(came.String(), wanted)
	return 0
}
