package deflate

import (
	"math"
	"slices"
)

// A Decompressor inflates the messages that one peer sends, one after the
// other. Between messages it holds the window, if the peer takes its context
// over, and nothing else.
//
//	d.Begin(limit)                 // RSV1 is set on the first frame
//	for each piece of payload, however it was cut {
//		d.Feed(piece, last)
//		for {
//			p, end, err := d.Next()
//			…                          // until p is empty
//		}
//	}
type Decompressor struct {
	bits   int
	ratio  int64 // -1: any
	window window

	// Of the message in progress.
	z          *inflater // nil before the first octet
	limit      int64
	fed, given int64
	last       bool // all of it has been fed
	tail       bool // and what the peer has left out, too
	err        error
}

// afterAll is what the sender has removed: "Append 4 octets of 0x00 0x00 0xff
// 0xff to the tail end of the payload of the message." RFC 7692 §7.2.2.
var afterAll = []byte{0x00, 0x00, 0xff, 0xff}

// ratioFrom is where MaxRatio begins to count, in octets.
const ratioFrom = 64 << 10

// Begin says that a compressed message begins, and that it may inflate to no
// more than limit octets; -1 is no limit.
func (d *Decompressor) Begin(limit int64) {
	if limit < 0 {
		limit = math.MaxInt64
	}
	d.limit, d.fed, d.given = limit, 0, 0
	d.last, d.tail = false, false
}

// Feed passes on the next octets of the message's payload, to which last says
// that no more will follow. p is borrowed until Next has returned nothing.
func (d *Decompressor) Feed(p []byte, last bool) {
	d.last = last
	if d.err != nil || len(p) == 0 && !last {
		return
	}
	d.fed += int64(len(p))
	if d.z == nil {
		d.z = newInflater(d.bits, &d.window)
	}
	if len(d.z.in) > 0 { // Next was not asked for all
		p = slices.Concat(d.z.in, p)
	}
	d.z.in = p
}

// Next returns the next piece of the message, at most 48 KiB. It is valid
// until the next call. An empty piece says that there is no more to be had
// before Feed is called again, or, if end is true, that this was all.
//
// The error is [ErrTooBig], [ErrRatio] or an *Error: the data is corrupt. It is
// final, the window being what the next message builds on.
func (d *Decompressor) Next() (p []byte, end bool, err error) {
	if d.err != nil || d.z == nil {
		return nil, false, d.err
	}
	for {
		p, err = d.piece()
		switch {
		case err != nil:
			return nil, false, d.fail(err)
		case len(p) > 0:
			return p, false, nil
		case !d.last:
			return nil, false, nil
		// A stream that has ended with a block that says so needs no block
		// behind it to end the message.
		case d.tail || d.z.final && d.z.ended():
			if !d.z.ended() {
				return nil, false, d.fail(errTruncated)
			}
			d.finish()
			return nil, true, nil
		}
		d.tail = true
		d.z.in = afterAll
	}
}

// piece inflates what there is, and returns what that adds.
func (d *Decompressor) piece() ([]byte, error) {
	o := &d.z.out
	o.slide()
	// One octet above the limit is enough to know.
	end := bufSize
	if room := d.limit - d.given; room < int64(end-o.n) {
		end = o.n + int(room) + 1
	}
	if err := d.z.run(min(end, bufSize)); err != nil {
		return nil, err
	}
	p := o.buf[o.given:o.n]
	o.given = o.n
	d.given += int64(len(p))
	switch {
	case d.given > d.limit:
		return nil, ErrTooBig
	case d.ratio >= 0 && d.given > ratioFrom && d.given/d.ratio > d.fed:
		return nil, ErrRatio
	}
	return p, nil
}

// finish ends the message, of which all has been fed and given.
func (d *Decompressor) finish() {
	d.window.write(d.z.out.buf[:d.z.out.n])
	d.z.free()
	d.z = nil
}

func (d *Decompressor) fail(err error) error {
	d.z.free()
	d.z, d.err = nil, err
	return err
}
