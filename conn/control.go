package conn

import (
	"github.com/bellwire/bellwire/frame"
)

// control holds the control frames that wait, already encoded: they may leave
// at any frame boundary, so their order among data frames does not matter.
type control struct {
	pings, pongs []byte
}

// controlMax bounds the octets of pings, and of pongs, that wait for a peer
// that does not read.
const controlMax = 4 << 10

func (q *control) empty() bool { return len(q.pings)+len(q.pongs) == 0 }

// take moves all of them behind b.
func (q *control) take(b []byte) []byte {
	if q.empty() {
		return b
	}
	b = append(append(b, q.pongs...), q.pings...)
	*q = control{}
	return b
}

// pong answers a ping.
//
// "If an endpoint receives a Ping frame and has not yet sent Pong frame(s) in
// response to previous Ping frame(s), the endpoint MAY elect to send a Pong
// frame for only the most recently processed Ping frame." RFC 6455 §5.5.3.
// All are answered, in order, until too many wait.
//
// The reader does not write: it would wait behind a peer that does not read.
func (c *Conn) pong(payload []byte) {
	w := &c.wr
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.over() != nil {
		return
	}
	if len(w.control.pongs) > controlMax {
		w.control.pongs = w.control.pongs[:0]
	}
	w.control.pongs = c.appendControl(w.control.pongs, frame.Pong, payload)
	c.kick()
}

// appendControl appends a control frame, of which payload has at most 125
// octets. wr.mu is held.
func (c *Conn) appendControl(b []byte, op frame.Opcode, payload []byte) []byte {
	h := frame.Header{Fin: true, Opcode: op, Length: int64(len(payload))}
	if c.role == Client {
		h.Masked, h.Key = true, newKey()
	}
	// Only what comes after a Close frame could be refused, and the callers
	// have looked for that; it would not go out.
	b, _ = c.wr.enc.Append(b, h, payload)
	return b
}
