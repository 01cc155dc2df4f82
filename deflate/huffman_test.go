package deflate_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// A peer chooses the codes: whichever it is, each means what the judge says,
// and none needs more memory than there is.
func TestEveryPrefixCodeIsUnderstood(t *testing.T) {
	r := seeded()
	for range 300 {
		lit := randomCode(r, 257+r.IntN(30), 256)
		dist := randomCode(r, 1+r.IntN(30), 0)
		require.True(t, sameAsJudge(t, dynamicBlock(r, lit, dist), 15))
	}
	// The codes that need the most memory: as deep as can be, everywhere.
	require.True(t, sameAsJudge(t, dynamicBlock(r, deepCode(286, 10), deepCode(30, 8)), 15))
}

// randomCode makes the lengths of a complete code of n symbols, or of some of
// them, the symbol always among them.
func randomCode(r *rand.Rand, n, always int) []int {
	leaves := []int{0}
	deep := r.IntN(2) == 0
	for range r.IntN(n) {
		i := r.IntN(len(leaves))
		if deep {
			i = len(leaves) - 1 - r.IntN(min(3, len(leaves)))
		}
		if leaves[i] == 15 {
			continue
		}
		leaves[i]++
		leaves = append(leaves, leaves[i])
	}
	if len(leaves) == 1 {
		leaves[0] = 1 // a single symbol has one bit
	}
	lengths := make([]int, n)
	symbols := r.Perm(n)
	for i, s := range symbols {
		if s == always {
			symbols[0], symbols[i] = s, symbols[0]
		}
	}
	for i, length := range leaves {
		lengths[symbols[i]] = length
	}
	return lengths
}

// deepCode makes the lengths of a code of n symbols of which as many second
// tables as possible have to tell apart 15-index bits.
func deepCode(n, index int) []int {
	var lengths []int
	free := 1 << index         // prefixes
	for n-len(lengths) >= 16 { // what is left will do for the rest
		for k := index + 1; k <= 15; k++ {
			lengths = append(lengths, k)
		}
		lengths = append(lengths, 15)
		free--
	}
	// The rest of the room, by codes of at most index bits.
	for k := 1; free > 0; k++ {
		if free >= 1<<(index-k) || k == index {
			lengths = append(lengths, k)
			free -= 1 << (index - k)
		}
	}
	for len(lengths) < n {
		lengths = append(lengths, 0)
	}
	for i, l := range lengths { // the end of block is needed
		if l > 0 && n > 256 {
			lengths[i], lengths[256] = lengths[256], l
			break
		}
	}
	return lengths
}

// dynamicBlock is a message of one dynamic block in which every code occurs.
func dynamicBlock(r *rand.Rand, lit, dist []int) []byte {
	var b bitString
	b.put(0b100, 3)
	b.put(len(lit)-257, 5)
	b.put(len(dist)-1, 5)
	b.put(19-4, 4)
	// Lengths 0 to 15 in four bits each; no repetitions.
	for _, s := range []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15} {
		if s > 15 {
			b.put(0, 3)
		} else {
			b.put(4, 3)
		}
	}
	for _, l := range append(append([]int{}, lit...), dist...) {
		b.code(l, 4)
	}
	litCode, distCode := newJudgeCode(lit), newJudgeCode(dist)
	var symbols, distances [][3]int // symbol, length, code
	for k, s := range litCode {
		symbols = append(symbols, [3]int{s, k[0], k[1]})
	}
	for k, s := range distCode {
		distances = append(distances, [3]int{s, k[0], k[1]})
	}
	slices.SortFunc(symbols, func(a, b [3]int) int { return a[0] - b[0] })
	slices.SortFunc(distances, func(a, b [3]int) int { return a[0] - b[0] })
	written := 0
	for _, i := range append(r.Perm(len(symbols)), r.Perm(len(symbols))...) {
		s, d := symbols[i], distances[r.IntN(len(distances))]
		if s[0] == 256 || s[0] > 256 && baseOfDistance(d[0]) > written {
			continue // not yet
		}
		b.code(s[2], s[1])
		written++
		if s[0] > 256 {
			b.put(0, extraOfLength(s[0]))
			b.code(d[2], d[1])
			b.put(0, extraOfDistance(d[0]))
			written += 2
		}
	}
	for _, s := range symbols {
		if s[0] == 256 {
			b.code(s[2], s[1])
		}
	}
	b.put(0, 3)
	return b.bytes()
}

func extraOfLength(symbol int) int {
	if symbol == 285 {
		return 0
	}
	return max(0, (symbol-261)/4)
}

func extraOfDistance(symbol int) int { return max(0, symbol/2-1) }

func baseOfDistance(symbol int) int {
	base := 1
	for s := range symbol {
		base += 1 << extraOfDistance(s)
	}
	return base
}

// A bitString is written as RFC 1951 §3.1.1 says.
type bitString []byte

// put writes a number, the lowest bit first.
func (b *bitString) put(v, n int) {
	for i := range n {
		*b = append(*b, byte(v>>i&1))
	}
}

// code writes a code, the highest bit first.
func (b *bitString) code(v, n int) {
	for i := range n {
		*b = append(*b, byte(v>>(n-1-i)&1))
	}
}

func (b *bitString) bytes() []byte {
	z := make([]byte, (len(*b)+7)/8)
	for i, bit := range *b {
		z[i/8] |= bit << (i % 8)
	}
	return z
}
