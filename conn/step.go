package conn

import (
	"time"

	"github.com/bellwire/bellwire/frame"
)

// part is a piece of a data message.
type part struct {
	typ  Type
	data []byte // borrowed from the bytes that were stepped over
	last bool   // the message ends here
	ok   bool   // false: no part, go on
}

// step takes the next event out of in and does all that the protocol demands
// on it: rules, limits, control frames. It returns how many octets it used,
// and the piece of a data message that they held, if any. It never reads; a
// reader calls it with what a transport gave, however that was cut.
func (c *Conn) step(in []byte) (part, int, error) {
	ev, used, err := c.rd.dec.Next(in)
	if err != nil {
		return part{}, used, c.fail(err)
	}
	if !ev.OK {
		return part{}, used, nil
	}
	if ev.Header.Opcode.IsControl() {
		return part{}, used, c.stepControl(ev)
	}
	p, err := c.stepData(ev)
	if err != nil {
		return part{}, used, c.fail(err)
	}
	return p, used, nil
}

// stepData checks a piece of a data frame.
func (c *Conn) stepData(ev frame.Event) (part, error) {
	m := &c.rd.msg
	if !m.inFrame {
		if c.frames {
			c.traceFrame(false, ev.Header)
		}
		if err := c.beginFrame(ev.Header); err != nil {
			return part{}, err
		}
	}
	m.inFrame = !ev.Done
	p := part{typ: m.typ, data: ev.Payload, last: ev.Done && ev.Header.Fin, ok: true}
	c.rd.in.bytes.Add(uint64(len(p.data)))
	if m.typ == Text && !c.opts.Tolerate.InvalidUTF8 {
		// Checked piece by piece, so that the peer hears of the first wrong
		// octet, not of the last.
		if !m.utf8.Write(p.data) || p.last && !m.utf8.Complete() {
			return part{}, errUTF8
		}
	}
	if p.last {
		c.rd.in.messages.Add(1)
		c.traceMessage(false, m.typ, m.size)
	}
	return p, nil
}

// beginFrame counts a data frame against the limits, on the strength of its
// header, before any of its payload is taken.
func (c *Conn) beginFrame(h frame.Header) error {
	m := &c.rd.msg
	if h.Opcode != frame.Continuation {
		m.typ, m.size, m.fragments = h.Opcode, 0, 0
		m.utf8.Reset()
	}
	m.fragments++
	if limit := c.opts.Limits.MaxFragments; limit >= 0 && m.fragments > limit {
		return &LimitError{Limit: "MaxFragments", Max: int64(limit)}
	}
	// The subtraction cannot overflow where a sum of lengths could.
	if limit := m.limit.Load(); limit >= 0 && h.Length > limit-m.size {
		return &LimitError{Limit: "MaxMessage", Max: limit}
	}
	m.size += h.Length
	return nil
}

// stepControl gathers a control frame, which may come in pieces, and acts on
// it when it is whole. Its payload has at most 125 octets (RFC 6455 §5.5).
func (c *Conn) stepControl(ev frame.Event) error {
	payload := ev.Payload
	if len(c.rd.control) > 0 || !ev.Done {
		c.rd.control = append(c.rd.control, ev.Payload...)
		payload = c.rd.control
	}
	if !ev.Done {
		return nil
	}
	c.rd.control = nil
	if c.frames {
		c.traceFrame(false, ev.Header)
	}
	if ev.Header.Opcode == frame.Close {
		return c.receiveClose(payload)
	}
	if ev.Header.Opcode == frame.Pong && c.receivePong(payload) {
		return nil
	}
	if !c.rd.rate.allow(time.Now(), c.opts.Limits.MaxControlRate) {
		return c.fail(&LimitError{Limit: "MaxControlRate", Max: int64(c.opts.Limits.MaxControlRate)})
	}
	if ev.Header.Opcode == frame.Ping {
		c.pong(payload)
	}
	return nil
}

// controlRate counts the control frames of the current second.
type controlRate struct {
	second time.Time
	count  int
}

func (r *controlRate) allow(now time.Time, limit int) bool {
	if limit < 0 {
		return true
	}
	if now.Sub(r.second) >= time.Second {
		r.second, r.count = now, 0
	}
	r.count++
	return r.count <= limit
}
