package deflate

// A Compressor compresses the messages that one side sends, one after the
// other. Between messages it holds the context, if it takes that over, and a
// compressor only if that is dedicated.
type Compressor struct {
	variant   Variant
	takeover  bool
	threshold int
	keep      int // octets of context

	// The end of what was compressed, keep octets at most. No more of it
	// than the window is ever pointed back to.
	context []byte
	own     own
}

// own is a dedicated compressor.
type own struct {
	w     *writer
	fresh bool // it has seen all of the context, and nothing behind it
	on    bool
}

// Variant says how c compresses.
func (c *Compressor) Variant() Variant { return c.variant }

// Wants reports whether it is worth to try to compress a message of n octets.
func (c *Compressor) Wants(n int) bool { return n >= c.threshold }

// Message appends the payload of a message that says p to dst. If that does
// not get smaller, or is below Options.Threshold, it is false, dst as it was,
// and nothing has happened: send p as it is, with RSV1 clear.
//
// Messages have to be sent in the order in which they are compressed, and
// none may be left out.
func (c *Compressor) Message(dst, p []byte) (_ []byte, smaller bool) {
	if !c.Wants(len(p)) {
		return dst, false
	}
	if c.own.on && len(p) >= shortest {
		start := len(dst)
		dst = c.dedicated(dst, p)
		dst = dst[:len(dst)-len(afterAll)]
		if len(dst)-start >= len(p) {
			c.own.fresh = false // it has seen what the peer will not
			return dst[:start], false
		}
	} else if dst, smaller = c.variant.message(dst, p, c.context); !smaller {
		return dst, false
	} else {
		c.own.fresh = false
	}
	c.end(p)
	return dst, true
}

// Piece appends the next piece of a message that is being streamed to dst, such
// that the peer can inflate all of it at once. With the last one the message
// ends. A message that has begun in this way stays compressed to its end,
// however small it gets.
func (c *Compressor) Piece(dst, p []byte, last bool) []byte {
	switch {
	case len(p) == 0 && !last:
		return dst
	case len(p) == 0:
		// "... generate an empty fragment by manually building an
		// uncompressed DEFLATE block" of length zero, and leave out the 4
		// octets behind its header. RFC 7692 §7.2.3.6.
		dst = append(dst, 0x00)
	case len(p) < shortest:
		dst = short(dst, p, c.context, 1<<c.variant.bits)
		c.own.fresh = false
		if !last {
			dst = append(dst, afterAll...)
		}
	default:
		if c.own.on {
			dst = c.dedicated(dst, p)
		} else {
			w := c.variant.get()
			w.begin(c.context)
			dst = w.piece(dst, p)
			c.variant.put(w)
		}
		if last {
			dst = dst[:len(dst)-len(afterAll)]
		}
	}
	if last {
		c.end(p)
	} else {
		// Within a message, no budget stands in the way.
		c.context = keepEnd(c.context, p, max(c.keep, min(1<<c.variant.bits, shareable)))
	}
	return dst
}

// Sent says that a message that says p has been sent as [Variant.Message] has
// made it, without this Compressor: the next one may point back to it.
func (c *Compressor) Sent(p []byte) {
	c.own.fresh = false
	c.end(p)
}

// dedicated compresses with the compressor of this connection.
func (c *Compressor) dedicated(dst, p []byte) []byte {
	if c.own.w == nil {
		c.own.w = c.variant.get()
	}
	if !c.own.fresh {
		c.own.w.begin(c.context)
		c.own.fresh = true
	}
	return c.own.w.piece(dst, p)
}

// end ends a message with p, its last piece.
func (c *Compressor) end(p []byte) {
	if c.takeover {
		c.context = keepEnd(c.context, p, c.keep)
		return
	}
	// What it was pointing back into has no use any more.
	c.context, c.own.fresh = nil, false
}
