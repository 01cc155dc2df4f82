package wstest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bellwire/bellwire/frame"
)

// opcodes are those that mean something.
var opcodes = []frame.Opcode{frame.Text, frame.Binary, frame.Continuation, frame.Close, frame.Ping, frame.Pong}

// inPlace opens a connection for a frame with this opcode: a continuation
// gets a message to continue.
func inPlace(p *probe, op frame.Opcode) *link {
	l := p.open()
	if op == frame.Continuation {
		l.send(text("begun ").part())
	}
	return l
}

// headerChecks are what one frame header can get wrong. RFC 6455 §5.1, §5.2.
func headerChecks() []check {
	var list []check
	bad := func(section, name string, op frame.Opcode, f raw) {
		list = append(list, check{section, name, func(p *probe) error {
			l := inPlace(p, op)
			l.send(f)
			l.refused(frame.ProtocolError)
			return l.err
		}})
	}
	for _, op := range opcodes {
		bad("5.1", fmt.Sprintf("an unmasked %v frame is refused", op), op, newRaw(true, op, closeable(op)).bare())
		bad("5.1", fmt.Sprintf("an unmasked %v frame without a payload is refused", op), op, newRaw(true, op, "").bare())
	}
	for rsv := uint8(1); rsv < 8; rsv++ {
		for _, op := range opcodes {
			bad("5.2", fmt.Sprintf("reserved bits %03b in a %v frame are refused", rsv, op), op,
				newRaw(true, op, closeable(op)).bits(rsv))
		}
	}
	for op := frame.Opcode(0); op < 16; op++ {
		if op.IsReserved() {
			bad("5.2", fmt.Sprintf("opcode %X is refused", uint8(op)), op, newRaw(true, op, ""))
			bad("5.2", fmt.Sprintf("opcode %X with a payload is refused", uint8(op)), op, newRaw(true, op, "payload"))
			bad("5.2", fmt.Sprintf("opcode %X inside a message is refused", uint8(op)), frame.Continuation, newRaw(true, op, "payload"))
		}
	}
	for _, n := range []uint64{1 << 63, 1<<63 + 5, 1<<64 - 1} {
		bad("5.2", fmt.Sprintf("the length %X with its top bit set is refused", n), frame.Binary, blob("").claim(n))
	}
	for _, long := range []struct{ form, n int }{{2, 0}, {2, 5}, {2, 125}, {8, 0}, {8, 5}, {8, 126}, {8, 65535}} {
		bad("5.2", fmt.Sprintf("the length %d in %d octets is refused", long.n, long.form), frame.Binary,
			blob(strings.Repeat("x", long.n)).wide(long.form))
	}
	bad("5.2", "the length of a ping in 2 octets is refused", frame.Ping, ping("beat").wide(2))
	return list
}

// closeable is a payload that is correct in a frame with this opcode.
func closeable(op frame.Opcode) string {
	if op == frame.Close {
		return closePayload(frame.Normal, "")
	}
	return "hello"
}

// fragmentTalks are RFC 6455 §5.4, and what one broken rule leads to.
var fragmentTalks = []check{
	{"5.4", "a message in two fragments is one message", talk(func(l *link) {
		l.send(text("frag").part(), cont("ment"))
		l.echo(text("fragment"))
		l.goodbye()
	})},
	{"5.4", "a message with empty fragments is one message", talk(func(l *link) {
		l.send(blob("").part(), cont("").part(), cont("middle").part(), cont(""))
		l.echo(blob("middle"))
		l.send(text("").part(), cont(""))
		l.echo(text(""))
		l.goodbye()
	})},
	{"5.4", "a message in 100 fragments is one message", talk(func(l *link) {
		m := text(strings.Repeat("x", 100))
		l.send(fragments(m)...)
		l.echo(m)
		l.goodbye()
	})},
	{"5.4", "fragments may come one octet at a time", talk(func(l *link) {
		l.chop(1, text("frag").part(), cont("ment"))
		l.echo(text("fragment"))
		l.goodbye()
	})},
	{"5.4", "a ping between fragments is answered at once", talk(func(l *link) {
		l.send(text("frag").part(), ping("beat"))
		l.pong("beat")
		l.send(cont("me").part(), ping("again"))
		l.pong("again")
		l.send(cont("nt"))
		l.echo(text("fragment"))
		l.goodbye()
	})},
	{"5.4", "a pong between fragments does not matter", talk(func(l *link) {
		l.send(text("frag").part(), pong("unasked"), cont("ment"))
		l.echo(text("fragment"))
		l.goodbye()
	})},
	{"5.4", "a Close frame between fragments is answered", talk(func(l *link) {
		l.send(text("frag").part())
		l.goodbye()
	})},
	{"5.4", "a continuation of a message that has ended is refused", talk(func(l *link) {
		l.send(text("whole"), cont("more"))
		l.echo(text("whole"))
		l.refused(frame.ProtocolError)
	})},
	{"7.1.7", "what comes before a broken rule is answered and what comes after is not", talk(func(l *link) {
		l.send(text("good"), text("bad").bits(2), ping("beat"), text("late"))
		l.echo(text("good"))
		l.refused(frame.ProtocolError)
	})},
	{"10.4", "a frame of 2^62 octets is refused at its header", talk(func(l *link) {
		l.send(blob("x").claim(1 << 62))
		l.refused(frame.TooBig)
	})},
	{"10.4", "a message whose length overflows is refused", talk(func(l *link) {
		l.send(blob("xx").part(), cont("x").claim(1<<63-1))
		l.refused(frame.TooBig)
	})},
}

// disorders are fragments in an order that is none.
var disorders = []struct {
	name   string
	frames []raw
}{
	{"a continuation of nothing is refused", []raw{cont("nothing"), text("hello")}},
	{"a continuation of nothing, to be continued, is refused", []raw{cont("nothing").part()}},
	{"an empty continuation of nothing is refused", []raw{cont("")}},
	{"a text inside a text is refused", []raw{text("one").part(), text("two")}},
	{"a binary message inside a text is refused", []raw{text("one").part(), blob("two")}},
	{"a fragmented text inside a binary message is refused", []raw{blob("one").part(), text("two").part()}},
}

func fragmentChecks() []check {
	list := slices.Clone(fragmentTalks)
	for _, d := range disorders {
		list = append(list, check{"5.4", d.name, talk(func(l *link) {
			l.send(d.frames...)
			l.refused(frame.ProtocolError)
		})})
	}
	return list
}

// fragments cuts a message into frames of one octet each.
func fragments(m raw) []raw {
	var list []raw
	for i := range m.payload {
		f := cont(string(m.payload[i : i+1]))
		if i == 0 {
			f.op = m.op
		}
		f.fin = i == len(m.payload)-1
		list = append(list, f)
	}
	return list
}
