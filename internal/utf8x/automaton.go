package utf8x

// The states, each named by what it waits for. A state is the place of its six
// bits within a transition word, see step. These are the rows of RFC 3629 §4.
const (
	accept  uint64 = 6 * iota // the first octet of a character
	reject                    // nothing: no octet leads out of here
	one                       // 80..BF
	two                       // 80..BF twice
	three                     // 80..BF three times
	afterE0                   // A0..BF, then one: less would be too long a form
	afterED                   // 80..9F, then one: more would be a surrogate
	afterF0                   // 90..BF, then two: less would be too long a form
	afterF4                   // 80..8F, then two: more would be above U+10FFFF
	end
)

// transitions holds one word for each octet. The six bits at place s of the
// word are the state that the octet leads to from state s: nine states of six
// bits fit, and a step is a load and a shift, where the load does not wait for
// the state.
var transitions = build()

// step returns the state behind c in the lowest six bits. What stands above
// them is left for the caller to clear when the steps are done.
func step(s uint64, c byte) uint64 { return transitions[c] >> (s & 63) }

func build() (t [256]uint64) {
	for s := uint64(0); s < end; s += 6 {
		for c := range t {
			t[c] |= next(s, byte(c)) << s
		}
	}
	return t
}

// next is the automaton in words.
func next(s uint64, c byte) uint64 {
	within := func(lo, hi byte, then uint64) uint64 {
		if lo <= c && c <= hi {
			return then
		}
		return reject
	}
	switch s {
	case accept:
		return first(c)
	case one:
		return within(0x80, 0xBF, accept)
	case two:
		return within(0x80, 0xBF, one)
	case three:
		return within(0x80, 0xBF, two)
	case afterE0:
		return within(0xA0, 0xBF, one)
	case afterED:
		return within(0x80, 0x9F, one)
	case afterF0:
		return within(0x90, 0xBF, two)
	case afterF4:
		return within(0x80, 0x8F, two)
	}
	return reject
}

func first(c byte) uint64 {
	switch {
	case c <= 0x7F:
		return accept
	case 0xC2 <= c && c <= 0xDF:
		return one
	case c == 0xE0:
		return afterE0
	case c == 0xED:
		return afterED
	case 0xE1 <= c && c <= 0xEF:
		return two
	case c == 0xF0:
		return afterF0
	case 0xF1 <= c && c <= 0xF3:
		return three
	case c == 0xF4:
		return afterF4
	}
	return reject // 80..C1 and F5..FF begin no character
}
