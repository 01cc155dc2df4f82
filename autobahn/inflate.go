package autobahn

import (
	"errors"
	"fmt"
)

// An inflate decompresses what one end sends (RFC 1951), message by message,
// and is strict about the window: a distance beyond the agreed one is an
// error, even if the octets are still known.
type inflate struct {
	window     int // octets
	noTakeover bool
	history    []byte // the last octets of the messages before
	final      bool   // a block was marked as the last one: nothing follows it
}

func newInflate(d direction) *inflate {
	return &inflate{window: 1 << d.bits, noTakeover: d.noTakeover}
}

var errShort = errors.New("deflate: the data ends too early")

// message decompresses one message, of which the peer has cut off the last
// four octets (RFC 7692 §7.2.1).
func (z *inflate) message(p []byte, limit int) ([]byte, error) {
	if z.noTakeover {
		z.history, z.final = nil, false
	}
	b := bitReader{in: append(p[:len(p):len(p)], 0, 0, 0xff, 0xff)}
	out := append(make([]byte, 0, len(z.history)+4*len(p)), z.history...)
	base := len(out)
	var err error
	for !z.final && b.left() { // behind the last block there is nothing
		if out, z.final, err = z.block(&b, out, base+limit); err != nil {
			return nil, err
		}
	}
	z.history = append([]byte(nil), out[max(0, len(out)-z.window):]...)
	return out[base:], nil
}

// block decompresses one block, behind what there is in out.
func (z *inflate) block(b *bitReader, out []byte, limit int) ([]byte, bool, error) {
	head, err := b.bits(3)
	if err != nil {
		return nil, false, err
	}
	final := head&1 != 0
	switch head >> 1 {
	case 0:
		out, err = b.stored(out, limit)
	case 1:
		out, err = z.codes(b, out, limit, fixedLiterals, fixedDistances)
	case 2:
		var literals, distances *huffman
		if literals, distances, err = b.tables(); err == nil {
			out, err = z.codes(b, out, limit, literals, distances)
		}
	default:
		err = errors.New("deflate: no such type of block")
	}
	return out, final, err
}

// stored copies a block that is not compressed.
func (b *bitReader) stored(out []byte, limit int) ([]byte, error) {
	b.pos -= int(b.n / 8) // whole octets that were read ahead
	b.n, b.acc = 0, 0     // and the rest of the one that was begun
	if len(b.in)-b.pos < 4 {
		return nil, errShort
	}
	h := b.in[b.pos : b.pos+4]
	n := int(h[0]) | int(h[1])<<8
	if h[0] != ^h[2] || h[1] != ^h[3] {
		return nil, errors.New("deflate: the length of a stored block is damaged")
	}
	b.pos += 4
	switch {
	case len(b.in)-b.pos < n:
		return nil, errShort
	case len(out)+n > limit:
		return nil, errors.New("deflate: the message is longer than the tester takes")
	}
	out = append(out, b.in[b.pos:b.pos+n]...)
	b.pos += n
	return out, nil
}

// The meaning of the symbols for lengths and distances, RFC 1951 §3.2.5.
var (
	lengthBase    = [29]int{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra   = [29]uint{8: 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distanceBase  = [30]int{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distanceExtra = [30]uint{4: 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

// codes decompresses a block of Huffman codes.
func (z *inflate) codes(b *bitReader, out []byte, limit int, literals, distances *huffman) ([]byte, error) {
	for {
		sym, err := b.symbol(literals)
		switch {
		case err != nil:
			return nil, err
		case sym == 256:
			return out, nil
		case len(out) >= limit:
			return nil, errors.New("deflate: the message is longer than the tester takes")
		case sym < 256:
			out = append(out, byte(sym))
			continue
		case sym > 285:
			return nil, errors.New("deflate: no such length")
		}
		extra, err := b.bits(lengthExtra[sym-257])
		if err != nil {
			return nil, err
		}
		length := lengthBase[sym-257] + extra
		if sym, err = b.symbol(distances); err != nil {
			return nil, err
		}
		if sym > 29 {
			return nil, errors.New("deflate: no such distance")
		}
		if extra, err = b.bits(distanceExtra[sym]); err != nil {
			return nil, err
		}
		distance := distanceBase[sym] + extra
		if distance > len(out) || distance > z.window {
			return nil, fmt.Errorf("deflate: a distance of %d octets, in a window of %d", distance, z.window)
		}
		for length > 0 { // what is copied may only come into being meanwhile
			n := min(length, distance)
			out = append(out, out[len(out)-distance:len(out)-distance+n]...)
			length -= n
		}
	}
}
