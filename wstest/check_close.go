package wstest

import (
	"fmt"
	"strings"

	"github.com/bellwire/bellwire/frame"
)

// closeTalks are RFC 6455 §5.5.1 and §7.
var closeTalks = []check{
	{"5.5.1", "a Close frame is answered, and the server hangs up first", talk(func(l *link) {
		l.goodbye()
	})},
	{"5.5.1", "a Close frame without a code is answered", talk(func(l *link) {
		l.send(closing(frame.NoStatus, ""))
		l.closes(frame.NoStatus, frame.Normal)
		l.ended(hangUpTime, false)
	})},
	{"5.5.1", "a Close frame with a reason is answered", closedWith("Hello World!")},
	{"5.5.1", "a Close frame with a reason of 123 octets is answered", closedWith(strings.Repeat("*", 123))},
	{"5.5.1", "a Close frame may come one octet at a time", talk(func(l *link) {
		l.chop(1, closing(frame.GoingAway, kosme))
		l.closes(frame.GoingAway)
		l.ended(hangUpTime, false)
	})},
	{"5.5.1", "a Close frame with half a code is refused", talk(func(l *link) {
		l.send(newRaw(true, frame.Close, "\x03"))
		l.refused(frame.ProtocolError)
	})},
	{"5.5.1", "a reason that is not UTF-8 is refused", talk(func(l *link) {
		l.send(closing(frame.Normal, kosme+"\xed\xa0\x80edited"))
		l.refused(frame.InvalidPayload, frame.ProtocolError)
	})},
	{"5.5.1", "a reason that ends inside a character is refused", talk(func(l *link) {
		l.send(closing(frame.Normal, "\xc3"))
		l.refused(frame.InvalidPayload, frame.ProtocolError)
	})},
	{"5.5.1", "messages in front of a Close frame are answered first", talk(func(l *link) {
		l.send(text("one"), text("two"), closing(frame.Normal, ""))
		l.echo(text("one"))
		l.echo(text("two"))
		l.closes(frame.Normal)
		l.ended(hangUpTime, false)
	})},
	{"5.5.1", "a second Close frame is not answered", behindClose(closing(frame.Normal, ""))},
	{"5.5.1", "a ping behind a Close frame is not answered", behindClose(ping("late"))},
	{"5.5.1", "a message behind a Close frame is not answered", behindClose(text("late"))},
	{"5.5.1", "a broken rule behind a Close frame is not answered", behindClose(text("late").bits(7))},
	{"5.5.1", "the rest of a message behind a Close frame is not answered", talk(func(l *link) {
		l.send(text("frag").part(), closing(frame.Normal, ""), cont("ment"))
		l.closes(frame.Normal)
		l.ended(hangUpTime, true)
	})},
}

func closedWith(reason string) func(*probe) error {
	return talk(func(l *link) {
		l.send(closing(frame.Normal, reason))
		l.closes(frame.Normal)
		l.ended(hangUpTime, false)
	})
}

// behindClose sends a frame with the Close frame, in one write, and one more
// when the server has answered.
func behindClose(f raw) func(*probe) error {
	return talk(func(l *link) {
		l.send(closing(frame.Normal, ""), f)
		l.closes(frame.Normal)
		l.send(f)
		l.ended(hangUpTime, true)
	})
}

// closeCodes are those that may stand on the wire, and those on both sides of
// them that may not. RFC 6455 §7.4.
var closeCodes = []struct {
	code frame.Code
	good bool
}{
	{0, false}, {1, false}, {999, false},
	{1000, true}, {1001, true}, {1002, true}, {1003, true},
	{1004, false}, {1005, false}, {1006, false},
	{1007, true}, {1008, true}, {1009, true}, {1010, true}, {1011, true},
	{1012, true}, {1013, true}, {1014, true}, // registered with IANA since
	{1015, false}, {1016, false}, {1100, false}, {2000, false}, {2999, false},
	{3000, true}, {3999, true}, {4000, true}, {4999, true},
	{5000, false}, {65535, false},
}

func closeCodeChecks() []check {
	var list []check
	for _, c := range closeCodes {
		if c.good {
			list = append(list, check{"7.4", fmt.Sprintf("close code %d is echoed", c.code), talk(func(l *link) {
				l.send(closing(c.code, "why"))
				l.closes(c.code)
				l.ended(hangUpTime, false)
			})})
			continue
		}
		list = append(list, check{"7.4", fmt.Sprintf("close code %d is refused", c.code), talk(func(l *link) {
			l.send(newRaw(true, frame.Close, string([]byte{byte(c.code >> 8), byte(c.code)})+"why"))
			l.refused(frame.ProtocolError)
		})})
	}
	return list
}
