package deflate

// Negotiate is the server's part. It takes the parameters of each offer of
// permessage-deflate, in the client's order, accepts the first that is valid,
// and returns what is agreed and the response to send. It is false when there
// is none to accept: the connection does without.
func (o *Options) Negotiate(offers [][]Param) (p Params, response string, ok bool) {
	for _, offer := range offers {
		// "A server MUST decline an extension negotiation offer for this
		// extension if any of the following conditions are met" (RFC 7692
		// §7); a later offer may do better (§5.1).
		l, err := parse(offer, false)
		if err != nil {
			continue
		}
		p, answer := o.accept(l)
		return p, answer.String(), true
	}
	return Params{}, "", false
}

// accept answers a valid offer. None has to be declined: this side can do
// whatever a valid offer asks of it.
func (o *Options) accept(offer list) (Params, list) {
	var p Params
	var l list

	// "A server accepts an extension negotiation offer with this parameter by
	// including the "server_max_window_bits" extension parameter in the
	// extension negotiation response to send back to the client with the same
	// or smaller value as the offer." §7.1.2.1. It "MAY include" it unasked.
	p.Server.WindowBits = o.Server.bits()
	if offer.serverBits != 0 {
		p.Server.WindowBits = min(p.Server.WindowBits, offer.serverBits)
		l.serverBits = p.Server.WindowBits
	} else if p.Server.WindowBits < maxBits {
		l.serverBits = p.Server.WindowBits
	}

	// "If a received extension negotiation offer doesn't have the
	// "client_max_window_bits" extension parameter, the corresponding
	// extension negotiation response to the offer MUST NOT include the
	// "client_max_window_bits" extension parameter." §7.1.2.2. A client that
	// cannot be told to use a small window is told to forget it.
	told := offer.anyClientBits || offer.clientBits != 0
	p.Client = Agreed{!offer.clientNoTakeover && !o.Client.NoTakeover, maxBits}
	if offer.clientBits != 0 {
		p.Client.WindowBits = offer.clientBits
	}
	if want := o.Client.bits(); told {
		p.Client.WindowBits = min(p.Client.WindowBits, want)
	} else if want < maxBits {
		p.Client.Takeover = false
	}
	p.Client.Takeover, p.Client.WindowBits = o.fit(p.Client.Takeover, p.Client.WindowBits, told)
	if told && p.Client.WindowBits < maxBits {
		l.clientBits = p.Client.WindowBits
	}
	// "A server MAY include the "client_no_context_takeover" extension
	// parameter in an extension negotiation response." §7.1.1.2. Where the
	// offer has it, the client keeps no context anyway.
	l.clientNoTakeover = !p.Client.Takeover

	// "A server accepts an extension negotiation offer that includes the
	// "server_no_context_takeover" extension parameter by including the
	// "server_no_context_takeover" extension parameter in the corresponding
	// extension negotiation response". §7.1.1.1. It "MAY include" it unasked,
	// so that the client need not keep what this side has no memory for.
	p.Server.Takeover = !offer.serverNoTakeover && !o.Server.NoTakeover &&
		o.context(p.Server.WindowBits, p.Client.memory()) > 0
	l.serverNoTakeover = !p.Server.Takeover
	return p, l
}

// Offer is the client's part: the value of its Sec-WebSocket-Extensions.
func (o *Options) Offer() string {
	first, second := o.offers()
	if second == nil {
		return first.String()
	}
	return first.String() + ", " + second.String()
}

// offers returns what the client wants, and what it falls back to when the
// server knows nothing of windows: without takeover, their size costs nothing.
func (o *Options) offers() (first, second *list) {
	takeover, bits := o.fit(!o.Server.NoTakeover, o.Server.bits(), true)
	l := list{
		serverNoTakeover: !takeover,
		clientNoTakeover: o.Client.NoTakeover,
		anyClientBits:    true, // the server may ask for less (§7.1.2.2)
	}
	if o.Client.bits() < maxBits {
		l.clientBits = o.Client.bits()
	}
	if bits == maxBits {
		return &l, nil
	}
	l.serverBits = bits
	fallback := l
	fallback.serverBits, fallback.serverNoTakeover = 0, true
	return &l, &fallback
}

// CheckResponse is what a client does with the parameters of the server's
// response: it returns what is agreed or, as an *Error, why the client "MUST
// _Fail the WebSocket Connection_". RFC 7692 §7.
func (o *Options) CheckResponse(params []Param) (Params, error) {
	l, err := parse(params, true)
	if err != nil {
		return Params{}, err
	}
	first, second := o.offers()
	if err = first.allows(&l); err != nil && second != nil && second.allows(&l) == nil {
		err = nil
	}
	if err != nil {
		return Params{}, err
	}
	p := Params{
		Server: Agreed{!l.serverNoTakeover, maxBits},
		// What the client has promised holds, whether the server repeats it
		// or not.
		Client: Agreed{!l.clientNoTakeover && !o.Client.NoTakeover, o.Client.bits()},
	}
	if l.serverBits != 0 {
		p.Server.WindowBits = l.serverBits
	}
	if l.clientBits != 0 {
		p.Client.WindowBits = min(p.Client.WindowBits, l.clientBits)
	}
	return p, nil
}

// allows says whether a response answers the offer l.
func (l *list) allows(response *list) error {
	switch {
	case l.serverNoTakeover && !response.serverNoTakeover:
		return errNotServerNCT
	case l.serverBits != 0 && (response.serverBits == 0 || response.serverBits > l.serverBits):
		return errNotServerMWB
	// "... in the corresponding extension negotiation response to the offer
	// with a value equal to or smaller than the received value." §7.1.2.2.
	case l.clientBits != 0 && response.clientBits > l.clientBits:
		return errNotClientMWB
	}
	return nil
}
