package frame

import "github.com/bellwire/bellwire/internal/mask"

// Decoder turns a stream of octets, cut anywhere, into frames. It checks each
// header against Rules before it looks at the payload, and unmasks the payload
// where it lies. It does not look into payloads: text and Close payloads are
// for the caller to validate, with UTF8 and ParseClose.
//
// Set Rules before the first call of Next. The zero value of the rest is
// ready for use.
type Decoder struct {
	Rules Rules

	current   Header // of the latest frame
	remaining int64  // octets of its payload still to come
	err       error  // the rule that was broken; nothing is read after it

	partial [MaxHeaderLen]byte // a header that was cut
	have    uint8              // octets in partial

	message Opcode // type of the latest message
	open    bool   // its last frame has not begun
}

// Event is a frame, or a part of one.
type Event struct {
	// Header is that of the frame, the same in every part.
	Header Header

	// Payload is unmasked in place: it aliases the octets given to Next and is
	// valid as long as they are. It may be empty.
	Payload []byte

	// Offset is the place of Payload within the frame's payload.
	Offset int64

	// Done says that this is the last part of the frame.
	Done bool

	// OK is false if there is no event: all input is used, feed more.
	OK bool
}

// Next consumes octets from the front of in and returns what they are, and how
// many of them it has used. The rest is to be given again.
//
// There is an event for every header as soon as it is complete, before any
// limit of the caller's could have been exceeded by its payload, with as much
// payload as in holds; and one for each further part of the payload. Where the
// stream is cut makes no difference to anything else.
//
// The error is an *Error, given at the header which breaks the rule and again
// by every later call; nothing is used then. After a Close frame any further
// octet is an error: "After sending a control frame indicating the connection
// should be closed, a peer does not send any further data". RFC 6455 §1.4.
func (d *Decoder) Next(in []byte) (ev Event, used int, err error) {
	if d.err != nil || len(in) == 0 {
		return Event{}, 0, d.err
	}
	if d.remaining == 0 {
		var ok bool
		used, ok, err = d.header(in)
		if err != nil {
			d.err = err
			return Event{}, 0, err
		}
		if !ok {
			return Event{}, used, nil
		}
	}
	// The smaller of the two fits into an int. The remainder alone need not:
	// it is the peer's word.
	n := int(min(d.remaining, int64(len(in)-used)))
	ev = Event{
		Header:  d.current,
		Payload: in[used : used+n : used+n],
		Offset:  d.current.Length - d.remaining,
		OK:      true,
	}
	if ev.Header.Masked {
		mask.XOR(ev.Payload, ev.Header.Key, int(ev.Offset&3))
	}
	d.remaining -= int64(n)
	ev.Done = d.remaining == 0
	return ev, used + n, nil
}

// header begins the next frame. It returns the number of octets it used, and
// false if there is no header yet, or an error.
func (d *Decoder) header(in []byte) (used int, ok bool, err error) {
	if d.current.Opcode == Close { // and, with nothing remaining, complete
		return 0, false, errAfterClose
	}
	h, size, used, err := d.parse(in)
	if err != nil || size == 0 {
		return used, false, err
	}
	if err := d.Rules.Check(h, size, d.open); err != nil {
		return 0, false, err
	}
	d.current, d.remaining = h, h.Length
	if !h.Opcode.IsControl() {
		d.open = !h.Fin
		if h.Opcode != Continuation {
			d.message = h.Opcode
		}
	}
	return used, true, nil
}

// parse is Parse for a header that may have begun in an earlier input, and
// holds back one that is not yet complete: then size is 0 and all is used.
func (d *Decoder) parse(in []byte) (h Header, size, used int, err error) {
	if d.have == 0 {
		h, size, err = Parse(in)
		if size > 0 || err != nil {
			return h, size, size, err
		}
	}
	// Copying what lies behind the header does no harm: only what belongs to
	// the header counts as used.
	n := copy(d.partial[d.have:], in)
	have := int(d.have) + n
	h, size, err = Parse(d.partial[:have])
	if size == 0 {
		d.have = uint8(have)
		return h, 0, n, err
	}
	used = size - int(d.have)
	d.have = 0
	return h, size, used, nil
}

// Remaining returns how many octets of payload of the current frame are still
// to come.
func (d *Decoder) Remaining() int64 { return d.remaining }

// InMessage reports whether a message has begun whose last frame has not, so
// that the next data frame has to be a continuation.
func (d *Decoder) InMessage() bool { return d.open }

// MessageType returns Text or Binary, the type of the message that the latest
// data frame belongs to, or Continuation if there has been none. Control
// frames in between do not change it.
func (d *Decoder) MessageType() Opcode { return d.message }
