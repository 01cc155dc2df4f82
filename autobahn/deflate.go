package autobahn

import (
	"bytes"
	"compress/flate"
)

// A compressor compresses messages for the peer (RFC 7692 §7.2.1), with the
// last four octets cut off. The result is borrowed until the next call.
type compressor interface {
	compress(p []byte) []byte
}

func newCompressor(d direction) compressor {
	if d.bits < 15 {
		return &narrow{window: 1 << d.bits, noTakeover: d.noTakeover, heads: make([]int32, 1<<hashBits)}
	}
	w := &wide{noTakeover: d.noTakeover}
	w.z, _ = flate.NewWriter(&w.out, 6) // the level is a good one
	return w
}

// wide has the largest window, the one that compress/flate always uses.
type wide struct {
	noTakeover bool
	out        bytes.Buffer
	z          *flate.Writer
}

func (w *wide) compress(p []byte) []byte {
	w.out.Reset()
	if w.noTakeover {
		w.z.Reset(&w.out)
	}
	_, _ = w.z.Write(p) // into memory
	_ = w.z.Flush()
	return w.out.Bytes()[:w.out.Len()-4]
}

// narrow never looks back further than a window smaller than that. It finds
// the latest occurrence of three octets and writes blocks of fixed codes:
// little work, and enough to see whether the peer keeps a window at all.
type narrow struct {
	window     int
	noTakeover bool
	buf        []byte  // the window, and the message behind it
	heads      []int32 // by hash of three octets: where in buf they begin, plus one
	out        bitWriter
}

const hashBits = 14

func (w *narrow) compress(p []byte) []byte {
	w.out = bitWriter{b: w.out.b[:0]}
	if w.noTakeover {
		w.buf = w.buf[:0]
	}
	start := len(w.buf)
	w.buf = append(w.buf, p...)
	clear(w.heads)
	for i := max(0, start-w.window); i < start; i++ {
		w.note(i)
	}
	w.out.bits(1<<1, 3) // not the last block; fixed codes
	for i := start; i < len(w.buf); {
		n, distance := w.match(i)
		if n == 0 {
			w.out.literal(int(w.buf[i]))
			n = 1
		} else {
			w.out.match(n, distance)
		}
		for range n {
			w.note(i)
			i++
		}
	}
	w.out.literal(256) // the end of the block
	w.out.bits(0, 3)   // an empty stored block, of which the rest is cut off
	w.out.align()
	w.buf = append(w.buf[:0], w.buf[max(0, len(w.buf)-w.window):]...)
	return w.out.b
}

// hash makes a number of the three octets at i.
func (w *narrow) hash(i int) uint32 {
	three := uint32(w.buf[i]) | uint32(w.buf[i+1])<<8 | uint32(w.buf[i+2])<<16
	return three * 0x9e3779b1 >> (32 - hashBits)
}

func (w *narrow) note(i int) {
	if i+3 <= len(w.buf) {
		w.heads[w.hash(i)] = int32(i + 1)
	}
}

// match finds octets in the window that are those at i; n is 0 if there are
// none.
func (w *narrow) match(i int) (n, distance int) {
	if i+3 > len(w.buf) {
		return 0, 0
	}
	j := int(w.heads[w.hash(i)]) - 1
	if j < 0 || i-j > w.window {
		return 0, 0
	}
	for n < 258 && i+n < len(w.buf) && w.buf[j+n] == w.buf[i+n] {
		n++
	}
	if n < 3 {
		return 0, 0
	}
	return n, i - j
}

// A bitWriter writes bits, into the lowest free ones of each octet.
type bitWriter struct {
	b   []byte
	acc uint64
	n   uint
}

func (w *bitWriter) bits(v int, n uint) {
	w.acc |= uint64(v) << w.n
	for w.n += n; w.n >= 8; w.n -= 8 {
		w.b = append(w.b, byte(w.acc))
		w.acc >>= 8
	}
}

// align fills up the octet that was begun.
func (w *bitWriter) align() { w.bits(0, (8-w.n)%8) }

// literal writes a literal, or a symbol for a length, in the fixed code.
func (w *bitWriter) literal(sym int) {
	c := fixedCodes[sym]
	w.bits(c.bits, c.n)
}

func (w *bitWriter) match(length, distance int) {
	sym := len(lengthBase) - 1
	for lengthBase[sym] > length {
		sym--
	}
	w.literal(257 + sym)
	w.bits(length-lengthBase[sym], lengthExtra[sym])
	sym = len(distanceBase) - 1
	for distanceBase[sym] > distance {
		sym--
	}
	w.bits(reverse(sym, 5), 5)
	w.bits(distance-distanceBase[sym], distanceExtra[sym])
}

type fixedCode struct {
	bits int
	n    uint
}

// fixedCodes are the codes for literals and lengths of RFC 1951 §3.2.6, ready
// to be written.
var fixedCodes = func() (codes [288]fixedCode) {
	lengths := fixedLengths()
	next := map[byte]int{7: 0, 8: 0x30, 9: 0x190}
	for sym, l := range lengths {
		codes[sym] = fixedCode{reverse(next[l], int(l)), uint(l)}
		next[l]++
	}
	return codes
}()
