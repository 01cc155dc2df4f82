package frame

import "github.com/bellwire/bellwire/internal/mask"

// Mask masks b in place or, which is the same, unmasks it. RFC 6455 §5.3. A
// payload may come in parts: pos is the place of b[0] in the payload, of which
// only the remainder modulo 4 matters, and the result, 0 to 3, is the pos for
// the octets behind b.
func Mask(b []byte, key [4]byte, pos int) int {
	return mask.XOR(b, key, pos)
}

// MaskCopy masks src into dst and leaves src as it is; otherwise it is like
// Mask. It stops at the end of the shorter slice. They must not overlap, unless
// they are the very same octets.
func MaskCopy(dst, src []byte, key [4]byte, pos int) int {
	return mask.Copy(dst, src, key, pos)
}
