package autobahn

import (
	"encoding/binary"
	"math"
	"slices"
	"unicode/utf8"
)

// The largest message that the tester takes. The largest it sends is 16 MiB.
const maxMessage = 64 << 20

// A header is what stands in front of a frame that the peer sends.
type header struct {
	fin    bool
	rsv    byte
	opcode byte
	masked bool
	key    [4]byte
	length uint64
	spent  int  // octets of the header
	short  bool // the length is not in its shortest form
}

func (h header) control() bool { return h.opcode >= opClose }

// parseHeader reads a header; ok is false as long as octets are missing.
func parseHeader(b []byte) (h header, ok bool) {
	if len(b) < 2 {
		return h, false
	}
	h = header{fin: b[0]&0x80 != 0, rsv: b[0] >> 4 & 7, opcode: b[0] & 15, masked: b[1]&0x80 != 0}
	h.length, h.spent = uint64(b[1]&0x7f), 2
	extra := 0
	switch h.length {
	case 126:
		extra = 2
	case 127:
		extra = 8
	}
	need := 2 + extra
	if h.masked {
		need += 4
	}
	if len(b) < need {
		return h, false
	}
	switch extra {
	case 2:
		h.length = uint64(binary.BigEndian.Uint16(b[2:]))
		h.short = h.length < 126
	case 8:
		h.length = binary.BigEndian.Uint64(b[2:])
		h.short = h.length < 1<<16
	}
	if h.masked {
		copy(h.key[:], b[need-4:])
	}
	h.spent = need
	return h, true
}

// A listener hears what a receiver has understood.
type listener interface {
	frame(h header, payload []byte) // every frame, when it is complete; the first octets of its payload
	message(binary bool, octets []byte)
	ping(payload []byte)
	pong(payload []byte)
	closed(payload []byte)
	violation(code int, text string) // the peer broke a rule
}

// A receiver understands what the peer sends, and forgives nothing. What
// breaks a rule is skipped, so that the peer's Close can be found behind it.
type receiver struct {
	masked  bool     // the peer has to mask
	inflate *inflate // nil: permessage-deflate was not negotiated
	to      listener

	head []byte // of a header that is not complete
	cur  current
	msg  assembly
}

// current is the frame that is being received.
type current struct {
	header
	active  bool
	skip    bool // its header broke a rule
	left    uint64
	pos     int
	payload []byte // whole for control frames, the beginning for others
}

// assembly is the message that is being received.
type assembly struct {
	active     bool
	binary     bool
	compressed bool
	bad        bool // it broke a rule: the rest is skipped
	octets     []byte
	text       textCheck
}

// feed takes the next octets from the peer. more says whether to go on.
func (r *receiver) feed(b []byte, more func() bool) {
	for more() {
		if !r.cur.active {
			if len(b) == 0 {
				return
			}
			// A header is short: octet by octet is simple and fast enough.
			r.head, b = append(r.head, b[0]), b[1:]
			h, ok := parseHeader(r.head)
			if !ok {
				continue
			}
			r.head = r.head[:0]
			r.begin(h)
		}
		n := int(min(r.cur.left, uint64(len(b))))
		piece := slices.Clone(b[:n])
		if b = b[n:]; r.cur.masked {
			maskOctets(piece, r.cur.key, r.cur.pos)
		}
		r.cur.pos += n
		r.cur.left -= uint64(n)
		r.take(piece)
		if r.cur.left > 0 {
			return
		}
		r.cur.active = false
		r.end()
	}
}

// begin holds a header against the rules.
func (r *receiver) begin(h header) {
	r.cur = current{header: h, active: true, left: h.length}
	if h.length > math.MaxInt64 {
		r.cur.left = math.MaxUint64
	}
	if text := r.broken(h); text != "" {
		r.cur.skip = true
		r.to.violation(1002, text)
		return
	}
	if h.opcode == opText || h.opcode == opBinary {
		r.msg = assembly{active: true, binary: h.opcode == opBinary, compressed: h.rsv == 4}
	}
}

// broken names the rule that a header breaks.
func (r *receiver) broken(h header) string {
	first := h.opcode == opText || h.opcode == opBinary
	switch {
	case h.rsv != 0 && !(h.rsv == 4 && first && r.inflate != nil):
		return "reserved bits are set"
	case h.masked && !r.masked:
		return "a server's frame is masked"
	case !h.masked && r.masked:
		return "a client's frame is not masked"
	case h.control() && !h.fin:
		return "a control frame is fragmented"
	case h.control() && h.length > 125:
		return "a control frame is longer than 125 octets"
	case h.opcode > opBinary && h.opcode < opClose || h.opcode > opPong:
		return "the opcode is reserved"
	case h.length > math.MaxInt64:
		return "the length has its top bit set"
	case h.short:
		return "the length is not in its shortest form"
	case h.opcode == opContinuation && !r.msg.active:
		return "a continuation without a message"
	case first && r.msg.active:
		return "a new message inside another"
	}
	return ""
}

// take takes a piece of the current frame's payload, which it may keep.
func (r *receiver) take(p []byte) {
	control := r.cur.control()
	if control || len(r.cur.payload) < logOctets {
		keep := p
		if !control || r.cur.skip {
			keep = p[:min(len(p), logOctets)]
		}
		r.cur.payload = append(r.cur.payload, keep...)
	}
	if control || r.cur.skip || r.msg.bad {
		return
	}
	switch m := &r.msg; {
	case len(m.octets)+len(p) > maxMessage:
		r.spoil(1009, "the message is longer than the tester takes")
	case !m.binary && !m.compressed && !m.text.write(p):
		r.spoil(1007, "the text is not UTF-8")
	default:
		m.octets = append(m.octets, p...)
	}
}

// spoil gives up the current message.
func (r *receiver) spoil(code int, text string) {
	r.msg.bad, r.msg.octets = true, nil
	r.to.violation(code, text)
}

// end is called when a frame is complete.
func (r *receiver) end() {
	r.to.frame(r.cur.header, r.cur.payload)
	if r.cur.skip {
		return
	}
	switch r.cur.opcode {
	case opClose:
		r.to.closed(r.cur.payload)
	case opPing:
		r.to.ping(r.cur.payload)
	case opPong:
		r.to.pong(r.cur.payload)
	default:
		if r.cur.fin {
			r.complete()
		}
	}
}

// complete is called when a message is.
func (r *receiver) complete() {
	m := &r.msg
	m.active = false
	if m.bad {
		return
	}
	if m.compressed {
		octets, err := r.inflate.message(m.octets, maxMessage)
		if err != nil {
			r.spoil(1007, err.Error())
			return
		}
		m.octets = octets
		if !m.binary && !m.text.write(octets) {
			r.spoil(1007, "the text is not UTF-8")
			return
		}
	}
	if !m.binary && !m.text.complete() {
		r.spoil(1007, "the text ends inside a character")
		return
	}
	r.to.message(m.binary, m.octets)
}

// readClose reads the payload of a Close frame. It returns the code that it
// has, nil if none, and the rule that it breaks with the code to fail with.
func readClose(p []byte) (code *int, wrong int, text string) {
	switch {
	case len(p) == 0:
		return nil, 0, ""
	case len(p) == 1:
		return nil, 1002, "a Close frame of one octet"
	}
	n := int(binary.BigEndian.Uint16(p))
	switch {
	case n < 1000, n >= 1004 && n <= 1006, n >= 1012 && n <= 2999, n >= 5000:
		return &n, 1002, "a close code that must not be sent"
	case !utf8.Valid(p[2:]):
		return &n, 1007, "a close reason that is not UTF-8"
	}
	return &n, 0, ""
}
