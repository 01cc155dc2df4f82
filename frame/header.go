package frame

import "encoding/binary"

// The reserved bits, as they stand in Header.RSV. RFC 6455 §5.2.
const (
	RSV1 uint8 = 4
	RSV2 uint8 = 2
	RSV3 uint8 = 1
)

const (
	// MaxHeaderLen is the size of the longest header: two octets, eight of
	// extended length and the masking key.
	MaxHeaderLen = 14

	// MaxControlPayload is the length that the payload of a control frame may
	// have. RFC 6455 §5.5.
	MaxControlPayload = 125
)

// Bits of the first two octets, and the two length codes that announce an
// extended payload length.
const (
	finBit    = 0x80
	maskBit   = 0x80
	rsvShift  = 4
	rsvBits   = 0x7
	opBits    = 0xF
	lenBits   = 0x7F
	lenCode16 = 126
	lenCode64 = 127
	keyLen    = 4
)

// Header is what stands before a frame's payload.
type Header struct {
	Fin    bool    // the last frame of its message; set in control frames
	RSV    uint8   // RSV1, RSV2 and RSV3, or'ed
	Opcode Opcode  // four bits
	Masked bool    // Key is on the wire and the payload is masked with it
	Key    [4]byte // zero when not Masked
	Length int64   // octets of payload, from 0 to 1<<63 - 1
}

// Parse reads the header at the front of b, which may go on behind it, and
// returns the number of octets it occupies. When b ends inside the header, n
// is 0 and err is nil: call again with more.
//
// Parse knows no rules but one: a length above 1<<63 - 1 is refused, because
// no Header can say it. If n is not h.Size(), the length did not have its
// shortest form; see [Rules.Check].
func Parse(b []byte) (h Header, n int, err error) {
	if len(b) < 2 {
		return Header{}, 0, nil
	}
	masked := b[1]&maskBit != 0
	code := b[1] & lenBits
	n = headerLen(code, masked)
	if len(b) < n {
		return Header{}, 0, nil
	}
	// The length stays unsigned until its top bit is known to be clear.
	length := uint64(code)
	switch code {
	case lenCode16:
		length = uint64(binary.BigEndian.Uint16(b[2:]))
	case lenCode64:
		length = binary.BigEndian.Uint64(b[2:])
	}
	// "the most significant bit MUST be 0". RFC 6455 §5.2.
	if length>>63 != 0 {
		return Header{}, 0, errLengthBit
	}
	h = Header{
		Fin:    b[0]&finBit != 0,
		RSV:    b[0] >> rsvShift & rsvBits,
		Opcode: Opcode(b[0] & opBits),
		Masked: masked,
		Length: int64(length),
	}
	if masked {
		h.Key = [4]byte(b[n-keyLen : n])
	}
	return h, n, nil
}

// Append appends the wire form of h to dst, with the length in its shortest
// form. It writes what h says: a header that breaks the rules comes out as one
// that the peer will refuse. Bits that RSV and Opcode have no room for on the
// wire are dropped.
func (h Header) Append(dst []byte) []byte {
	first := h.RSV&rsvBits<<rsvShift | uint8(h.Opcode)&opBits
	if h.Fin {
		first |= finBit
	}
	code := h.lengthCode()
	second := code
	if h.Masked {
		second |= maskBit
	}
	dst = append(dst, first, second)
	switch code {
	case lenCode16:
		dst = binary.BigEndian.AppendUint16(dst, uint16(h.Length))
	case lenCode64:
		dst = binary.BigEndian.AppendUint64(dst, uint64(h.Length))
	}
	if h.Masked {
		dst = append(dst, h.Key[:]...)
	}
	return dst
}

// Size returns the number of octets that Append appends, from 2 to
// MaxHeaderLen.
func (h Header) Size() int { return headerLen(h.lengthCode(), h.Masked) }

// lengthCode chooses the shortest form. "in all cases, the minimal number of
// bytes MUST be used to encode the length". RFC 6455 §5.2.
func (h Header) lengthCode() uint8 {
	switch l := uint64(h.Length); {
	case l < lenCode16:
		return uint8(l)
	case l <= 0xFFFF:
		return lenCode16
	}
	return lenCode64
}

func headerLen(code uint8, masked bool) int {
	n := 2
	switch code {
	case lenCode16:
		n += 2
	case lenCode64:
		n += 8
	}
	if masked {
		n += keyLen
	}
	return n
}
