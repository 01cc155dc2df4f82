package frame_test

import (
	"bytes"
	"errors"
	"math"
	"math/big"

	"github.com/bellwire/bellwire/frame"
)

// A second opinion: a decoder that is given the whole stream and is written
// for nothing but to be read beside RFC 6455.

// received is a frame as far as it has come.
type received struct {
	header  frame.Header
	payload []byte
	done    bool
}

// naive decodes stream and returns the code of the first rule that it breaks,
// or 0.
func naive(r frame.Rules, stream []byte) (frames []received, broken frame.Code) {
	open, closed := false, false
	for len(stream) > 0 {
		if closed {
			return frames, frame.ProtocolError
		}
		h, size, length := naiveHeader(stream)
		if size == 0 {
			return frames, 0
		}
		if !length.IsInt64() {
			return frames, frame.ProtocolError
		}
		h.Length = length.Int64()
		if broken := judge(r, h, size, open); broken != 0 {
			return frames, broken
		}
		if h.Opcode < 8 {
			open = !h.Fin
		}
		stream = stream[size:]
		n := int(min(h.Length, int64(len(stream))))
		f := received{header: h, payload: bytes.Clone(stream[:n]), done: int64(n) == h.Length}
		for i := range f.payload {
			f.payload[i] ^= h.Key[i%4]
		}
		closed = h.Opcode == 8 && f.done
		frames = append(frames, f)
		stream = stream[n:]
	}
	return frames, 0
}

// naiveHeader returns size 0 if stream ends inside the header.
func naiveHeader(stream []byte) (h frame.Header, size int, length *big.Int) {
	if len(stream) < 2 {
		return h, 0, nil
	}
	h.Fin = stream[0] >= 128
	h.RSV = stream[0] / 16 % 8
	h.Opcode = frame.Opcode(stream[0] % 16)
	h.Masked = stream[1] >= 128
	size = 2
	code := stream[1] % 128
	extra := map[byte]int{126: 2, 127: 8}[code]
	if len(stream) < size+extra {
		return h, 0, nil
	}
	length = big.NewInt(int64(code))
	if extra > 0 {
		length.SetBytes(stream[size : size+extra])
	}
	size += extra
	if h.Masked {
		if len(stream) < size+4 {
			return h, 0, nil
		}
		copy(h.Key[:], stream[size:])
		size += 4
	}
	return h, size, length
}

// judge returns the code of the rule that h breaks, or 0.
func judge(r frame.Rules, h frame.Header, size int, open bool) frame.Code {
	least := 2
	if h.Length >= 126 {
		least += 2
	}
	if h.Length >= 65536 {
		least += 6
	}
	if h.Masked {
		least += 4
	}
	legal := size == least || r.AllowNonMinimal
	claimed := byte(0)
	switch h.Opcode {
	case 0:
		legal = legal && open
	case 1, 2:
		legal = legal && !open
		claimed = r.RSV
	case 8, 9, 10:
		legal = legal && h.Fin && h.Length <= 125
	default:
		legal = false
	}
	legal = legal && h.RSV|claimed == claimed
	legal = legal && (h.Masked == r.FromClient || !h.Masked && r.AllowUnmasked)
	limit := r.MaxFrame
	if limit == 0 || h.Opcode >= 8 {
		limit = math.MaxInt64
	}
	switch {
	case !legal:
		return frame.ProtocolError
	case h.Length > limit:
		return frame.TooBig
	}
	return 0
}

func is(err error, c frame.Code) bool { return errors.Is(err, c) }
