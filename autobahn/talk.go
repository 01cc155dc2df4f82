package autobahn

// A talk plays the script of a case in sections 1 to 10.
type talk struct {
	e    *endpoint
	c    *Case
	want []result // what may be received
	got  []item
	sent int // how often the script has been started
	size struct {
		binary bool
		octets int
		echoes int
		wrong  bool
	}
	part struct {
		key  *[4]byte // of the frame that is sent in parts
		pos  int
		size int // that its header has told
	}
}

// A result is an outcome, made of octets.
type result struct {
	verdict Verdict
	items   []item
}

func newTalk(e *endpoint, c *Case) *talk {
	t := &talk{e: e, c: c}
	for _, o := range c.expect.outcomes {
		items, err := o.items(c.script.steps)
		if err != nil {
			panic(err) // the files of cases have been checked when they were read
		}
		t.want = append(t.want, result{o.verdict, items})
	}
	if c.expect.size {
		st := c.script.steps[0]
		t.size.binary, t.size.octets = st.frame.opcode == opBinary, st.body.n
	}
	return t
}

func (t *talk) opened() {
	t.e.start(t.c.script.timer)
	t.again()
}

// again plays the script from its beginning.
func (t *talk) again() {
	t.sent++
	t.play(t.c.script.steps)
}

// play does the steps up to the next wait, and the others later.
func (t *talk) play(steps []step) {
	for i, st := range steps {
		switch st.kind {
		case stepWait:
			t.e.clock.after(st.wait, func() { t.play(steps[i+1:]) })
			return
		case stepMark:
			if t.e.closing.sent || t.e.closing.received {
				return
			}
			t.record(item{kind: itemMark, octets: []byte(st.mark)})
		case stepHead:
			t.part.key, t.part.pos, t.part.size = t.e.key(), 0, st.announce
			t.e.wire.frame("tester", st.frame, st.announce)
			t.e.put(st.frame.head(st.announce, t.part.key), writing{})
			t.e.hold(true)
		case stepPart:
			t.sendPart(st.body.octets())
		case stepFrame:
			t.sendFrame(st)
		}
	}
}

// sendPart sends a piece of the payload of a frame whose header is out.
func (t *talk) sendPart(b []byte) {
	t.e.wire.event("tester", "%d octets of the payload: %x", len(b), b)
	if t.part.key != nil {
		maskOctets(b, *t.part.key, t.part.pos)
	}
	t.part.pos += len(b)
	t.e.put(b, writing{})
	t.e.hold(t.part.pos < t.part.size)
}

func (t *talk) sendFrame(st step) {
	f := st.frame
	f.payload = st.body.octets()
	if f.opcode == opClose && f.rsv == 0 && !t.e.closing.sent {
		t.e.sendClose(f.payload)
		return
	}
	for _, piece := range f.cut(st.fragment) {
		t.e.send(piece, t.c.script.write)
	}
}

func (t *talk) message(binary bool, octets []byte) {
	if t.c.expect.size {
		t.measure(binary, len(octets))
		return
	}
	t.record(item{binary: binary, octets: octets})
}

func (t *talk) pong(payload []byte) { t.record(item{kind: itemPong, octets: payload}) }

// record notes what was received, and closes if that is all that was to come.
func (t *talk) record(i item) {
	t.got = append(t.got, i)
	if t.c.rule.peer || t.c.rule.spectator {
		return
	}
	for _, w := range t.want {
		if !w.matches(t.got) {
			return
		}
	}
	t.e.sendClose(closePayload(1000, ""))
}

func (r result) matches(got []item) bool {
	if len(got) != len(r.items) {
		return false
	}
	for i := range got {
		if !got[i].equal(r.items[i]) {
			return false
		}
	}
	return true
}

// measure holds an echo against the message by its type and length.
func (t *talk) measure(binary bool, octets int) {
	if t.c.script.repeat > 1 && t.e.closing.sent {
		return
	}
	t.size.wrong = binary != t.size.binary || octets != t.size.octets
	t.size.echoes++
	if t.size.wrong || t.sent == t.c.script.repeat {
		t.e.sendClose(closePayload(1000, ""))
		return
	}
	t.again()
}

// verdict is said when the connection is over.
func (t *talk) verdict() Verdict {
	if t.c.expect.size {
		if !t.size.wrong && t.size.echoes >= t.c.script.repeat {
			return OK
		}
		return Failed
	}
	for _, w := range t.want {
		if w.matches(t.got) {
			return w.verdict
		}
	}
	return Failed
}
