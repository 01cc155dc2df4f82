package deflate

import (
	"encoding/binary"
	"sync"
)

const (
	// pieceSize is the most that an inflater gives at a time, once it is
	// under way.
	pieceSize = 16 << 10
	bufSize   = 1<<maxBits + pieceSize
	slack     = 8 // what a copy by words may write too far
)

// An inflater undoes the compression of one message. It can stop at every
// octet of the input: what is not decoded yet stays in bits, which has room
// for the longest thing that is decoded at once, a length and a distance of
// together 48 bits.
type inflater struct {
	in   []byte
	bits uint64 // the next bits, the first of them lowest; those above n are also still in in
	n    uint

	step  step
	final bool // the block is the last of its stream; see nextBlock
	left  int  // of a stored block, or of a copy that found no room
	dist  int  // of that copy
	out   output

	codes codes
}

// output is the end of what has been inflated, and the whole of it as long as
// it fits. It is kept as far back as a distance may reach.
type output struct {
	buf    [bufSize + slack]byte
	n      int     // octets in buf
	given  int     // of them, to the caller
	size   int     // of the window
	before *window // what was inflated before buf begins
}

// codes are those of the current block, and what is known of them.
type codes struct {
	lit  *[litEntries]entry
	dist *[distEntries]entry

	nlit, ndist, nlen int
	known             int // of the lengths
	lengths           [numLit + numDist]uint8
	ownLit            [litEntries]entry
	ownDist           [distEntries]entry
}

// step is what an inflater does next.
type step uint8

const (
	readHead    step = iota // of a block
	readSize                // of a stored block
	copyStored              // left octets of it
	readCounts              // of the codes of a dynamic block
	readLenCode             // lengths in the code for lengths
	readLengths             // in the two codes
	readSymbols             // and put them into effect
	finishCopy              // left octets of it
)

// An inflater in the pool holds no memory of anybody.
var inflaters = sync.Pool{New: func() any { return new(inflater) }}

func newInflater(bits int, before *window) *inflater {
	z := inflaters.Get().(*inflater)
	z.out.size, z.out.before = 1<<bits, before
	return z
}

func (z *inflater) free() {
	z.in, z.bits, z.n = nil, 0, 0
	z.step, z.final = readHead, false
	z.out.n, z.out.given, z.out.before = 0, 0, nil
	inflaters.Put(z)
}

// run decodes until the input is used up or out holds end octets.
func (z *inflater) run(end int) (err error) {
	for more := true; more && err == nil; {
		switch z.step {
		case readHead:
			more, err = z.head()
		case readSize:
			more, err = z.storedSize()
		case copyStored:
			more = z.stored(end)
		case readCounts:
			more, err = z.counts()
		case readLenCode:
			more, err = z.lenCode()
		case readLengths:
			more, err = z.codeLengths()
		case readSymbols:
			more, err = z.symbols(end)
		case finishCopy:
			n := min(z.left, end-z.out.n)
			z.out.copy(z.dist, n)
			if z.left -= n; z.left > 0 {
				return nil
			}
			z.step = readSymbols
		}
	}
	return err
}

// refill takes as many octets out of in as bits has room for.
func (z *inflater) refill() {
	if len(z.in) < 8 {
		z.bits, z.n, z.in = lastBits(z.bits, z.n, z.in)
		return
	}
	z.bits |= binary.LittleEndian.Uint64(z.in) << (z.n & 63)
	z.in = z.in[(63-z.n)>>3:]
	z.n |= 56
}

// lastBits is refill for less than eight octets.
func lastBits(bits uint64, n uint, in []byte) (uint64, uint, []byte) {
	for n <= 56 && len(in) > 0 {
		bits |= uint64(in[0]) << n
		in = in[1:]
		n += 8
	}
	return bits, n, in
}

// need reports whether there are n bits to take.
func (z *inflater) need(n uint) bool {
	if z.n < n {
		z.refill()
	}
	return z.n >= n
}

// take takes n bits, which are there.
func (z *inflater) take(n uint) int {
	v := int(z.bits & (1<<n - 1))
	z.bits >>= n
	z.n -= n
	return v
}

// head reads how a block begins. RFC 1951 §3.2.3.
func (z *inflater) head() (bool, error) {
	if !z.need(3) {
		return false, nil
	}
	z.final = z.take(1) == 1
	switch z.take(2) {
	case 0:
		// "Any bits of input up to the next byte boundary are ignored."
		// §3.2.4.
		z.take(z.n & 7)
		z.step = readSize
	case 1:
		z.codes.lit, z.codes.dist = &fixedLit, &fixedDist
		z.step = readSymbols
	case 2:
		z.step = readCounts
	default:
		return false, errBlockType
	}
	return true, nil
}

// nextBlock is where a block ends. "The next DEFLATE block follows the padded
// data if any", RFC 7692 §7.2.1, when the one before said that it was the last
// of its stream: the message goes on, with the same window.
func (z *inflater) nextBlock() {
	if z.final {
		z.take(z.n & 7)
	}
	z.step = readHead
}

// ended reports whether what has been read could be all: no block has begun
// that has not ended.
func (z *inflater) ended() bool { return z.step == readHead && z.n == 0 && len(z.in) == 0 }

// storedSize reads the size of a stored block. RFC 1951 §3.2.4.
func (z *inflater) storedSize() (bool, error) {
	if !z.need(32) {
		return false, nil
	}
	size, complement := z.take(16), z.take(16)
	if size != complement^0xffff {
		return false, errStored
	}
	z.left = size
	z.step = copyStored
	return true, nil
}

// stored copies what there is of a stored block.
func (z *inflater) stored(end int) bool {
	o := &z.out
	for ; z.left > 0 && z.n > 0 && o.n < end; o.n++ {
		o.buf[o.n] = byte(z.take(8))
		z.left--
	}
	if z.n == 0 {
		z.bits = 0 // what was above n is about to leave in
		n := copy(o.buf[o.n:end], z.in[:min(z.left, len(z.in))])
		o.n += n
		z.left -= n
		z.in = z.in[n:]
	}
	if z.left > 0 {
		return false
	}
	z.nextBlock()
	return true
}

// slide makes room when the buffer is full and all of it has been given.
func (o *output) slide() {
	if o.given == bufSize {
		o.n = copy(o.buf[:], o.buf[bufSize-o.size:bufSize])
		o.given = o.n
	}
}

// reaches reports whether the output goes back dist octets.
func (o *output) reaches(dist int) bool {
	return dist <= o.size && (dist <= o.n || dist-o.n <= o.before.len())
}

// copy repeats n octets from dist octets back, where that is.
func (o *output) copy(dist, n int) {
	if dist > o.n {
		k := min(n, dist-o.n)
		o.before.read(o.buf[o.n:o.n+k], dist-o.n)
		o.n += k
		n -= k
	}
	to, from := o.n, o.n-dist
	o.n += n
	if dist >= 8 {
		for ; n > 0; n -= 8 {
			word := binary.LittleEndian.Uint64(o.buf[from:])
			binary.LittleEndian.PutUint64(o.buf[to:], word)
			from += 8
			to += 8
		}
		return
	}
	// What is being written is read again, so that a pattern repeats.
	for n > 0 {
		k := copy(o.buf[to:to+n], o.buf[from:to])
		to += k
		n -= k
	}
}
