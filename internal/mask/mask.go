// Package mask applies the masking of RFC 6455 §5.3 to payloads.
//
// It knows nothing of frames. Masking and unmasking are one operation:
//
//	transformed-octet-i = original-octet-i XOR masking-key-octet-(i MOD 4)
//
// # Layout
//
// XOR and Copy turn the key so that its first octet meets the first octet of
// the payload, and hand the loop to apply. applyGeneric is always compiled: it
// is what apply means, and every faster apply is tested against it.
package mask

import (
	"encoding/binary"
	"math/bits"
)

// XOR masks b in place. Only pos modulo 4 matters: it is the place of b[0] in
// the payload, so that a payload may come in parts. XOR returns the place,
// 0 to 3, of the octet behind b.
func XOR(b []byte, key [4]byte, pos int) int {
	apply(b, b, turn(key, pos))
	return (pos + len(b)) & 3
}

// Copy masks src into dst, as many octets as the shorter of the two holds, and
// returns the place of the next octet like XOR. src is not modified unless it
// is dst. The two must be the very same octets or have none in common: what a
// partial overlap leaves behind is undefined.
func Copy(dst, src []byte, key [4]byte, pos int) int {
	n := min(len(dst), len(src))
	apply(dst[:n], src[:n], turn(key, pos))
	return (pos + n) & 3
}

// turn returns the key as a little-endian word, with the octet for place pos
// lowest. The rotation is modulo 32 bits, hence pos modulo 4.
func turn(key [4]byte, pos int) uint32 {
	k := binary.LittleEndian.Uint32(key[:])
	return bits.RotateLeft32(k, -8*pos)
}
