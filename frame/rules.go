package frame

// One value for each rule, in the order in which Check looks.
var (
	errControlFragment = &Error{ProtocolError, "5.5", "a control frame is fragmented"}
	errRSV             = &Error{ProtocolError, "5.2", "a reserved bit is set that no extension has claimed here"}
	errOpcode          = &Error{ProtocolError, "5.2", "the opcode is reserved"}
	errContinuation    = &Error{ProtocolError, "5.4", "a continuation frame has no message to continue"}
	errInterleaved     = &Error{ProtocolError, "5.4", "a message begins inside another"}
	errUnmasked        = &Error{ProtocolError, "5.1", "a client's frame is not masked"}
	errMasked          = &Error{ProtocolError, "5.1", "a server's frame is masked"}
	errLengthBit       = &Error{ProtocolError, "5.2", "the top bit of a payload length is set"}
	errControlLength   = &Error{ProtocolError, "5.5", "a control frame has more than 125 octets of payload"}
	errNotMinimal      = &Error{ProtocolError, "5.2", "a payload length is not in its shortest form"}
	errTooBig          = &Error{TooBig, "10.4", "a frame is longer than the limit"}
)

// What no single header shows.
var (
	errAfterClose  = &Error{ProtocolError, "5.5.1", "a frame follows the Close frame"}
	errCloseLength = &Error{ProtocolError, "5.5.1", "a Close frame has a payload but no status code"}
	errCloseCode   = &Error{ProtocolError, "7.4", "the status code must not stand in a Close frame"}
	errCloseReason = &Error{InvalidPayload, "8.1", "the reason in a Close frame is not UTF-8"}
)

// Rules are what the frames of one direction must obey. The zero value is for
// frames from a server, without extensions and without a limit.
type Rules struct {
	// FromClient: the frames must be masked. Otherwise they must not be.
	FromClient bool

	// RSV holds the reserved bits that an extension has claimed. They may be
	// set in the first frame of a data message.
	RSV uint8

	// AllowNonMinimal accepts lengths in a longer form than they need, and
	// AllowUnmasked unmasked frames from clients. They are for peers that are
	// known to be broken.
	AllowNonMinimal, AllowUnmasked bool

	// MaxFrame limits the payload of a data frame, in octets; 0 means no
	// limit. Control frames have one of their own, MaxControlPayload.
	MaxFrame int64
}

// Check holds every rule that a header can break by itself or by its place in
// the stream, in the order of the header's bits. n is the number of octets
// that the header occupied on the wire, and inMessage says that a message has
// begun and its last frame has not. The error is an *Error.
func (r *Rules) Check(h Header, n int, inMessage bool) error {
	control := h.Opcode.IsControl()
	continuation := h.Opcode == Continuation
	claimed := r.RSV
	if control || continuation {
		claimed = 0
	}
	switch {
	// "All control frames MUST have a payload length of 125 bytes or less and
	// MUST NOT be fragmented." RFC 6455 §5.5. The length is further below.
	case control && !h.Fin:
		return errControlFragment

	// "MUST be 0 unless an extension is negotiated that defines meanings for
	// non-zero values." RFC 6455 §5.2. The one that is, gives RSV1 a meaning in
	// the first frame of a data message only. RFC 7692 §6.
	case h.RSV&^claimed != 0:
		return errRSV

	// "If an unknown opcode is received, the receiving endpoint MUST _Fail the
	// WebSocket Connection_." RFC 6455 §5.2.
	case h.Opcode.IsReserved():
		return errOpcode

	// "The fragments of one message MUST NOT be interleaved between the
	// fragments of another message". RFC 6455 §5.4.
	case continuation && !inMessage:
		return errContinuation
	case !control && !continuation && inMessage:
		return errInterleaved

	// "The server MUST close the connection upon receiving a frame that is not
	// masked." "A client MUST close a connection if it detects a masked frame."
	// RFC 6455 §5.1.
	case r.FromClient && !h.Masked && !r.AllowUnmasked:
		return errUnmasked
	case !r.FromClient && h.Masked:
		return errMasked

	// "the most significant bit MUST be 0". RFC 6455 §5.2. Parse lets no such
	// header through; one that we are asked to send may have it.
	case h.Length < 0:
		return errLengthBit
	case control && h.Length > MaxControlPayload:
		return errControlLength

	// "in all cases, the minimal number of bytes MUST be used to encode the
	// length". RFC 6455 §5.2.
	case n != h.Size() && !r.AllowNonMinimal:
		return errNotMinimal

	// "Implementations that have implementation- and/or platform-specific
	// limitations regarding the frame size [...] MUST protect themselves
	// against exceeding those limits." RFC 6455 §10.4.
	case !control && r.MaxFrame > 0 && h.Length > r.MaxFrame:
		return errTooBig
	}
	return nil
}
