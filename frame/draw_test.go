package frame_test

import (
	"strings"

	"github.com/bellwire/bellwire/frame"
)

// bits turns a drawing, such as "1 000 1001 1 0000000", into octets. Spaces
// are for the eye.
func bits(drawing string) string {
	drawing = strings.ReplaceAll(drawing, " ", "")
	if len(drawing)%8 != 0 {
		panic("drawing of a frame is not whole octets: " + drawing)
	}
	var b strings.Builder
	for ; drawing != ""; drawing = drawing[8:] {
		var octet byte
		for _, bit := range drawing[:8] {
			octet = octet<<1 | byte(bit-'0')
		}
		b.WriteByte(octet)
	}
	return b.String()
}

var key = [4]byte{0x12, 0x34, 0x56, 0x78}

// keyBits draws key.
const keyBits = " 00010010 00110100 01010110 01111000"

// masked returns text as it looks behind a header with key.
func masked(text string) string {
	b := []byte(text)
	for i := range b {
		b[i] ^= key[i%4]
	}
	return string(b)
}

// server and client are headers of short frames from either side.
func server(fin bool, op frame.Opcode, length int64) frame.Header {
	return frame.Header{Fin: fin, Opcode: op, Length: length}
}

func client(fin bool, op frame.Opcode, length int64) frame.Header {
	return frame.Header{Fin: fin, Opcode: op, Masked: true, Key: key, Length: length}
}
