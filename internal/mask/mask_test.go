package mask_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/internal/mask"
)

var key = [4]byte{0x12, 0x34, 0x56, 0x78}

// canary stands on both sides of what is masked and must be as it was.
const canary = 0xEE

// formula is that of RFC 6455 §5.3, octet by octet.
func formula(src []byte, key [4]byte, pos int) []byte {
	out := make([]byte, len(src))
	for i := range src {
		out[i] = src[i] ^ key[(pos+i)%4]
	}
	return out
}

func pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i*7 + i>>8)
	}
	return p
}

// TestMaskingIsTheFormulaAtEveryOffsetLengthAndPlace tries every alignment of
// a word and of a vector, and every way for a loop to end.
func TestMaskingIsTheFormulaAtEveryOffsetLengthAndPlace(t *testing.T) {
	const maxOffset, maxLen = 64, 300
	src := pattern(maxLen)
	var want [4][]byte
	for pos := range want {
		want[pos] = formula(src, key, pos)
	}
	room := make([]byte, maxOffset+maxLen+64)
	for offset := range maxOffset + 1 {
		for n := range maxLen + 1 {
			for pos := range 4 {
				where := fmt.Sprintf("offset %d, length %d, place %d", offset, n, pos)
				dst := room[offset : offset+n]
				check := func(what string, next int) {
					if !bytes.Equal(dst, want[pos][:n]) {
						t.Fatalf("%s, %s:\n got %x\nwant %x", what, where, dst, want[pos][:n])
					}
					if next != (pos+n)%4 {
						t.Fatalf("%s, %s: next place is %d", what, where, next)
					}
					if !untouched(room[:offset]) || !untouched(room[offset+n:]) {
						t.Fatalf("%s, %s: wrote outside", what, where)
					}
				}

				fill(room)
				copy(dst, src)
				check("XOR", mask.XOR(dst, key, pos))

				fill(room)
				check("Copy", mask.Copy(dst, src[:n], key, pos))
			}
		}
	}
	require.Equal(t, pattern(maxLen), src, "Copy modified its source")
}

func fill(b []byte) {
	for i := range b {
		b[i] = canary
	}
}

func untouched(b []byte) bool {
	for _, c := range b {
		if c != canary {
			return false
		}
	}
	return true
}

// The source has alignments of its own.
func TestCopyReadsFromEveryOffset(t *testing.T) {
	src := pattern(300)
	for offset := range 65 {
		dst := make([]byte, 200)
		mask.Copy(dst, src[offset:offset+200], key, 1)
		require.Equal(t, formula(src[offset:offset+200], key, 1), dst, "offset %d", offset)
	}
}

func TestCopyStopsAtTheShorterSlice(t *testing.T) {
	src := pattern(100)
	short := make([]byte, 70)
	require.Equal(t, (2+70)%4, mask.Copy(short, src, key, 2))
	require.Equal(t, formula(src[:70], key, 2), short)

	long := bytes.Repeat([]byte{canary}, 130)
	require.Equal(t, (2+100)%4, mask.Copy(long, src, key, 2))
	require.Equal(t, formula(src, key, 2), long[:100])
	require.True(t, untouched(long[100:]))
}

func TestCopyOntoItselfMasksInPlace(t *testing.T) {
	b := pattern(133)
	mask.Copy(b, b, key, 3)
	require.Equal(t, formula(pattern(133), key, 3), b)
}

func TestOnlyTheRemainderOfThePlaceMatters(t *testing.T) {
	for pos := range 40 {
		b := pattern(21)
		next := mask.XOR(b, key, pos)
		require.Equal(t, formula(pattern(21), key, pos%4), b)
		require.Equal(t, (pos+21)%4, next)
	}
}

func TestMaskingInPartsIsMaskingAtOnce(t *testing.T) {
	src := pattern(150)
	want := formula(src, key, 0)
	for cut := range len(src) + 1 {
		b := slices.Clone(src)
		next := mask.XOR(b[:cut], key, 0)
		mask.XOR(b[cut:], key, next)
		require.Equal(t, want, b, "cut at %d", cut)
	}
}

func TestMaskingAllocatesNothing(t *testing.T) {
	dst, src := make([]byte, 1000), pattern(1000)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		mask.XOR(dst, key, 1)
		mask.Copy(dst, src, key, 1)
	}))
}

func FuzzMask(f *testing.F) {
	f.Add([]byte("Hello"), uint32(0x37fa213d), 0, 2)
	f.Add(pattern(300), uint32(0xff00ff01), 3, 77)
	f.Add([]byte{}, uint32(0), 1, 0)
	f.Fuzz(func(t *testing.T, p []byte, k uint32, pos, cut int) {
		key := [4]byte{byte(k), byte(k >> 8), byte(k >> 16), byte(k >> 24)}
		pos &= 3
		cut = int(uint(cut) % uint(len(p)+1))
		want := formula(p, key, pos)

		parts := slices.Clone(p)
		mask.XOR(parts[cut:], key, mask.XOR(parts[:cut], key, pos))
		require.Equal(t, want, parts)

		dst := make([]byte, len(p))
		mask.Copy(dst, p, key, pos)
		require.Equal(t, want, dst)
		mask.XOR(dst, key, pos)
		require.True(t, bytes.Equal(p, dst), "masking twice is not the identity")
	})
}

func BenchmarkMask(b *testing.B) {
	for _, n := range []int{4, 16, 125, 1024, 16 << 10, 1 << 20} {
		p, q := make([]byte, n), make([]byte, n)
		b.Run(fmt.Sprintf("XOR/%d", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			for b.Loop() {
				mask.XOR(p, key, 1)
			}
		})
		b.Run(fmt.Sprintf("Copy/%d", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			for b.Loop() {
				mask.Copy(q, p, key, 1)
			}
		})
	}
}
