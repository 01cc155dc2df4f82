package deflate

import "math/bits"

// A code is looked up by its first bits in one step, and where it is longer
// than the table's index, by the rest of them in a second table behind the
// first.
const (
	litIndex  = 10 // bits
	distIndex = 8
	lenIndex  = 7  // of the code for code lengths, which has no longer codes
	maxCode   = 15 // bits in a code: RFC 1951 §3.2.7
	numLit    = 288
	numDist   = 32
	numLen    = 19

	// A second table that tells codes apart by up to k more bits has 2^k
	// entries and is filled by k+1 codes at least, one for each bit and one
	// for the last. So 286 codes fill less than 286/6 tables of 2^5 entries,
	// or more that are smaller and have fewer entries in all.
	litEntries  = 1<<litIndex + 286*(1<<5)/6
	distEntries = 1<<distIndex + 30*(1<<7)/8
)

// entry says what a code stands for. From the lowest bit:
//
//	 0– 4  how many bits the code has; of a link, the index of the first table
//	 8–11  how many extra bits follow; of a link, the index of the second
//	12–14  the kind: none of them set is a code that stands for nothing
//	16–31  the literal, the least length or distance; of a link, where
//
// A zero entry is a code that is not used.
type entry uint32

const (
	isLiteral entry = 1 << 12
	isBase    entry = 1 << 13 // of a length or a distance
	isEnd     entry = 1 << 14 // of the block
	isLink    entry = 1 << 15
)

func (e entry) size() uint  { return uint(e & 31) }
func (e entry) extra() uint { return uint(e>>8) & 15 }
func (e entry) value() int  { return int(e >> 16) }

// The entries of the symbols, without their sizes. RFC 1951 §3.2.5. Literals
// 286 and 287 and distances 30 and 31 "will never actually occur in the
// compressed data": they mean nothing.
var litMeaning, distMeaning, lenMeaning = meanings()

func meanings() (lit [numLit]entry, dist [numDist]entry, length [numLen]entry) {
	for i := range 256 {
		lit[i] = isLiteral | entry(i)<<16
	}
	lit[256] = isEnd
	base := 3
	for i := 257; i < 285; i++ {
		extra := max(0, (i-261)/4)
		lit[i] = isBase | entry(extra)<<8 | entry(base)<<16
		base += 1 << extra
	}
	lit[285] = isBase | 258<<16
	base = 1
	for i := range 30 {
		extra := max(0, i/2-1)
		dist[i] = isBase | entry(extra)<<8 | entry(base)<<16
		base += 1 << extra
	}
	for i := range length {
		length[i] = isLiteral | entry(i)<<16
	}
	// How often the length before, or zero, is repeated. §3.2.7.
	length[16] = isBase | 2<<8 | 3<<16
	length[17] = isBase | 3<<8 | 3<<16
	length[18] = isBase | 7<<8 | 11<<16
	return lit, dist, length
}

// fixedLit and fixedDist are the tables of blocks of type 1. RFC 1951 §3.2.6.
var fixedLit, fixedDist = fixedTables()

func fixedTables() (lit [litEntries]entry, dist [distEntries]entry) {
	var lengths [numLit]uint8
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
	build(lit[:], litIndex, lengths[:], litMeaning[:])
	for i := range numDist {
		lengths[i] = 5
	}
	build(dist[:], distIndex, lengths[:numDist], distMeaning[:])
	return lit, dist
}

// build makes the table of the code in which symbol i has lengths[i] bits, 0
// if it is not used. It reports whether that is a prefix code: complete, or of
// a single symbol of one bit, or, as for distances of which a block has none,
// empty. RFC 1951 §3.2.7.
func build(table []entry, index int, lengths []uint8, meaning []entry) bool {
	var count [maxCode + 1]int
	for _, n := range lengths {
		count[n]++
	}
	used := len(lengths) - count[0]
	// Symbols in the order of their codes, which is by length, then by value.
	var place [maxCode + 2]int
	left := 1 // codes of n bits that no shorter one is the beginning of
	for n := 1; n <= maxCode; n++ {
		if left = left<<1 - count[n]; left < 0 {
			return false
		}
		place[n+1] = place[n] + count[n]
	}
	if left > 0 {
		if used > 1 || used == 1 && count[1] == 0 {
			return false
		}
		clear(table[:1<<index])
	}
	var sorted [numLit]uint16
	for symbol, n := range lengths {
		if n > 0 {
			sorted[place[n]] = uint16(symbol)
			place[n]++
		}
	}
	fill(table, index, sorted[:used], lengths, meaning, &count)
	return true
}

// fill enters the symbols, sorted by their codes, of which there are count[n]
// with n bits.
func fill(table []entry, index int, sorted []uint16, lengths []uint8, meaning []entry, count *[maxCode + 1]int) {
	code, size := 0, 0      // the codes of one length are consecutive (§3.2.2)
	end := 1 << index       // of the tables so far
	prefix, base := -1, end // of the second table in the making
	for _, symbol := range sorted {
		n := int(lengths[symbol])
		code <<= n - size
		size = n
		// "Huffman codes are packed starting with the most-significant bit
		// of the code", all else with the least. §3.1.1.
		reversed := int(bits.Reverse16(uint16(code)) >> (16 - n))
		e := meaning[symbol] | entry(n)
		if n <= index {
			for i := reversed; i < 1<<index; i += 1 << n {
				table[i] = e
			}
		} else {
			if p := reversed & (1<<index - 1); p != prefix {
				room := second(n, index, count)
				prefix, base = p, end
				end += 1 << room
				table[p] = isLink | entry(index) | entry(room)<<8 | entry(base)<<16
			}
			for i := reversed >> index; i < end-base; i += 1 << (n - index) {
				table[base+i] = e
			}
		}
		count[n]--
		code++
	}
}

// second says how many bits the index of a second table must have, of which
// the first code has n bits, so that all codes with the same beginning find
// room in it. count is what is left of the codes.
func second(n, index int, count *[maxCode + 1]int) int {
	left := 1 << (n - index)
	for ; n < maxCode; n++ {
		if left -= count[n]; left <= 0 {
			break
		}
		left <<= 1
	}
	return n - index
}
