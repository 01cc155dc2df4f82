package frame

import (
	"encoding/binary"
	"unicode/utf8"
)

// maxReason is what the code leaves of a control frame's payload.
const maxReason = MaxControlPayload - 2

// ParseClose reads the payload of a Close frame. An empty payload is legal and
// gives NoStatus. The error is an *Error: ProtocolError for half a code or one
// that may not stand on the wire, InvalidPayload for a reason that is not
// UTF-8; code and reason are then zero. RFC 6455 §5.5.1.
func ParseClose(p []byte) (c Code, reason string, err error) {
	switch len(p) {
	case 0:
		return NoStatus, "", nil
	case 1:
		return 0, "", errCloseLength
	}
	c = Code(binary.BigEndian.Uint16(p))
	switch {
	case !c.Valid():
		return 0, "", errCloseCode
	case !utf8.Valid(p[2:]):
		return 0, "", errCloseReason
	}
	return c, string(p[2:]), nil
}

// AppendClose appends the payload of a Close frame to dst. NoStatus stands for
// the empty payload. A reason of more than 123 octets is cut between two
// characters, since a control frame has room for no more.
//
// The error is an *Error, with dst returned as it was, if ParseClose would
// refuse the payload or the reason has no code to stand behind.
func AppendClose(dst []byte, c Code, reason string) ([]byte, error) {
	switch {
	case c == NoStatus && reason == "":
		return dst, nil
	case c == NoStatus:
		return dst, errCloseLength
	case !c.Valid():
		return dst, errCloseCode
	case !utf8.ValidString(reason):
		return dst, errCloseReason
	}
	if len(reason) > maxReason {
		n := maxReason
		for !utf8.RuneStart(reason[n]) {
			n--
		}
		reason = reason[:n]
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(c))
	return append(dst, reason...), nil
}
