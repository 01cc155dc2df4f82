package wstest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/bellwire/bellwire/frame"
)

// A raw frame is what stands on the wire, right or wrong. It is written and
// read here bit by bit, without the code that it is meant to judge.
type raw struct {
	fin     bool
	rsv     uint8
	op      frame.Opcode
	masked  bool
	key     [4]byte
	form    int    // octets of extended length: 0, 2 or 8
	length  uint64 // as announced
	payload []byte // without the mask
}

// newRaw is a frame without a fault.
func newRaw(masked bool, op frame.Opcode, payload string) raw {
	f := raw{fin: true, op: op, masked: masked, payload: []byte(payload)}
	f.length = uint64(len(payload))
	f.form = shortest(f.length)
	if masked {
		binary.NativeEndian.PutUint32(f.key[:], rand.Uint32())
	}
	return f
}

// What follows makes a fault, or a fragment, of a frame.

func (f raw) part() raw          { f.fin = false; return f }
func (f raw) bits(rsv uint8) raw { f.rsv = rsv; return f }
func (f raw) bare() raw          { f.masked = false; return f }
func (f raw) wide(form int) raw  { f.form = form; return f }
func (f raw) claim(n uint64) raw { f.length, f.form = n, shortest(n); return f }
func (f raw) with(k [4]byte) raw { f.key = k; return f }
func (f raw) header() frame.Header {
	return frame.Header{Fin: f.fin, RSV: f.rsv, Opcode: f.op, Masked: f.masked, Key: f.key, Length: int64(f.length)}
}

// shortest is the number of octets that a length needs beside the seven bits.
// RFC 6455 §5.2.
func shortest(length uint64) int {
	switch {
	case length < 126:
		return 0
	case length < 1<<16:
		return 2
	}
	return 8
}

// append writes the header as it is and then the payload, as long as it is.
func (f raw) append(dst []byte) []byte {
	first := byte(f.op)&0xF | f.rsv&7<<4
	if f.fin {
		first |= 0x80
	}
	var second byte
	if f.masked {
		second = 0x80
	}
	switch f.form {
	case 0:
		dst = append(dst, first, second|byte(f.length)&0x7F)
	case 2:
		dst = append(dst, first, second|126)
		dst = binary.BigEndian.AppendUint16(dst, uint16(f.length))
	default:
		dst = append(dst, first, second|127)
		dst = binary.BigEndian.AppendUint64(dst, f.length)
	}
	if f.masked {
		dst = append(dst, f.key[:]...)
	}
	start := len(dst)
	dst = append(dst, f.payload...)
	f.mask(dst[start:])
	return dst
}

func (f raw) mask(p []byte) {
	if !f.masked {
		return
	}
	for i := range p {
		p[i] ^= f.key[i%4]
	}
}

// readRaw reads one frame. The error is io.EOF only in front of one.
func readRaw(r io.Reader) (raw, error) {
	var b [8]byte
	if _, err := io.ReadFull(r, b[:1]); err != nil {
		return raw{}, err
	}
	f := raw{fin: b[0]&0x80 != 0, rsv: b[0] >> 4 & 7, op: frame.Opcode(b[0] & 0xF)}
	if err := readAll(r, b[:1]); err != nil {
		return f, err
	}
	f.masked = b[0]&0x80 != 0
	switch f.length = uint64(b[0] & 0x7F); f.length {
	case 126:
		f.form = 2
	case 127:
		f.form = 8
	}
	if f.form > 0 {
		b = [8]byte{}
		if err := readAll(r, b[8-f.form:]); err != nil {
			return f, err
		}
		f.length = binary.BigEndian.Uint64(b[:])
	}
	if f.masked {
		if err := readAll(r, f.key[:]); err != nil {
			return f, err
		}
	}
	if f.length>>63 != 0 {
		return f, fmt.Errorf("the top bit of the payload length %#x is set (RFC 6455 §5.2)", f.length)
	}
	// Memory follows what has come, not what was announced.
	var payload bytes.Buffer
	n, err := io.Copy(&payload, io.LimitReader(r, int64(f.length)))
	f.payload = payload.Bytes()
	f.mask(f.payload)
	if err == nil && uint64(n) < f.length {
		err = io.ErrUnexpectedEOF
	}
	return f, err
}

// readAll fills p; an end before that is unexpected.
func readAll(r io.Reader, p []byte) error {
	_, err := io.ReadFull(r, p)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// fault names the rule that a frame by itself breaks, or is nil. fromClient
// says whose frame it is.
func (f raw) fault(fromClient bool) error {
	control := f.op&8 != 0
	switch {
	case f.masked && !fromClient:
		return errors.New("a server's frame is masked (RFC 6455 §5.1)")
	case !f.masked && fromClient:
		return errors.New("a client's frame is not masked (RFC 6455 §5.1)")
	case f.rsv != 0:
		return errors.New("a reserved bit is set (RFC 6455 §5.2)")
	case f.op > 2 && f.op < 8 || f.op > 10:
		return errors.New("the opcode is reserved (RFC 6455 §5.2)")
	case f.form != shortest(f.length):
		return errors.New("the length is not in its shortest form (RFC 6455 §5.2)")
	case control && !f.fin:
		return errors.New("a control frame is fragmented (RFC 6455 §5.5)")
	case control && f.length > 125:
		return errors.New("a control frame has more than 125 octets (RFC 6455 §5.5)")
	}
	return nil
}
