package interop

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/stretchr/testify/require"
)

// A violation is what a counterpart is made to send against the rules.
type violation struct {
	name string
	code frame.Code
	wire func(masked bool) []byte // masked: as a client should
}

// one is the violation that a single frame is.
func one(h frame.Header, payload string) func(bool) []byte {
	h.Key, h.Length = [4]byte{1, 2, 3, 4}, int64(len(payload))
	return func(masked bool) []byte {
		h := h
		h.Masked = masked != h.Masked // set in the table: the wrong way round
		wire := h.Append(nil)
		start := len(wire)
		wire = append(wire, payload...)
		if h.Masked {
			frame.Mask(wire[start:], h.Key, 0)
		}
		return wire
	}
}

// length is a frame of no payload octets whose length is written as given.
func length(field byte, octets ...byte) func(bool) []byte {
	return func(masked bool) []byte {
		wire := []byte{0x82, field}
		if masked {
			wire[1] |= 0x80
		}
		wire = append(wire, octets...)
		if masked {
			wire = append(wire, 1, 2, 3, 4)
		}
		return wire
	}
}

var violations = []violation{
	{"masked the wrong way", frame.ProtocolError, one(frame.Header{Fin: true, Opcode: frame.Text, Masked: true}, "hi")},
	{"a reserved bit", frame.ProtocolError, one(frame.Header{Fin: true, Opcode: frame.Text, RSV: frame.RSV1}, "hi")},
	{"a reserved opcode", frame.ProtocolError, one(frame.Header{Fin: true, Opcode: 3}, "hi")},
	{"a continuation of nothing", frame.ProtocolError, one(frame.Header{Fin: true, Opcode: frame.Continuation}, "hi")},
	{"a fragmented ping", frame.ProtocolError, one(frame.Header{Opcode: frame.Ping}, "hi")},
	{"a long ping", frame.ProtocolError, one(frame.Header{Fin: true, Opcode: frame.Ping}, strings.Repeat("x", 126))},
	{"half a close code", frame.ProtocolError, one(frame.Header{Fin: true, Opcode: frame.Close}, "\x03")},
	{"a close code that may not be sent", frame.ProtocolError, one(frame.Header{Fin: true, Opcode: frame.Close}, "\x03\xed")},
	{"text that is not UTF-8", frame.InvalidPayload, one(frame.Header{Fin: true, Opcode: frame.Text}, "caf\xe9")},
	{"a length with too many octets", frame.ProtocolError, length(126, 0, 0)},
	{"a length beyond 63 bits", frame.ProtocolError, length(127, 0x80, 0, 0, 0, 0, 0, 0, 0)},
	{"a length beyond our limit", frame.TooBig, length(127, 0, 0, 0, 0, 0x7f, 0, 0, 0)},
}

func TestTheyLearnWhichRuleTheyBroke(t *testing.T) {
	eachPairing(t, raw, setup{}, func(t *testing.T, p *pairing) {
		for _, v := range violations {
			l := p.connect(t)
			l.do(t, command{Do: "raw", Data: v.wire(l.role == conn.Server)})
			end := l.end(t)
			require.False(t, end.Clean, v.name)
			require.Error(t, end.Cause, v.name)
			var broken *frame.Error
			if errors.As(end, &broken) {
				require.Equal(t, v.code, broken.Code, v.name)
			} else {
				var limit *conn.LimitError
				require.ErrorAs(t, end, &limit, v.name)
			}
			e := l.expect(t, "closed")
			require.Equal(t, int(v.code), e.Code, "%s: %v", v.name, e)
		}
	})
}

func TestAMessageAboveOurLimitIsRefusedWith1009(t *testing.T) {
	s := setup{ours: conn.Options{Limits: conn.Limits{MaxMessage: 1000}}}
	eachPairing(t, 0, s, func(t *testing.T, p *pairing) {
		l := p.connect(t)
		l.do(t, command{Do: "send", Type: "binary", Data: sample(conn.Binary, 1000)})
		l.wantOurs(t, conn.Binary, sample(conn.Binary, 1000))
		l.do(t, command{Do: "send", Type: "binary", Data: sample(conn.Binary, 1001)})
		var limit *conn.LimitError
		require.ErrorAs(t, l.end(t), &limit)
		require.Equal(t, conn.LimitError{Limit: "MaxMessage", Max: 1000}, *limit)
		require.Equal(t, 1009, l.expect(t, "closed").Code)
	})
}

func TestWeLearnThatOurMessageWasAboveTheirLimit(t *testing.T) {
	// One of theirs waits for its application before it hangs up.
	s := setup{limit: 1000, ours: conn.Options{CloseTimeout: time.Second}}
	eachPairing(t, limits, s, func(t *testing.T, p *pairing) {
		l := p.connect(t)
		require.NoError(t, l.ours.Write(bounded(t), conn.Binary, sample(conn.Binary, 1000)))
		l.wantTheirs(t, conn.Binary, sample(conn.Binary, 1000))
		require.NoError(t, l.ours.Write(bounded(t), conn.Binary, sample(conn.Binary, 1002)))
		end := l.end(t)
		require.ErrorIs(t, end, frame.TooBig)
		require.True(t, end.Remote)
		l.expect(t, "closed")
	})
}
