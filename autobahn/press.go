package autobahn

import "bytes"

// A press plays a case of sections 12 and 13, once permessage-deflate has
// been negotiated.
type press struct {
	e    *endpoint
	c    *Case
	set  *dataSet
	zip  compressor
	at   int    // where the next message begins in the set, in units
	want []byte // the echo that is to come
	left int    // messages that have not come back
	fail bool
}

func newPress(e *endpoint, c *Case, d *deal) *press {
	e.rx.inflate = newInflate(d.theirs)
	return &press{
		e: e, c: c, zip: newCompressor(d.mine), left: matrixMessages,
		set: dataSets[c.deflate.set](),
	}
}

func (p *press) opened() {
	p.e.start(p.c.script.timer)
	p.send()
}

// send sends the next message.
func (p *press) send() {
	p.want, p.at = p.set.piece(p.at, p.c.deflate.units)
	f := frame{fin: true, rsv: 4, opcode: opText, payload: p.zip.compress(p.want)}
	if p.set.binary {
		f.opcode = opBinary
	}
	for _, piece := range f.cut(p.c.deflate.fragment) {
		p.e.send(piece, writing{})
	}
}

func (p *press) message(binary bool, octets []byte) {
	if p.e.closing.sent {
		return
	}
	p.fail = binary != p.set.binary || !bytes.Equal(octets, p.want)
	if !p.fail {
		p.left--
	}
	if p.fail || p.left == 0 {
		p.e.sendClose(closePayload(1000, ""))
		return
	}
	p.send()
}

// pong ends the case at once: nothing is left that it could be waiting for.
func (p *press) pong([]byte) { p.e.sendClose(closePayload(1000, "")) }

func (p *press) verdict() Verdict {
	if p.fail || p.left > 0 {
		return Failed
	}
	return OK
}

// A farewell is played where permessage-deflate was not negotiated.
type farewell struct {
	e *endpoint
	c *Case
}

func (f farewell) opened() {
	f.e.start(f.c.script.timer)
	f.e.sendClose(closePayload(1000, ""))
}

func (farewell) message(bool, []byte) {}
func (farewell) pong([]byte)          {}
func (farewell) verdict() Verdict     { return Unimplemented }
