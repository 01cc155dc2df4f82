package frame_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/frame"
)

// drawn are headers and their only shortest form.
var drawn = []struct {
	name string
	wire string
	h    frame.Header
}{
	{
		name: "text, empty",
		//          F RSV op   M length
		wire: bits("1 000 0001 0 0000000"),
		h:    server(true, frame.Text, 0),
	}, {
		name: "first fragment of a text",
		//          F RSV op   M length
		wire: bits("0 000 0001 0 0000101"),
		h:    server(false, frame.Text, 5),
	}, {
		name: "middle fragment",
		//          F RSV op   M length
		wire: bits("0 000 0000 0 0000001"),
		h:    server(false, frame.Continuation, 1),
	}, {
		name: "last fragment",
		//          F RSV op   M length
		wire: bits("1 000 0000 0 0000001"),
		h:    server(true, frame.Continuation, 1),
	}, {
		name: "masked ping, empty",
		//          F RSV op   M length  key
		wire: bits("1 000 1001 1 0000000 00010010 00110100 01010110 01111000"),
		h:    client(true, frame.Ping, 0),
	}, {
		name: "pong, the longest length of seven bits",
		//          F RSV op   M length
		wire: bits("1 000 1010 0 1111101"),
		h:    server(true, frame.Pong, 125),
	}, {
		name: "close",
		//          F RSV op   M length
		wire: bits("1 000 1000 0 0000010"),
		h:    server(true, frame.Close, 2),
	}, {
		name: "binary, the shortest length of sixteen bits",
		//          F RSV op   M 126     length
		wire: bits("1 000 0010 0 1111110 00000000 01111110"),
		h:    server(true, frame.Binary, 126),
	}, {
		name: "masked binary, the longest length of sixteen bits",
		//          F RSV op   M 126     length
		wire: bits("1 000 0010 1 1111110 11111111 11111111" + keyBits),
		h:    client(true, frame.Binary, 65535),
	}, {
		name: "binary, the shortest length of 64 bits",
		//          F RSV op   M 127     length
		wire: bits("1 000 0010 0 1111111" + strings.Repeat(" 00000000", 5) + "00000001 00000000 00000000"),
		h:    server(true, frame.Binary, 65536),
	}, {
		name: "masked binary, the longest length there is",
		//          F RSV op   M 127     length
		wire: bits("1 000 0010 1 1111111 01111111" + strings.Repeat(" 11111111", 7) + keyBits),
		h:    client(true, frame.Binary, math.MaxInt64),
	}, {
		name: "RSV1",
		//          F RSV op   M length
		wire: bits("1 100 0001 0 0000000"),
		h:    frame.Header{Fin: true, RSV: frame.RSV1, Opcode: frame.Text},
	}, {
		name: "RSV2",
		//          F RSV op   M length
		wire: bits("1 010 0001 0 0000000"),
		h:    frame.Header{Fin: true, RSV: frame.RSV2, Opcode: frame.Text},
	}, {
		name: "RSV3",
		//          F RSV op   M length
		wire: bits("1 001 0001 0 0000000"),
		h:    frame.Header{Fin: true, RSV: frame.RSV3, Opcode: frame.Text},
	}, {
		name: "every bit of a reserved opcode",
		//          F RSV op   M length
		wire: bits("1 111 1111 0 0000000"),
		h:    frame.Header{Fin: true, RSV: 7, Opcode: 0xF},
	},
}

func TestParseReadsWhatIsDrawn(t *testing.T) {
	for _, c := range drawn {
		t.Run(c.name, func(t *testing.T) {
			h, n, err := frame.Parse([]byte(c.wire + "payload"))
			require.NoError(t, err)
			require.Equal(t, c.h, h)
			require.Equal(t, len(c.wire), n)
		})
	}
}

func TestAppendDrawsWhatItIsTold(t *testing.T) {
	for _, c := range drawn {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, "before"+c.wire, string(c.h.Append([]byte("before"))))
			require.Equal(t, len(c.wire), c.h.Size())
		})
	}
}

func TestParseAsksForMoreAtEveryPrefix(t *testing.T) {
	for _, c := range drawn {
		for cut := range len(c.wire) {
			h, n, err := frame.Parse([]byte(c.wire[:cut]))
			require.NoError(t, err, "%s, cut at %d", c.name, cut)
			require.Zero(t, n, "%s, cut at %d", c.name, cut)
			require.Zero(t, h, "%s, cut at %d", c.name, cut)
		}
	}
}

func TestSizeIsWhatAppendAppends(t *testing.T) {
	for _, length := range []int64{0, 1, 125, 126, 127, 65535, 65536, 1 << 31, 1 << 32, math.MaxInt64} {
		for _, h := range []frame.Header{server(true, frame.Text, length), client(true, frame.Text, length)} {
			wire := h.Append(nil)
			require.Len(t, wire, h.Size(), "%+v", h)
			require.LessOrEqual(t, h.Size(), frame.MaxHeaderLen)
			back, n, err := frame.Parse(wire)
			require.NoError(t, err)
			require.Equal(t, h, back)
			require.Equal(t, h.Size(), n)
		}
	}
}

// A length of 1<<63 and above would be negative in an int64. This is where
// many a decoder has come to grief.
func TestParseRefusesALengthWithItsTopBitSet(t *testing.T) {
	for _, length := range []string{
		"10000000" + strings.Repeat(" 00000000", 7),
		"10000000" + strings.Repeat(" 00000000", 6) + " 00000101",
		"11111111" + strings.Repeat(" 11111111", 7),
	} {
		for _, wire := range []string{
			bits("1 000 0010 0 1111111 " + length),
			bits("1 000 0010 1 1111111 " + length + keyBits),
		} {
			h, n, err := frame.Parse([]byte(wire))
			require.ErrorIs(t, err, frame.ErrLengthBit, "%x", wire)
			require.Zero(t, n)
			require.Zero(t, h)
		}
	}
}

// The excess shows in n, so that rules can forbid it and a broken peer can be
// borne with.
func TestParseReadsLengthsThatAreLongerThanTheyNeedBe(t *testing.T) {
	for _, c := range []struct {
		wire   string
		length int64
	}{
		{bits("1 000 0010 0 1111110 00000000 00000000"), 0},
		{bits("1 000 0010 0 1111110 00000000 01111101"), 125},
		{bits("1 000 0010 0 1111111" + strings.Repeat(" 00000000", 8)), 0},
		{bits("1 000 0010 0 1111111" + strings.Repeat(" 00000000", 6) + " 11111111 11111111"), 65535},
	} {
		h, n, err := frame.Parse([]byte(c.wire))
		require.NoError(t, err)
		require.Equal(t, c.length, h.Length)
		require.Equal(t, len(c.wire), n)
		require.Less(t, h.Size(), n)
	}
}

// Tests of peers want to say things that are wrong. What has no room on the
// wire must still not spill into its neighbours.
func TestAppendWritesWrongHeadersWithoutSpilling(t *testing.T) {
	h := frame.Header{RSV: 0xF8, Opcode: 0xF1, Length: -1}
	require.Equal(t, bits("0 000 0001 0 1111111")+strings.Repeat("\xff", 8), string(h.Append(nil)))
	_, _, err := frame.Parse(h.Append(nil))
	require.ErrorIs(t, err, frame.ErrLengthBit)
}

func TestOpcodeKinds(t *testing.T) {
	for o := range 256 {
		op := frame.Opcode(o)
		known := strings.Contains(" 0 1 2 8 9 10 ", fmt.Sprintf(" %d ", o))
		require.Equal(t, !known, op.IsReserved(), "opcode %d", o)
		require.Equal(t, o/8%2 == 1, op.IsControl(), "opcode %d", o)
	}
}

func TestOpcodeNames(t *testing.T) {
	for op, want := range map[frame.Opcode]string{
		frame.Continuation: "continuation",
		frame.Text:         "text",
		frame.Binary:       "binary",
		frame.Close:        "close",
		frame.Ping:         "ping",
		frame.Pong:         "pong",
		0x3:                "opcode 0x3",
		0xB:                "opcode 0xb",
		0x1F:               "opcode 0x1f",
	} {
		require.Equal(t, want, op.String())
	}
}

// FuzzHeader: whatever parses comes out again, octet for octet if the length
// was in its shortest form, and a prefix never says anything else.
func FuzzHeader(f *testing.F) {
	for _, c := range drawn {
		f.Add([]byte(c.wire))
	}
	f.Add([]byte(bits("1 000 0010 0 1111111") + "\x80\x00\x00\x00\x00\x00\x00\x05"))
	f.Add([]byte(bits("1 000 0010 0 1111110 00000000 01111101")))
	f.Fuzz(func(t *testing.T, wire []byte) {
		h, n, err := frame.Parse(wire)
		if err != nil {
			require.ErrorIs(t, err, frame.ErrLengthBit)
			require.GreaterOrEqual(t, wire[2], byte(0x80))
			return
		}
		if n == 0 {
			require.Less(t, len(wire), frame.MaxHeaderLen)
			return
		}
		require.GreaterOrEqual(t, h.Length, int64(0))
		require.LessOrEqual(t, h.Size(), n)
		back, size, err := frame.Parse(h.Append(nil))
		require.NoError(t, err)
		require.Equal(t, h, back)
		require.Equal(t, h.Size(), size)
		if n == h.Size() {
			require.Equal(t, wire[:n], h.Append(nil))
		}
		for cut := range n {
			_, m, err := frame.Parse(wire[:cut])
			require.NoError(t, err)
			require.Zero(t, m)
		}
	})
}
