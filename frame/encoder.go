package frame

import "github.com/bellwire/bellwire/internal/mask"

// Encoder writes frames, and refuses those that may not go out now: what a
// peer's Decoder would refuse, it does not send. Set the fields before the
// first call. The zero value is a server's, without extensions.
type Encoder struct {
	// FromClient: the headers given must be Masked, with a Key that nobody can
	// foresee: "The masking key needs to be unpredictable". RFC 6455 §5.3.
	// Otherwise they must not be.
	FromClient bool

	// RSV holds the reserved bits that an extension has claimed.
	RSV uint8

	open   bool // a message has begun, and its last frame has not gone out
	closed bool // a Close frame has
}

// Append appends a frame to dst: h, with Length set to the payload's, and the
// payload, masked while copying if h says so. The payload is borrowed for the
// call and never modified; it must not lie in the free capacity of dst. The
// error is an *Error; then dst is returned as it was and e has not changed.
func (e *Encoder) Append(dst []byte, h Header, payload []byte) ([]byte, error) {
	h.Length = int64(len(payload))
	if err := e.advance(h); err != nil {
		return dst, err
	}
	start, size := len(dst), h.Size()
	dst = extend(dst, size+len(payload))
	h.Append(dst[:start])
	body := dst[start+size:]
	if h.Masked {
		mask.Copy(body, payload, h.Key, 0)
	} else {
		copy(body, payload)
	}
	return dst, nil
}

// AppendHeader appends h alone. The caller lets h.Length octets of payload
// follow, masked with h.Key if h says so, before anything else. Otherwise it
// is like Append.
func (e *Encoder) AppendHeader(dst []byte, h Header) ([]byte, error) {
	if err := e.advance(h); err != nil {
		return dst, err
	}
	return h.Append(dst), nil
}

// advance lets h go out, or says which rule is in the way.
func (e *Encoder) advance(h Header) error {
	// "The application MUST NOT send any more data frames after sending a
	// Close frame." RFC 6455 §5.5.1. Control frames would not be read either.
	if e.closed {
		return errAfterClose
	}
	r := Rules{FromClient: e.FromClient, RSV: e.RSV}
	if err := r.Check(h, h.Size(), e.open); err != nil {
		return err
	}
	switch {
	case h.Opcode == Close:
		e.closed = true
	case !h.Opcode.IsControl():
		e.open = !h.Fin
	}
	return nil
}

// extend returns dst with n octets more, whatever they hold.
func extend(dst []byte, n int) []byte {
	if cap(dst)-len(dst) >= n {
		return dst[:len(dst)+n]
	}
	return append(dst, make([]byte, n)...)
}
