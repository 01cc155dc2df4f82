package autobahn

import (
	"crypto/rand"
	"encoding/binary"
)

const (
	opContinuation = 0
	opText         = 1
	opBinary       = 2
	opClose        = 8
	opPing         = 9
	opPong         = 10
)

// A frame is one frame as the tester sends it: any opcode, any length, any
// bits. Its length is always in the shortest form.
type frame struct {
	fin     bool
	rsv     byte // RSV1 is 4, RSV2 is 2, RSV3 is 1
	opcode  byte
	payload []byte
}

// encode makes the octets of a frame: masked if a key is given.
func (f frame) encode(key *[4]byte) []byte {
	b := f.head(len(f.payload), key)
	start := len(b)
	b = append(b, f.payload...)
	if key != nil {
		maskOctets(b[start:], *key, 0)
	}
	return b
}

// head makes the header of a frame that is n octets long.
func (f frame) head(n int, key *[4]byte) []byte {
	b := make([]byte, 2, n+14)
	b[0] = f.rsv<<4 | f.opcode
	if f.fin {
		b[0] |= 0x80
	}
	switch {
	case n < 126:
		b[1] = byte(n)
	case n < 1<<16:
		b[1] = 126
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	default:
		b[1] = 127
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	if key != nil {
		b[1] |= 0x80
		b = append(b, key[:]...)
	}
	return b
}

// maskOctets masks octets that begin pos octets behind the start of a payload.
func maskOctets(b []byte, key [4]byte, pos int) {
	for i := range b {
		b[i] ^= key[(pos+i)&3]
	}
}

func newKey() *[4]byte {
	key := new([4]byte)
	_, _ = rand.Read(key[:]) // never fails
	return key
}

// cut divides a payload into fragments of size octets. A payload that fits is
// one frame; one that is a multiple of size ends in an empty frame, since the
// tester finds out that nothing is left only when it comes to it.
func (f frame) cut(size int) []frame {
	if size == 0 || len(f.payload) <= size {
		return []frame{f}
	}
	var list []frame
	rest := f.payload
	for first := true; ; first = false {
		piece := frame{rsv: f.rsv, opcode: f.opcode}
		if !first {
			piece.rsv, piece.opcode = 0, opContinuation
		}
		if len(rest) < size {
			piece.fin, piece.payload = f.fin, rest
			return append(list, piece)
		}
		piece.payload, rest = rest[:size], rest[size:]
		list = append(list, piece)
	}
}

// opcodeName names an opcode for the log.
func opcodeName(op byte) string {
	for name, o := range opcodes {
		if o == op {
			return name
		}
	}
	return "op" + string("0123456789abcdef"[op&15])
}
