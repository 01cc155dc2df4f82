package wstest

import (
	"fmt"
	"strings"

	"github.com/bellwire/bellwire/frame"
)

// controlChecks are RFC 6455 §5.5: frames that stand outside of messages.
var controlChecks = []check{
	{"5.5", "a ping of 126 octets is refused", controlFault(ping(strings.Repeat("x", 126)))},
	{"5.5", "a ping of 65536 octets is refused at its header", controlFault(ping("").claim(65536))},
	{"5.5", "a pong of 126 octets is refused", controlFault(pong(strings.Repeat("x", 126)))},
	{"5.5", "a Close frame of 126 octets is refused", controlFault(closing(frame.Normal, strings.Repeat("x", 124)))},
	{"5.5", "a fragmented ping is refused", controlFault(ping("frag").part())},
	{"5.5", "a fragmented pong is refused", controlFault(pong("frag").part())},
	{"5.5", "a fragmented Close frame is refused", controlFault(closing(frame.Normal, "").part())},
	{"5.5.2", "a ping without a payload is answered", pinged("")},
	{"5.5.2", "a ping is answered with its payload", pinged("Hello, world!")},
	{"5.5.2", "a ping is answered with any octets", pinged("\x00\xff\xfe\xfd\xfc\xfb\x00\xff")},
	{"5.5.2", "a ping is answered with 125 octets", pinged(strings.Repeat("\xfe", 125))},
	{"5.5.2", "a ping may come one octet at a time", talk(func(l *link) {
		l.chop(1, ping(strings.Repeat("\xfe", 125)))
		l.pong(strings.Repeat("\xfe", 125))
		l.goodbye()
	})},
	{"5.5.2", "ten pings are answered in order", talk(func(l *link) { l.send(beats()...); l.answers() })},
	{"5.5.2", "ten pings one octet at a time are answered in order", talk(func(l *link) { l.chop(1, beats()...); l.answers() })},
	{"5.5.2", "pings between messages are answered in their place", talk(func(l *link) {
		for _, s := range []string{"1", "2", "3"} {
			l.exchange(text(s))
			l.send(ping(s))
			l.pong(s)
		}
		l.goodbye()
	})},
	{"5.5.3", "a pong that nobody asked for does not matter", talk(func(l *link) {
		l.send(pong(""), pong("unasked"), ping("beat"))
		l.pong("beat")
		l.goodbye()
	})},
}

func controlFault(f raw) func(*probe) error {
	return talk(func(l *link) {
		l.send(f)
		l.refused(frame.ProtocolError)
	})
}

func pinged(payload string) func(*probe) error {
	return talk(func(l *link) {
		l.send(ping(payload))
		l.pong(payload)
		l.goodbye()
	})
}

func beats() []raw {
	var list []raw
	for i := range 10 {
		list = append(list, ping(fmt.Sprint("beat ", i)))
	}
	return list
}

func (l *link) answers() {
	for _, f := range beats() {
		l.pong(string(f.payload))
	}
	l.goodbye()
}

// lengths are on both sides of every form that a length has on the wire.
var lengths = []int{0, 1, 125, 126, 127, 65535, 65536}

// echoChecks look at messages that are correct, whatever their length and
// wherever the network cuts them.
func echoChecks() []check {
	var list []check
	for _, n := range lengths {
		for _, m := range []raw{text(strings.Repeat("*", n)), blob(strings.Repeat("\xfe", n))} {
			list = append(list,
				check{"5.2", fmt.Sprintf("a %v message of %d octets is echoed", m.op, n), talk(func(l *link) {
					l.exchange(m)
					l.goodbye()
				})},
				check{"5.2", fmt.Sprintf("a %v message of %d octets is echoed when it comes in pieces", m.op, n), talk(func(l *link) {
					l.chop(max(1, n*997/65536), m)
					l.echo(m)
					l.goodbye()
				})})
		}
	}
	return append(list,
		check{"5.3", "every length is unmasked at every place of the key", talk(func(l *link) {
			for n := range 40 {
				l.exchange(blob(strings.Repeat("abcdefgh", 5)[:n]))
			}
			l.goodbye()
		})},
		check{"5.3", "a key of zeros is a key", talk(func(l *link) {
			l.exchange(text("plain").with([4]byte{}))
			l.goodbye()
		})},
		check{"5.6", "messages that come together are echoed one by one", talk(func(l *link) {
			l.send(text("one"), blob("two"), text(""), text("four"))
			for _, m := range []raw{text("one"), blob("two"), text(""), text("four")} {
				l.echo(m)
			}
			l.goodbye()
		})},
		check{"5.6", "octets that are no text are echoed in a binary message", talk(func(l *link) {
			l.exchange(blob("\x00\x80\xc0\xff"))
			l.goodbye()
		})})
}
