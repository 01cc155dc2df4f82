package deflate

import (
	"encoding/binary"
	"math/bits"
	"sync"
)

// A shortCoder compresses what is shorter than shortest, where a code of its
// own would not pay: with the fixed one, and with what it finds in the
// context.
type shortCoder struct {
	text  [shareable + shortest]byte // context and message
	heads [1 << headBits]uint16      // where four octets were seen last, plus 1, by their hash

	out  []byte
	bits uint64 // that are not in out yet
	n    uint
}

const (
	headBits = 12
	least    = 4 // octets that are worth to be pointed back to
)

var shortCoders = sync.Pool{New: func() any { return new(shortCoder) }}

// short appends p as one block, and the head of the empty stored block behind
// it, to dst. p is shorter than shortest, and nothing points back further than
// window octets.
func short(dst, p, context []byte, window int) []byte {
	s := shortCoders.Get().(*shortCoder)
	start := copy(s.text[:], context[max(0, len(context)-shareable):])
	end := start + copy(s.text[start:], p)
	s.out, s.bits, s.n = dst, 0, 0
	s.put(0b010, 3) // BFINAL is 0, BTYPE is 1: fixed codes. RFC 1951 §3.2.3.
	s.block(s.text[:end], start, window)
	s.put(0, endSize)
	// BFINAL is 0, BTYPE is 0: stored. "Any bits of input up to the next
	// byte boundary are ignored." RFC 1951 §3.2.4.
	s.put(0, 3)
	for ; s.n > 0; s.n -= min(s.n, 8) {
		s.out = append(s.out, byte(s.bits))
		s.bits >>= 8
	}
	dst, s.out = s.out, nil
	shortCoders.Put(s)
	return dst
}

// block writes text from start on.
func (s *shortCoder) block(text []byte, start, window int) {
	clear(s.heads[:])
	i := 0
	for ; i < start && i+least <= len(text); i++ {
		s.heads[hash(text[i:])] = uint16(i + 1)
	}
	for i = start; i+least <= len(text); {
		head := &s.heads[hash(text[i:])]
		from := int(*head) - 1
		*head = uint16(i + 1)
		n := 0
		if from >= 0 && i-from <= window {
			n = common(text[from:], text[i:])
		}
		if n < least {
			s.literal(text[i])
			i++
			continue
		}
		s.match(n, i-from)
		// What was pointed back to is not looked for again: it stands where
		// it was found, too.
		i += n
	}
	for _, c := range text[i:] {
		s.literal(c)
	}
}

// hash is of the first four octets.
func hash(b []byte) uint32 {
	return binary.LittleEndian.Uint32(b) * 0x9e3779b1 >> (32 - headBits)
}

// common says how many octets a and b begin with in common. b is not longer.
func common(a, b []byte) int {
	for n := range b {
		if a[n] != b[n] {
			return n
		}
	}
	return len(b)
}

func (s *shortCoder) literal(c byte) { s.put(uint64(fixed[c].code), uint(fixed[c].size)) }

// match says: n octets, from distance octets back. RFC 1951 §3.2.5.
func (s *shortCoder) match(n, distance int) {
	m := uint(n - 3)
	symbol, extra := 257+m, uint(0)
	if m >= 8 {
		size := uint(bits.Len(m))
		extra = size - 3
		symbol = 257 + 4*(size-2) + m>>extra&3
	}
	s.put(uint64(fixed[symbol].code), uint(fixed[symbol].size))
	s.put(uint64(m&(1<<extra-1)), extra)

	d := uint(distance - 1)
	symbol, extra = d, 0
	if d >= 4 {
		size := uint(bits.Len(d))
		extra = size - 2
		symbol = 2*(size-1) + d>>extra&1
	}
	s.put(uint64(bits.Reverse8(uint8(symbol))>>3), 5)
	s.put(uint64(d&(1<<extra-1)), extra)
}

// put writes the lowest n bits of v, which has no others.
func (s *shortCoder) put(v uint64, n uint) {
	s.bits |= v << s.n
	if s.n += n; s.n >= 32 {
		s.out = binary.LittleEndian.AppendUint32(s.out, uint32(s.bits))
		s.bits >>= 32
		s.n -= 32
	}
}

// endSize is how long the end of block is in the fixed code: zeros.
const endSize = 7

// fixed is the code for literals and lengths, as it is written: RFC 1951
// §3.2.6.
var fixed = fixedCode()

type codeword struct {
	code uint16 // the first bit lowest
	size uint8
}

func fixedCode() (words [numLit]codeword) {
	for i := range words {
		var code, size int
		switch {
		case i < 144:
			code, size = 0b00110000+i, 8
		case i < 256:
			code, size = 0b110010000+i-144, 9
		case i < 280:
			code, size = i-256, 7
		default:
			code, size = 0b11000000+i-280, 8
		}
		words[i] = codeword{bits.Reverse16(uint16(code)) >> (16 - size), uint8(size)}
	}
	return words
}
