// Package utf8x validates UTF-8 that arrives in pieces.
//
// unicode/utf8 judges a whole text. A text message comes in fragments and a
// fragment in reads, cut anywhere, and a peer that sends a wrong octet is to
// hear of it at once and not at the end of a long message. So the Validator
// keeps the middle of a character between two writes, and fails at the first
// octet after which no continuation can be valid: at 0xc0, at 0xa0 behind
// 0xed, at 0x90 behind 0xf4.
package utf8x

import "encoding/binary"

// Validator is an incremental validator. The zero value is ready for use. It
// must not be used by two goroutines at once.
type Validator struct {
	state uint8 // one of the states in automaton.go
}

// Write looks at the next octets of the text, which are borrowed for the call.
// It returns false as soon as nothing that may follow can make the text valid,
// and from then on until Reset.
func (v *Validator) Write(p []byte) bool {
	s := uint64(v.state)
	for len(p) >= 8 {
		if s == accept {
			p = p[ascii(p):]
			if len(p) < 8 {
				break
			}
		}
		// A character above ASCII is among these eight octets, or began before
		// them. The steps have no branches to mispredict.
		w := (*[8]byte)(p)
		s = step(s, w[0])
		s = step(s, w[1])
		s = step(s, w[2])
		s = step(s, w[3])
		s = step(s, w[4])
		s = step(s, w[5])
		s = step(s, w[6])
		s = step(s, w[7]) & 63
		if s == reject {
			break
		}
		p = p[8:]
	}
	for _, c := range p {
		s = step(s, c) & 63
	}
	v.state = uint8(s)
	return s != reject
}

// Complete reports whether what was written is valid as it stands, with no
// character left unfinished. It is true of no octets at all.
func (v *Validator) Complete() bool { return uint64(v.state) == accept }

// Reset makes the validator ready for another text.
func (v *Validator) Reset() { *v = Validator{} }

// ascii returns how many octets at the front of p, in whole words of eight,
// have no octet above 0x7f among them.
func ascii(p []byte) int {
	const high = 0x8080808080808080
	n := 0
	for ; len(p) >= 32; p = p[32:] {
		w := binary.LittleEndian.Uint64(p) | binary.LittleEndian.Uint64(p[8:]) |
			binary.LittleEndian.Uint64(p[16:]) | binary.LittleEndian.Uint64(p[24:])
		if w&high != 0 {
			break
		}
		n += 32
	}
	for ; len(p) >= 8 && binary.LittleEndian.Uint64(p)&high == 0; p = p[8:] {
		n += 8
	}
	return n
}
