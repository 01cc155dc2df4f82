package frame

import "strconv"

// Opcode says how the payload of a frame is to be read, RFC 6455 §5.2 and
// §11.8. On the wire it has four bits.
type Opcode uint8

// The opcodes that have a meaning. Text and Binary begin a message and are its
// type; Continuation carries it on.
const (
	Continuation Opcode = 0x0
	Text         Opcode = 0x1
	Binary       Opcode = 0x2
	Close        Opcode = 0x8
	Ping         Opcode = 0x9
	Pong         Opcode = 0xA
)

// IsControl reports whether the frame is a control frame, reserved ones
// included: "opcodes where the most significant bit of the opcode is 1".
// RFC 6455 §5.5.
func (o Opcode) IsControl() bool { return o&0x8 != 0 }

// IsReserved reports whether no meaning has been given to the opcode: 3 to 7,
// B to F, and whatever does not fit into four bits.
func (o Opcode) IsReserved() bool {
	return o > Pong || Binary < o && o < Close
}

// String returns the name of the opcode, or "opcode 0xb".
func (o Opcode) String() string {
	switch o {
	case Continuation:
		return "continuation"
	case Text:
		return "text"
	case Binary:
		return "binary"
	case Close:
		return "close"
	case Ping:
		return "ping"
	case Pong:
		return "pong"
	}
	return "opcode 0x" + strconv.FormatUint(uint64(o), 16)
}
