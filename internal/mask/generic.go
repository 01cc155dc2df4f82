package mask

import (
	"encoding/binary"
	"math/bits"
)

// applyGeneric sets dst[i] to src[i] XOR octet i modulo 4 of key, the lowest
// octet being number 0. The slices have one length, and are the very same or
// do not overlap.
//
// There is no run-up to an aligned address: on the machines Go runs on, an
// unaligned load costs less than the branches that avoid it.
func applyGeneric(dst, src []byte, key uint32) {
	k := uint64(key)<<32 | uint64(key)
	for len(src) >= 64 && len(dst) >= 64 {
		// Arrays of known size: one bounds check for eight words.
		d, s := (*[64]byte)(dst), (*[64]byte)(src)
		xorWord(d[0:8], s[0:8], k)
		xorWord(d[8:16], s[8:16], k)
		xorWord(d[16:24], s[16:24], k)
		xorWord(d[24:32], s[24:32], k)
		xorWord(d[32:40], s[32:40], k)
		xorWord(d[40:48], s[40:48], k)
		xorWord(d[48:56], s[48:56], k)
		xorWord(d[56:64], s[56:64], k)
		dst, src = dst[64:], src[64:]
	}
	for len(src) >= 8 && len(dst) >= 8 {
		xorWord(dst, src, k)
		dst, src = dst[8:], src[8:]
	}
	if len(src) >= 4 && len(dst) >= 4 {
		binary.LittleEndian.PutUint32(dst, binary.LittleEndian.Uint32(src)^key)
		dst, src = dst[4:], src[4:]
	}
	for i := range min(len(dst), len(src)) {
		dst[i] = src[i] ^ byte(key)
		key = bits.RotateLeft32(key, -8)
	}
}

func xorWord(dst, src []byte, k uint64) {
	binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(src)^k)
}
