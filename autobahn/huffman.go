package autobahn

import "errors"

// A bitReader reads bits, the lowest of each octet first.
type bitReader struct {
	in  []byte
	pos int
	acc uint64
	n   uint // bits in acc
}

// left reports whether there is at least one octet that was not begun.
func (b *bitReader) left() bool { return b.pos < len(b.in) || b.n >= 8 }

// fill makes sure of n bits, if there are as many.
func (b *bitReader) fill(n uint) {
	for b.n < n && b.pos < len(b.in) {
		b.acc |= uint64(b.in[b.pos]) << b.n
		b.pos++
		b.n += 8
	}
}

func (b *bitReader) bits(n uint) (int, error) {
	b.fill(n)
	if b.n < n {
		return 0, errShort
	}
	v := int(b.acc & (1<<n - 1))
	b.acc >>= n
	b.n -= n
	return v, nil
}

const maxCode = 15 // bits of a Huffman code

// A huffman finds the symbol of a code: a table of all 15 bits that may come,
// each entry the symbol and, in the low four bits, the length of its code; 0
// is no code.
type huffman struct {
	table []uint16
	bits  uint
}

// newHuffman makes the table of the code lengths of all symbols (RFC 1951
// §3.2.2).
func newHuffman(lengths []byte) (*huffman, error) {
	var count [maxCode + 1]int
	longest := byte(1)
	for _, l := range lengths {
		count[l]++
		longest = max(longest, l)
	}
	count[0] = 0
	var next [maxCode + 2]int
	code := 0
	for l := 1; l <= maxCode; l++ {
		code = (code + count[l-1]) << 1
		next[l] = code
		if code+count[l] > 1<<l {
			return nil, errors.New("deflate: there are more codes than there can be")
		}
	}
	h := &huffman{table: make([]uint16, 1<<longest), bits: uint(longest)}
	for sym, l := range lengths {
		if l == 0 {
			continue
		}
		c := reverse(next[l], int(l))
		next[l]++
		for i := c; i < len(h.table); i += 1 << l {
			h.table[i] = uint16(sym)<<4 | uint16(l)
		}
	}
	return h, nil
}

// reverse turns the n lowest bits around.
func reverse(v, n int) int {
	r := 0
	for ; n > 0; n-- {
		r = r<<1 | v&1
		v >>= 1
	}
	return r
}

// symbol reads one code.
func (b *bitReader) symbol(h *huffman) (int, error) {
	b.fill(h.bits)
	e := h.table[b.acc&(1<<h.bits-1)]
	l := uint(e & 15)
	switch {
	case l == 0:
		return 0, errors.New("deflate: no such code")
	case l > b.n:
		return 0, errShort
	}
	b.acc >>= l
	b.n -= l
	return int(e >> 4), nil
}

// The codes of blocks that bring no tables, RFC 1951 §3.2.6.
var fixedLiterals, fixedDistances = fixedTables()

// fixedLengths are the lengths of the fixed codes for literals and lengths.
func fixedLengths() []byte {
	lengths := make([]byte, 288)
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	return lengths
}

func fixedTables() (literals, distances *huffman) {
	five := make([]byte, 32)
	for i := range five {
		five[i] = 5
	}
	literals, _ = newHuffman(fixedLengths()) // constants
	distances, _ = newHuffman(five)
	return literals, distances
}

// lengthOrder is the order in which the lengths of the codes for lengths come.
var lengthOrder = [19]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// tables reads the tables of a block that brings its own (RFC 1951 §3.2.7).
func (b *bitReader) tables() (literals, distances *huffman, err error) {
	head, err := b.bits(14)
	if err != nil {
		return nil, nil, err
	}
	nl, nd, nc := head&31+257, head>>5&31+1, head>>10+4
	var lengths [19]byte
	for i := range nc {
		l, err := b.bits(3)
		if err != nil {
			return nil, nil, err
		}
		lengths[lengthOrder[i]] = byte(l)
	}
	codes, err := newHuffman(lengths[:])
	if err != nil {
		return nil, nil, err
	}
	all, err := b.lengths(codes, nl+nd)
	if err != nil {
		return nil, nil, err
	}
	if literals, err = newHuffman(all[:nl]); err != nil {
		return nil, nil, err
	}
	distances, err = newHuffman(all[nl:])
	return literals, distances, err
}

// lengths reads n code lengths, which are themselves coded.
func (b *bitReader) lengths(codes *huffman, n int) ([]byte, error) {
	var all []byte
	for len(all) < n {
		sym, err := b.symbol(codes)
		if err != nil {
			return nil, err
		}
		if sym < 16 {
			all = append(all, byte(sym))
			continue
		}
		repeat := [3]struct {
			bits uint
			min  int
		}{{2, 3}, {3, 3}, {7, 11}}[sym-16]
		more, err := b.bits(repeat.bits)
		if err != nil {
			return nil, err
		}
		var l byte
		if sym == 16 {
			if len(all) == 0 {
				return nil, errors.New("deflate: nothing to repeat")
			}
			l = all[len(all)-1]
		}
		for range repeat.min + more {
			all = append(all, l)
		}
	}
	if len(all) > n {
		return nil, errors.New("deflate: too many code lengths")
	}
	return all, nil
}
