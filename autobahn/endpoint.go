package autobahn

import (
	"context"
	"encoding/binary"
	"net"
	"time"
)

const (
	closeWait = time.Second // for the peer's Close after the tester's
	hangWait  = time.Second // for a server to close TCP after both
)

// A player is what the tester does on a connection besides what the protocol
// demands. Its methods are called one at a time.
type player interface {
	opened()
	message(binary bool, octets []byte)
	pong(payload []byte)
}

// An endpoint is the tester's end of one connection, after the opening
// handshake. One goroutine, the one in run, owns all of it.
type endpoint struct {
	client  bool // the tester is the client
	nc      net.Conn
	rx      receiver
	tx      *sender
	clock   alarms
	wire    wireLog
	player  player
	end     ending
	closing closing
	pongs   pongs
}

// closing is how far the connection is on its way to the end.
type closing struct {
	sent     bool // the tester has sent a Close
	received bool // the peer has sent a good one
	failed   bool // the tester has failed the connection
	over     bool // TCP is over, or the tester has hung up
	stopped  bool // … because it was told to stop
}

// pongs wait while a frame of the tester's own is unfinished: written at once
// they would stand in the middle of it.
type pongs struct {
	held    bool
	waiting [][]byte
}

func newEndpoint(nc net.Conn, client bool) *endpoint {
	e := &endpoint{client: client, nc: nc, tx: newSender(nc)}
	e.rx = receiver{masked: !client, to: e}
	return e
}

// run plays until TCP is over. early are octets that came behind the
// handshake.
func (e *endpoint) run(ctx context.Context, early []byte) {
	e.end.opened = true
	e.wire.start = time.Now()
	in, quit := make(chan []byte), make(chan struct{})
	go e.read(in, quit)
	e.player.opened()
	e.rx.feed(early, e.alive)
	for e.alive() {
		e.tx.flush()
		select {
		case b, ok := <-in:
			if !ok {
				e.wire.event("peer", "ends TCP")
				e.closing.over = true
				e.tx.cease()
				break
			}
			e.rx.feed(b, e.alive)
		case <-e.clock.next():
			e.clock.ring()
		case <-ctx.Done():
			e.wire.event("tester", "is stopped")
			e.closing.stopped = true
			e.abort()
		}
	}
	<-e.tx.done
	close(quit)
	for range in { // until the reader has ended
	}
}

// read hands on what comes, until TCP ends.
func (e *endpoint) read(in chan<- []byte, quit <-chan struct{}) {
	defer close(in)
	for {
		b := make([]byte, 64<<10)
		n, err := e.nc.Read(b)
		if n > 0 {
			select {
			case in <- b[:n]:
			case <-quit:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (e *endpoint) alive() bool { return !e.closing.over }

// send puts a frame into what leaves next, in the way that w says.
func (e *endpoint) send(f frame, w writing) {
	e.wire.frame("tester", f, len(f.payload))
	e.put(f.encode(e.key()), w)
}

// key is a fresh one for every frame of a client, none for a server's.
func (e *endpoint) key() *[4]byte {
	if e.client {
		return newKey()
	}
	return nil
}

func (e *endpoint) put(b []byte, w writing) {
	if w.chop > 0 {
		for len(b) > w.chop {
			e.tx.put(b[:w.chop:w.chop], true)
			b = b[w.chop:]
		}
	}
	e.tx.put(b, w.alone)
}

// sendClose starts the closing handshake, unless the tester has sent a Close
// already.
func (e *endpoint) sendClose(payload []byte) {
	if e.closing.sent || e.closing.over {
		return
	}
	e.closing.sent = true
	e.end.testerFirst = !e.closing.received
	if len(payload) >= 2 {
		code := int(binary.BigEndian.Uint16(payload))
		e.end.sent = &code
	}
	e.send(frame{fin: true, opcode: opClose, payload: payload}, writing{})
	if !e.closing.received {
		e.clock.after(closeWait, func() {
			if !e.closing.received {
				e.wire.event("tester", "has waited for a Close, and resets TCP")
				e.end.clean = false
				e.end.dropped = true
				e.abort()
			}
		})
	}
}

// closePayload makes the payload of a Close frame.
func closePayload(code int, reason string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
}

// fail fails the connection: with a Close, or if there was one without.
func (e *endpoint) fail(code int, reason string) {
	e.closing.failed = true
	if e.closing.sent {
		e.wire.event("tester", "drops TCP: %s", reason)
		e.end.dropped = true
		e.closing.over = true
		e.tx.hangUp()
		return
	}
	e.sendClose(closePayload(code, reason))
}

// abort resets TCP.
func (e *endpoint) abort() {
	e.closing.over = true
	e.tx.reset()
}

// start sets the timer of a case.
func (e *endpoint) start(t runTimer) {
	e.clock.after(t.after, func() {
		switch {
		case t.kill:
			e.wire.event("tester", "has waited long enough")
			e.fail(1001, "Going Away")
		case !e.closing.sent:
			e.sendClose(nil)
		}
	})
	// A server that has closed first and then keeps TCP open would hold up a
	// tester whose timer is C for ever.
	e.clock.after(t.after+10*time.Second, func() {
		e.wire.event("tester", "resets TCP that nobody ends")
		e.end.dropped = true
		e.abort()
	})
}

func (e *endpoint) frame(h header, payload []byte) {
	e.wire.frame("peer", frame{fin: h.fin, rsv: h.rsv, opcode: h.opcode, payload: payload}, int(h.length))
}

func (e *endpoint) message(binary bool, octets []byte) {
	if !e.closing.failed {
		e.player.message(binary, octets)
	}
}

func (e *endpoint) pong(payload []byte) { e.player.pong(payload) }

func (e *endpoint) ping(payload []byte) {
	switch {
	case e.closing.sent || e.closing.received:
	case e.pongs.held:
		e.pongs.waiting = append(e.pongs.waiting, payload)
	default:
		e.send(frame{fin: true, opcode: opPong, payload: payload}, writing{})
	}
}

// hold says whether a frame of the tester's own is unfinished.
func (e *endpoint) hold(unfinished bool) {
	e.pongs.held = unfinished
	for !unfinished && len(e.pongs.waiting) > 0 {
		p := e.pongs.waiting[0]
		e.pongs.waiting = e.pongs.waiting[1:]
		e.ping(p)
	}
}

func (e *endpoint) violation(code int, text string) {
	e.wire.event("tester", "fails the connection with %d: %s", code, text)
	e.fail(code, text)
}

// closed is called for every Close frame of the peer.
func (e *endpoint) closed(payload []byte) {
	code, wrong, text := readClose(payload)
	e.end.code = code
	if wrong != 0 {
		e.end.clean = false
		e.violation(wrong, text)
		return
	}
	e.closing.received, e.end.clean = true, true
	answer := e.closing.sent
	if !answer {
		// Always 1000, whatever the peer's code is.
		e.sendClose(closePayload(1000, ""))
	}
	switch {
	case e.client && answer:
		e.clock.after(hangWait, func() {
			e.wire.event("tester", "has waited for the end of TCP, and resets it")
			e.end.clean = false
			e.end.dropped = true
			e.abort()
		})
	case e.client:
	case answer:
		e.wire.event("tester", "resets TCP after the closing handshake")
		e.abort()
	default:
		e.wire.event("tester", "ends TCP after the closing handshake")
		e.closing.over = true
		e.tx.hangUp()
	}
}
