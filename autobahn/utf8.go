package autobahn

import (
	"slices"
	"unicode/utf8"
)

// A textCheck looks at text as it comes in, in any pieces.
type textCheck struct {
	tail []byte // the beginning of a character whose rest has not come yet
}

// write takes the next octets. It returns false as soon as no further octets
// can make the text good.
func (c *textCheck) write(p []byte) bool {
	b := p
	if len(c.tail) > 0 {
		b = slices.Concat(c.tail, p)
	}
	for len(b) > 0 {
		if !utf8.FullRune(b) {
			break
		}
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			return false
		}
		b = b[n:]
	}
	c.tail = slices.Clone(b)
	return true
}

// complete reports whether the text may end here.
func (c *textCheck) complete() bool { return len(c.tail) == 0 }
