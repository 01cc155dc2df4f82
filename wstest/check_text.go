package wstest

import (
	"strings"

	"github.com/bellwire/bellwire/frame"
)

const kosme = "κόσμε"

// goodTexts are UTF-8, with what is often taken for a fault: the first and the
// last character of each length, those beside the surrogates, NUL and
// characters that Unicode has set aside.
var goodTexts = []string{
	"\x00", "\x7f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffd", "\ufffe", "\uffff",
	"\U00010000", "\U0001fffe", "\U0010ffff", "\ufeff", kosme, "Hello-µ@ßöäüàá-UTF-8!!", "日本語", "🐙🦑",
}

// badTexts are not, RFC 3629 §3 and §4.
var badTexts = []struct{ name, octets string }{
	{"a continuation octet without a beginning", "\x80"},
	{"the last continuation octet without a beginning", "\xbf"},
	{"a character with a continuation octet too many", "\xc3\xa4\xa4"},
	{"a character without its end", "\xc3x"},
	{"a character of three octets without its end", "\xe2\x82x"},
	{"a character of four octets without its end", "\xf0\x9f\x90x"},
	{"a message that ends in a character of two octets", "\xc3"},
	{"a message that ends in a character of three octets", "\xe2\x82"},
	{"a message that ends in a character of four octets", "\xf0\x9f\x90"},
	{"NUL in two octets", "\xc0\x80"},
	{"a slash in two octets", "\xc0\xaf"},
	{"U+007F in two octets", "\xc1\xbf"},
	{"a slash in three octets", "\xe0\x80\xaf"},
	{"U+07FF in three octets", "\xe0\x9f\xbf"},
	{"U+FFFF in four octets", "\xf0\x8f\xbf\xbf"},
	{"the first surrogate", "\xed\xa0\x80"},
	{"the last surrogate", "\xed\xbf\xbf"},
	{"a pair of surrogates", "\xed\xa0\x80\xed\xb0\x80"},
	{"U+110000", "\xf4\x90\x80\x80"},
	{"a character of four octets above them all", "\xf5\x80\x80\x80"},
	{"a character of five octets", "\xf8\x88\x80\x80\x80"},
	{"a character of six octets", "\xfc\x84\x80\x80\x80\x80"},
	{"octet FE", "\xfe"},
	{"octet FF", "\xff"},
}

// textTalks are RFC 6455 §8.1 where more than one frame, or less, is seen.
var textTalks = []check{
	{"8.1", "a character may be cut by the end of a frame", talk(func(l *link) {
		for i := range kosme {
			l.send(text(kosme[:i+1]).part(), cont(kosme[i+1:]))
			l.echo(text(kosme))
		}
		l.goodbye()
	})},
	{"8.1", "every octet of a text may have its own frame", talk(func(l *link) {
		m := text("Hello-µ@ßöäüàá-UTF-8!!")
		l.send(fragments(m)...)
		l.echo(m)
		l.goodbye()
	})},
	{"8.1", "a ping may come inside a character", talk(func(l *link) {
		l.send(text("\xe2\x82").part(), ping("\xff"))
		l.pong("\xff")
		l.send(cont("\xac"))
		l.echo(text("€"))
		l.goodbye()
	})},
	{"8.1", "octets of two messages do not make a character", talk(func(l *link) {
		l.send(text("\xc3"), text("\xa4"))
		l.refused(frame.InvalidPayload)
	})},
	{"8.1", "a text that ends inside a character, in its own frame, is refused", talk(func(l *link) {
		l.send(text("ok \xe2\x82").part(), cont(""))
		l.refused(frame.InvalidPayload)
	})},
	{"8.1", "bad UTF-8 in the first fragment is refused before the second", talk(func(l *link) {
		l.send(text(kosme + "\xf4\x90").part())
		l.refused(frame.InvalidPayload)
	})},
	{"8.1", "bad UTF-8 in a later fragment is refused before the last", talk(func(l *link) {
		// One that is good so far is waited with.
		l.send(text(kosme+"\xf4").part(), ping("so far"))
		l.pong("so far")
		l.send(cont("\x90").part())
		l.refused(frame.InvalidPayload)
	})},
	{"8.1", "bad UTF-8 is refused before the frame is complete", talk(func(l *link) {
		l.send(text(kosme + "\xf4\x90").claim(1000))
		l.refused(frame.InvalidPayload)
	})},
	{"8.1", "bad UTF-8 behind much that is good is refused before the frame is complete", talk(func(l *link) {
		l.send(text(strings.Repeat("ä", 2000) + "\xff").claim(60000))
		l.refused(frame.InvalidPayload)
	})},
}

func textChecks() []check {
	list := []check{{"5.6", "all that is UTF-8 is echoed", talk(func(l *link) {
		for _, s := range goodTexts {
			l.exchange(text(s))
		}
		l.exchange(text(strings.Join(goodTexts, " ")))
		l.goodbye()
	})}}
	for _, bad := range badTexts {
		list = append(list,
			check{"8.1", bad.name + " is refused", talk(func(l *link) {
				l.send(text(bad.octets))
				l.refused(frame.InvalidPayload)
			})},
			check{"8.1", bad.name + " is refused behind good text", talk(func(l *link) {
				l.send(text(strings.Repeat(kosme, 7) + bad.octets))
				l.refused(frame.InvalidPayload)
			})},
			check{"8.1", bad.name + " is refused octet by octet", talk(func(l *link) {
				l.send(fragments(text("ok " + bad.octets))...)
				l.refused(frame.InvalidPayload)
			})})
	}
	return append(list, textTalks...)
}
