package frame_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/frame"
)

// A place is where in the stream a header stands.
const (
	between   = false // no message is open
	inMessage = true
)

var (
	fromServer = frame.Rules{}
	fromClient = frame.Rules{FromClient: true}
)

func check(t *testing.T, r frame.Rules, place bool, wire string) error {
	t.Helper()
	h, n, err := frame.Parse([]byte(wire))
	require.NoError(t, err)
	require.Equal(t, len(wire), n, "the drawing is not one header")
	return r.Check(h, n, place)
}

func refused(t *testing.T, want error, r frame.Rules, place bool, wire string) {
	t.Helper()
	require.ErrorIs(t, check(t, r, place, wire), want, "% x", wire)
}

func accepted(t *testing.T, r frame.Rules, place bool, wire string) {
	t.Helper()
	require.NoError(t, check(t, r, place, wire), "% x", wire)
}

func TestControlFramesAreNotFragmented(t *testing.T) {
	//                                                         F RSV op   M length
	refused(t, frame.ErrControlFragment, fromServer, between, bits("0 000 1000 0 0000000"))
	refused(t, frame.ErrControlFragment, fromServer, between, bits("0 000 1001 0 0000000"))
	refused(t, frame.ErrControlFragment, fromServer, inMessage, bits("0 000 1010 0 0000000"))
	accepted(t, fromServer, inMessage, bits("1 000 1010 0 0000000"))
}

func TestReservedBitsAreClearUnlessClaimed(t *testing.T) {
	//                                                F RSV op   M length
	refused(t, frame.ErrRSV, fromServer, between, bits("1 100 0001 0 0000000"))
	refused(t, frame.ErrRSV, fromServer, between, bits("1 010 0001 0 0000000"))
	refused(t, frame.ErrRSV, fromServer, between, bits("1 001 0010 0 0000000"))

	compressed := frame.Rules{RSV: frame.RSV1}
	accepted(t, compressed, between, bits("1 100 0001 0 0000000"))
	accepted(t, compressed, between, bits("0 100 0010 0 0000000"))
	accepted(t, compressed, between, bits("1 000 0001 0 0000000"))
	refused(t, frame.ErrRSV, compressed, between, bits("1 010 0001 0 0000000"))
	refused(t, frame.ErrRSV, compressed, between, bits("1 110 0001 0 0000000"))
}

func TestClaimedBitsBelongToTheFirstFrameOfADataMessage(t *testing.T) {
	compressed := frame.Rules{RSV: frame.RSV1 | frame.RSV3}
	//                                                   F RSV op   M length
	refused(t, frame.ErrRSV, compressed, inMessage, bits("1 100 0000 0 0000000"))
	refused(t, frame.ErrRSV, compressed, inMessage, bits("0 001 0000 0 0000000"))
	refused(t, frame.ErrRSV, compressed, inMessage, bits("1 100 1000 0 0000000"))
	refused(t, frame.ErrRSV, compressed, between, bits("1 100 1001 0 0000000"))
	refused(t, frame.ErrRSV, compressed, between, bits("1 001 1010 0 0000000"))
}

func TestReservedOpcodesAreRefused(t *testing.T) {
	for _, op := range []string{
		"0011", "0100", "0101", "0110", "0111",
		"1011", "1100", "1101", "1110", "1111",
	} {
		refused(t, frame.ErrOpcode, fromServer, between, bits("1 000"+op+"0 0000000"))
		refused(t, frame.ErrOpcode, fromServer, inMessage, bits("1 000"+op+"0 0000000"))
	}
}

func TestAContinuationNeedsAMessage(t *testing.T) {
	//                                                       F RSV op   M length
	refused(t, frame.ErrContinuation, fromServer, between, bits("1 000 0000 0 0000000"))
	refused(t, frame.ErrContinuation, fromServer, between, bits("0 000 0000 0 0000000"))
	accepted(t, fromServer, inMessage, bits("1 000 0000 0 0000000"))
	accepted(t, fromServer, inMessage, bits("0 000 0000 0 0000000"))
}

func TestMessagesAreNotInterleaved(t *testing.T) {
	//                                                        F RSV op   M length
	refused(t, frame.ErrInterleaved, fromServer, inMessage, bits("1 000 0001 0 0000000"))
	refused(t, frame.ErrInterleaved, fromServer, inMessage, bits("0 000 0010 0 0000000"))
	accepted(t, fromServer, between, bits("1 000 0001 0 0000000"))
}

func TestControlFramesMayStandAnywhere(t *testing.T) {
	for _, op := range []string{"1000", "1001", "1010"} {
		accepted(t, fromServer, between, bits("1 000"+op+"0 0000000"))
		accepted(t, fromServer, inMessage, bits("1 000"+op+"0 0000000"))
	}
}

func TestAClientMasks(t *testing.T) {
	for _, op := range []string{"0001", "0010", "1000", "1001", "1010"} {
		refused(t, frame.ErrUnmasked, fromClient, between, bits("1 000"+op+"0 0000000"))
		accepted(t, fromClient, between, bits("1 000"+op+"1 0000000"+keyBits))
	}
	refused(t, frame.ErrUnmasked, fromClient, inMessage, bits("1 000 0000 0 0000000"))

	tolerant := frame.Rules{FromClient: true, AllowUnmasked: true}
	accepted(t, tolerant, between, bits("1 000 0001 0 0000000"))
	accepted(t, tolerant, between, bits("1 000 0001 1 0000000"+keyBits))
}

func TestAServerDoesNotMask(t *testing.T) {
	for _, op := range []string{"0001", "0010", "1000", "1001", "1010"} {
		refused(t, frame.ErrMasked, fromServer, between, bits("1 000"+op+"1 0000000"+keyBits))
	}
	tolerant := frame.Rules{AllowUnmasked: true}
	refused(t, frame.ErrMasked, tolerant, between, bits("1 000 0001 1 0000000"+keyBits))
}

func TestTheTopBitOfALengthIsClear(t *testing.T) {
	_, _, err := frame.Parse([]byte(bits("1 000 0010 0 1111111 10000000" + strings.Repeat("00000000", 7))))
	require.ErrorIs(t, err, frame.ErrLengthBit)
	// A header that was not parsed can have it too.
	h := server(true, frame.Binary, math.MinInt64)
	require.ErrorIs(t, fromServer.Check(h, h.Size(), between), frame.ErrLengthBit)
}

func TestControlFramesAreShort(t *testing.T) {
	for _, op := range []string{"1000", "1001", "1010"} {
		accepted(t, fromServer, between, bits("1 000"+op+"0 1111101"))
		refused(t, frame.ErrControlLength, fromServer, between, bits("1 000"+op+"0 1111110 00000000 01111110"))
		refused(t, frame.ErrControlLength, fromServer, between, bits("1 000"+op+"0 1111111"+strings.Repeat("00010000", 8)))
	}
}

func TestLengthsHaveTheirShortestForm(t *testing.T) {
	zeros := strings.Repeat(" 00000000", 6)
	tolerant := frame.Rules{AllowNonMinimal: true}
	for _, wire := range []string{
		//    F RSV op   M 126     length
		bits("1 000 0010 0 1111110 00000000 00000000"),
		bits("1 000 0010 0 1111110 00000000 01111101"),
		bits("1 000 1001 0 1111110 00000000 00000001"),
		//    F RSV op   M 127
		bits("1 000 0010 0 1111111 00000000 00000000" + zeros),
		bits("1 000 0010 0 1111111" + zeros + "00000000 01111110"),
		bits("1 000 0010 0 1111111" + zeros + "11111111 11111111"),
	} {
		refused(t, frame.ErrNotMinimal, fromServer, between, wire)
		accepted(t, tolerant, between, wire)
	}
	accepted(t, fromServer, between, bits("1 000 0010 0 1111110 00000000 01111110"))
	accepted(t, fromServer, between, bits("1 000 0010 0 1111111"+zeros[9:]+"00000001 00000000 00000000"))
}

func TestDataFramesStayWithinTheLimit(t *testing.T) {
	limited := frame.Rules{MaxFrame: 100}
	//                                  F RSV op   M length
	accepted(t, limited, between, bits("1 000 0010 0 1100100"))
	refused(t, frame.ErrTooBig, limited, between, bits("1 000 0010 0 1100101"))
	refused(t, frame.ErrTooBig, limited, inMessage, bits("0 000 0000 0 1100101"))
	accepted(t, limited, between, bits("1 000 1001 0 1100101"))

	longest := bits("1 000 0010 0 1111111 01111111" + strings.Repeat("11111111", 7))
	refused(t, frame.ErrTooBig, limited, between, longest)
	refused(t, frame.ErrTooBig, frame.Rules{MaxFrame: math.MaxInt64 - 1}, between, longest)
	accepted(t, frame.Rules{MaxFrame: math.MaxInt64}, between, longest)
	accepted(t, fromServer, between, longest)
	require.ErrorIs(t, frame.ErrTooBig, frame.TooBig)
}

// TestRulesAreCheckedInTheOrderOfTheBits breaks as many rules at once as will
// go together, and mends them one by one.
func TestRulesAreCheckedInTheOrderOfTheBits(t *testing.T) {
	//                                                            F RSV op   M length
	refused(t, frame.ErrControlFragment, fromClient, between, bits("0 111 1011 0 1111110 00000000 00000000"))
	refused(t, frame.ErrRSV, fromClient, between, bits("1 111 1011 0 1111110 00000000 00000000"))
	refused(t, frame.ErrOpcode, fromClient, between, bits("1 000 1011 0 1111110 00000000 00000000"))
	refused(t, frame.ErrContinuation, fromClient, between, bits("1 000 0000 0 1111110 00000000 00000000"))
	refused(t, frame.ErrInterleaved, fromClient, inMessage, bits("1 000 0001 0 1111110 00000000 00000000"))
	refused(t, frame.ErrUnmasked, fromClient, between, bits("1 000 1001 0 1111110 00000000 00000000"))
	refused(t, frame.ErrControlLength, fromClient, between,
		bits("1 000 1001 1 1111111"+strings.Repeat("00000000", 7)+"11111111"+keyBits))

	limited := frame.Rules{MaxFrame: 10}
	refused(t, frame.ErrNotMinimal, limited, between, bits("1 000 0001 0 1111110 00000000 01100100"))
	refused(t, frame.ErrTooBig, limited, between, bits("1 000 0001 0 1100100"))
}

// TestEveryShortHeaderIsJudgedAsTheNaiveJudgeDoes goes through all of the
// first two octets, in both directions and places, with every claim.
func TestEveryShortHeaderIsJudgedAsTheNaiveJudgeDoes(t *testing.T) {
	for octets := range 1 << 16 {
		wire := []byte{byte(octets >> 8), byte(octets)}
		if wire[1]&0x7F > 125 {
			continue
		}
		wire = append(wire, key[:]...)
		h, n, err := frame.Parse(wire)
		require.NoError(t, err)
		for setting := range 32 {
			r := frame.Rules{
				FromClient: setting&1 != 0,
				RSV:        uint8(setting >> 1 & 7),
				MaxFrame:   100,
			}
			open := setting&16 != 0
			want := judge(r, h, n, open)
			got := r.Check(h, n, open)
			if want == 0 && got != nil || want != 0 && !is(got, want) {
				t.Fatalf("%x, %+v, in message %v: got %v, want %d", wire, r, open, got, want)
			}
		}
	}
}
