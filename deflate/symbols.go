package deflate

import "encoding/binary"

// lenOrder is the order in which the lengths in the code for code lengths are
// sent. RFC 1951 §3.2.7.
var lenOrder = [numLen]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// counts reads of how many lengths the codes of a dynamic block are made.
func (z *inflater) counts() (bool, error) {
	if !z.need(14) {
		return false, nil
	}
	c := &z.codes
	c.nlit, c.ndist, c.nlen = 257+z.take(5), 1+z.take(5), 4+z.take(4)
	// There are 286 and 30 symbols that mean something. RFC 1951 §3.2.7.
	if c.nlit > 286 || c.ndist > 30 {
		return false, errLengths
	}
	c.known = 0
	clear(c.lengths[:numLen])
	z.step = readLenCode
	return true, nil
}

// lenCode reads the code in which the lengths of the other two are written.
func (z *inflater) lenCode() (bool, error) {
	c := &z.codes
	for ; c.known < c.nlen; c.known++ {
		if !z.need(3) {
			return false, nil
		}
		c.lengths[lenOrder[c.known]] = uint8(z.take(3))
	}
	if !build(c.ownDist[:], lenIndex, c.lengths[:numLen], lenMeaning[:]) {
		return false, errLengths
	}
	c.known = 0
	z.step = readLengths
	return true, nil
}

// codeLengths reads the lengths in the codes for literals and for distances,
// and makes the codes.
func (z *inflater) codeLengths() (bool, error) {
	c := &z.codes
	for c.known < c.nlit+c.ndist {
		z.refill()
		e := c.ownDist[z.bits&(1<<lenIndex-1)]
		switch {
		case e.size()+e.extra() > z.n:
			return false, nil
		case e == 0:
			return false, errSymbol
		}
		z.take(e.size())
		if e&isLiteral != 0 {
			c.lengths[c.known] = uint8(e.value())
			c.known++
			continue
		}
		n := e.value() + z.take(e.extra())
		var length uint8
		if e.extra() == 2 { // the one before, again
			if c.known == 0 {
				return false, errLengths
			}
			length = c.lengths[c.known-1]
		}
		if n > c.nlit+c.ndist-c.known {
			return false, errLengths
		}
		for ; n > 0; n-- {
			c.lengths[c.known] = length
			c.known++
		}
	}
	lit, dist := c.lengths[:c.nlit], c.lengths[c.nlit:c.nlit+c.ndist]
	if !build(c.ownLit[:], litIndex, lit, litMeaning[:]) || !build(c.ownDist[:], distIndex, dist, distMeaning[:]) {
		return false, errLengths
	}
	c.lit, c.dist = &c.ownLit, &c.ownDist
	z.step = readSymbols
	return true, nil
}

// symbols decodes a block. Bits are taken only when all of a literal, or of a
// length and its distance, is there. It is the loop where the time goes, and
// so keeps what it needs in registers.
func (z *inflater) symbols(end int) (bool, error) {
	bits, n, in, o := z.bits, z.n, z.in, &z.out
	lit, dist := z.codes.lit, z.codes.dist
	for {
		if n < 48 {
			if len(in) >= 8 {
				bits |= binary.LittleEndian.Uint64(in) << (n & 63)
				in = in[(63-n)>>3:]
				n |= 56
			} else {
				bits, n, in = lastBits(bits, n, in)
			}
		}
		e := lit[bits&(1<<litIndex-1)]
		if e&isLink != 0 {
			e = lit[e.value()+int(bits>>litIndex&(1<<e.extra()-1))]
		}
		used := e.size()
		if used > n {
			break
		}
		if e&isLiteral != 0 {
			if o.n >= end {
				break
			}
			o.buf[o.n] = byte(e >> 16)
			o.n++
			bits >>= used & 63
			n -= used
			continue
		}
		if e&isBase == 0 {
			z.in, z.bits, z.n = in, bits>>used, n-used
			return z.endBlock(e)
		}
		length := e.value() + int(bits>>(used&63)&(1<<e.extra()-1))
		used += e.extra()
		e = dist[bits>>(used&63)&(1<<distIndex-1)]
		if e&isLink != 0 {
			e = dist[e.value()+int(bits>>((used+distIndex)&63)&(1<<e.extra()-1))]
		}
		used += e.size()
		if used+e.extra() > n {
			break
		}
		back := e.value() + int(bits>>(used&63)&(1<<e.extra()-1))
		used += e.extra()
		bits >>= used & 63
		n -= used
		if err := z.match(length, back, end); err != nil || z.step != readSymbols {
			z.in, z.bits, z.n = in, bits, n
			return false, err
		}
	}
	z.in, z.bits, z.n = in, bits, n
	return false, nil
}

// match repeats length octets from back octets back, or as many as there is
// room for. A distance without meaning is 0.
func (z *inflater) match(length, back, end int) error {
	o := &z.out
	switch {
	case back == 0:
		return errSymbol
	case !o.reaches(back):
		return errDistance
	}
	if room := end - o.n; length > room {
		z.left, z.dist, z.step = length-room, back, finishCopy
		length = room
	}
	o.copy(back, length)
	return nil
}

// endBlock ends a block with what is neither a literal nor a length.
func (z *inflater) endBlock(e entry) (bool, error) {
	if e&isEnd == 0 {
		return false, errSymbol
	}
	z.nextBlock()
	return true, nil
}
