package autobahn

import (
	"errors"
	"net"
	"os"
	"time"
	"unicode/utf8"
)

// A flaw is something that a naive peer does wrong. The zero value is none.
type flaw string

const (
	flawless         flaw = ""
	wrongFailCode    flaw = "fails with 1011 whatever the rule"
	dropsToFail      flaw = "drops TCP in place of failing with a Close"
	losesEchoes      flaw = "throws away echoes when it fails"
	takesAnyText     flaw = "takes text that is not UTF-8"
	checksMessages   flaw = "looks at text when the message is complete"
	checksFrames     flaw = "looks at text when the frame is complete"
	emptyPongs       flaw = "answers pings without their payload"
	lastPing         flaw = "answers the latest ping alone"
	latePongs        flaw = "answers pings behind the message they came in"
	eagerPong        flaw = "sends a pong that nobody asked for"
	ignoresRSV       flaw = "ignores reserved bits"
	ignoresOpcodes   flaw = "ignores frames with reserved opcodes"
	ignoresOrder     flaw = "ignores continuations of nothing, and takes new messages inside others"
	splitControl     flaw = "takes control frames that are fragmented, as if they were whole"
	longControl      flaw = "takes control frames of any length"
	echoesAnyCode    flaw = "answers every Close with its payload"
	answersBehind    flaw = "goes on answering behind a Close"
	neverAnswers     flaw = "does not answer a Close"
	losesEmpty       flaw = "loses empty messages"
	swapsTypes       flaw = "sends text back as binary"
	slowToHangUp     flaw = "closes TCP 700 ms late"
	verySlowToHangUp flaw = "closes TCP 1.5 s late"
	neverHangsUp     flaw = "leaves it to the client to close TCP"
	masksWrongly     flaw = "masks as a server, and does not as a client"
	longLengths      flaw = "writes lengths in eight octets"
	pings            flaw = "sends a ping when a message begins" // no flaw at all
)

// A naive is a small echo peer, right in everything but its flaw.
type naive struct {
	nc     net.Conn
	server bool
	flaw   flaw
	in     []byte   // read, not understood
	held   [][]byte // frames that wait for a moment of silence
	msg    assembly
	over   bool // it has sent a Close
}

// serve plays the peer until TCP is over.
func (n *naive) serve() {
	defer func() { _ = n.nc.Close() }()
	if n.flaw == eagerPong {
		n.send(opPong, []byte("here I am"))
	}
	for {
		h, ok := parseHeader(n.in)
		if !ok {
			if !n.fill() {
				return
			}
			continue
		}
		n.in = n.in[h.spent:]
		if n.wrong(h) {
			n.fail(1002)
			return
		}
		p, ok := n.payload(h)
		if !ok || !n.handle(h, p) {
			return
		}
	}
}

// fill reads something. Frames that are held go out after a tenth of a second
// of silence.
func (n *naive) fill() bool {
	if len(n.held) > 0 || n.over && n.flaw == answersBehind {
		_ = n.nc.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	} else {
		_ = n.nc.SetReadDeadline(time.Time{})
	}
	b := make([]byte, 4096)
	k, err := n.nc.Read(b)
	n.in = append(n.in, b[:k]...)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		n.release()
		if n.over && n.flaw == answersBehind {
			n.flaw = flawless
			n.hangUp()
			return false
		}
		return n.fill()
	}
	return err == nil
}

// wrong reports whether a header breaks a rule that the peer knows.
func (n *naive) wrong(h header) bool {
	switch {
	case h.masked != n.server, h.short:
		return true
	case h.rsv != 0:
		return n.flaw != ignoresRSV
	case h.opcode > 2 && h.opcode < 8 || h.opcode > 10:
		return n.flaw != ignoresOpcodes
	case h.control() && !h.fin:
		return n.flaw != splitControl
	case h.control() && h.length > 125:
		return n.flaw != longControl
	case h.opcode == opContinuation && !n.msg.active, (h.opcode == opText || h.opcode == opBinary) && n.msg.active:
		return n.flaw != ignoresOrder
	}
	return false
}

// payload reads the payload of a frame, and looks at text as it comes.
func (n *naive) payload(h header) ([]byte, bool) {
	if h.opcode == opText || h.opcode == opBinary {
		n.msg = assembly{active: true, binary: h.opcode == opBinary}
		if n.flaw == pings {
			n.send(opPing, []byte("still there?"))
		}
	}
	text := !n.msg.binary && n.msg.active && !h.control()
	var p []byte
	for uint64(len(p)) < h.length {
		if len(n.in) == 0 && !n.fill() {
			return nil, false
		}
		k := min(int(h.length)-len(p), len(n.in))
		piece := n.in[:k:k]
		maskOctets(piece, h.key, len(p))
		p, n.in = append(p, piece...), n.in[k:]
		late := n.flaw == takesAnyText || n.flaw == checksFrames || n.flaw == checksMessages
		if text && !late && !n.msg.text.write(piece) {
			n.fail(1007)
			return nil, false
		}
	}
	if n.flaw == checksFrames && text && !n.msg.text.write(p) {
		n.fail(1007)
		return nil, false
	}
	return p, true
}

// handle does what a frame asks for; false if that ends the connection.
func (n *naive) handle(h header, p []byte) bool {
	switch h.opcode {
	case opPing:
		n.pong(p)
	case opClose:
		return n.close(p)
	case opText, opBinary, opContinuation:
		return n.data(h, p)
	}
	return true
}

func (n *naive) pong(p []byte) {
	pong := n.encode(opPong, p)
	switch {
	case n.over && n.flaw != answersBehind:
	case n.flaw == emptyPongs:
		n.send(opPong, nil)
	case n.flaw == lastPing:
		n.held = [][]byte{pong}
	case n.flaw == latePongs && n.msg.active:
		n.held = append(n.held, pong)
	default:
		n.write(pong)
	}
}

// data echoes a message when it is complete.
func (n *naive) data(h header, p []byte) bool {
	if !n.msg.active || n.over && n.flaw != answersBehind {
		return true
	}
	n.msg.octets = append(n.msg.octets, p...)
	if !h.fin {
		return true
	}
	n.msg.active = false
	bad := !n.msg.text.complete()
	if n.flaw == checksMessages {
		bad = !utf8.Valid(n.msg.octets)
	}
	op := byte(opBinary)
	if !n.msg.binary {
		if bad && n.flaw != takesAnyText {
			n.fail(1007)
			return false
		}
		op = opText
	}
	if n.flaw == swapsTypes {
		op = opBinary
	}
	echo := n.encode(op, n.msg.octets)
	switch {
	case n.flaw == losesEmpty && len(n.msg.octets) == 0:
	case n.flaw == losesEchoes:
		n.held = append(n.held, echo)
	case n.flaw == latePongs:
		n.write(echo)
		n.release()
	default:
		n.release()
		n.write(echo)
	}
	return true
}

// close answers a Close; false if that ends the connection.
func (n *naive) close(p []byte) bool {
	code, wrong, _ := readClose(p)
	if n.flaw == takesAnyText && wrong == 1007 {
		wrong = 0
	}
	switch {
	case n.flaw == neverAnswers:
		return true
	case wrong != 0 && n.flaw != echoesAnyCode && len(p) <= 125:
		n.fail(wrong)
		return false
	case n.flaw == echoesAnyCode:
		n.send(opClose, p)
	case code == nil:
		n.send(opClose, nil)
	default:
		n.send(opClose, closePayload(*code, ""))
	}
	if n.over = true; n.flaw == answersBehind {
		return true
	}
	n.hangUp()
	return false
}

// fail fails the connection.
func (n *naive) fail(code int) {
	switch n.flaw {
	case dropsToFail:
		return
	case losesEchoes:
		n.held = nil
	case wrongFailCode:
		code = 1011
	}
	n.release()
	n.send(opClose, closePayload(code, ""))
	n.hangUp()
}

// hangUp ends TCP, or lets the server do it.
func (n *naive) hangUp() {
	switch n.flaw {
	case slowToHangUp:
		time.Sleep(700 * time.Millisecond)
	case verySlowToHangUp:
		time.Sleep(1500 * time.Millisecond)
	}
	if half, ok := n.nc.(interface{ CloseWrite() error }); ok && n.server && n.flaw != neverHangsUp {
		_ = half.CloseWrite()
	}
	for n.fill() {
		n.in = nil
	}
}

// release sends what is held.
func (n *naive) release() {
	for _, b := range n.held {
		n.write(b)
	}
	n.held = nil
}

func (n *naive) send(op byte, p []byte) { n.write(n.encode(op, p)) }

func (n *naive) encode(op byte, p []byte) []byte {
	var key *[4]byte
	if n.server == (n.flaw == masksWrongly) {
		key = newKey()
	}
	f := frame{fin: true, opcode: op, payload: p}
	if n.flaw == longLengths && key == nil {
		head := append(f.head(1<<20, nil)[:9], byte(len(p)))
		for i := 2; i < 9; i++ {
			head[i] = 0
		}
		if len(p) < 256 {
			return append(head, p...)
		}
	}
	return f.encode(key)
}

func (n *naive) write(b []byte) { _, _ = n.nc.Write(b) }
