package frame_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/frame"
)

// feed gives chunk to d until it is used up, checks every promise that an
// Event makes, and adds the parts to frames.
func feed(t *testing.T, d *frame.Decoder, chunk []byte, frames []received) ([]received, error) {
	t.Helper()
	in := bytes.Clone(chunk)
	for {
		before := d.Remaining()
		ev, used, err := d.Next(in)
		if err != nil {
			require.Zero(t, ev)
			require.Zero(t, used)
			_, _, again := d.Next(in)
			require.Equal(t, err, again, "the error does not last")
			return frames, err
		}
		if !ev.OK {
			require.Zero(t, ev)
			require.Equal(t, len(in), used, "no event, and input left over")
			return frames, nil
		}
		if before == 0 {
			frames = append(frames, received{header: ev.Header, payload: []byte{}})
		}
		f := &frames[len(frames)-1]
		n := len(ev.Payload)
		require.Equal(t, f.header, ev.Header, "a part has another header")
		require.Equal(t, int64(len(f.payload)), ev.Offset)
		if n > 0 {
			require.Same(t, &in[used-n], &ev.Payload[0], "the payload is not part of the input")
		}
		require.Equal(t, n, cap(ev.Payload), "appending to the payload would write behind it")
		f.payload = append(f.payload, ev.Payload...)
		f.done = ev.Done
		require.Equal(t, ev.Header.Length-int64(len(f.payload)), d.Remaining())
		require.Equal(t, ev.Done, d.Remaining() == 0)
		in = in[used:]
	}
}

// decode feeds the chunks one after another.
func decode(t *testing.T, r frame.Rules, chunks ...[]byte) ([]received, error) {
	t.Helper()
	d := frame.Decoder{Rules: r}
	var frames []received
	for _, c := range chunks {
		var err error
		if frames, err = feed(t, &d, c, frames); err != nil {
			return frames, err
		}
	}
	return frames, nil
}

// conversation is a scripted stream from a client with a bit of everything.
var conversation = strings.Join([]string{
	//    F RSV op   M length
	bits("1 000 0001 1 0000101"+keyBits) + masked("Hello"),
	bits("1 000 0001 1 0000000" + keyBits),
	bits("0 000 0001 1 0000011"+keyBits) + masked("Hel"),
	bits("1 000 1001 1 0000100"+keyBits) + masked("ping"),
	bits("0 000 0000 1 0000000" + keyBits),
	bits("1 000 1010 1 0000000" + keyBits),
	bits("1 000 0000 1 0000010"+keyBits) + masked("lo"),
	//    F RSV op   M 126     length
	bits("1 000 0010 1 1111110 00000000 10000010"+keyBits) + masked(strings.Repeat("binary 130", 13)),
	bits("1 000 1000 1 0000101"+keyBits) + masked("\x03\xe8bye"),
}, "")

func TestDecodesAConversation(t *testing.T) {
	frames, err := decode(t, fromClient, []byte(conversation))
	require.NoError(t, err)
	require.Equal(t, []received{
		{client(true, frame.Text, 5), []byte("Hello"), true},
		{client(true, frame.Text, 0), []byte(""), true},
		{client(false, frame.Text, 3), []byte("Hel"), true},
		{client(true, frame.Ping, 4), []byte("ping"), true},
		{client(false, frame.Continuation, 0), []byte(""), true},
		{client(true, frame.Pong, 0), []byte(""), true},
		{client(true, frame.Continuation, 2), []byte("lo"), true},
		{client(true, frame.Binary, 130), []byte(strings.Repeat("binary 130", 13)), true},
		{client(true, frame.Close, 5), []byte("\x03\xe8bye"), true},
	}, frames)
}

func TestEveryPrefixIsDecodedAsFarAsItGoes(t *testing.T) {
	for end := range len(conversation) + 1 {
		prefix := []byte(conversation[:end])
		want, broken := naive(fromClient, prefix)
		require.Zero(t, broken)
		got, err := decode(t, fromClient, prefix)
		require.NoError(t, err)
		requireSame(t, want, got, "prefix of %d", end)
	}
}

func TestTwoCutsAnywhereChangeNothing(t *testing.T) {
	stream := []byte(conversation)
	want, broken := naive(fromClient, stream)
	require.Zero(t, broken)
	for first := range len(stream) + 1 {
		// The second cut falls within the longest header behind the first, or
		// anywhere else once in a while.
		for second := first; second <= len(stream); second += 1 + (second-first)/15*16 {
			got, err := decode(t, fromClient, stream[:first], stream[first:second], stream[second:])
			require.NoError(t, err)
			requireSame(t, want, got, "cut at %d and %d", first, second)
		}
	}
}

func TestPiecesOfEverySizeChangeNothing(t *testing.T) {
	stream := []byte(conversation)
	want, _ := naive(fromClient, stream)
	for size := 1; size <= len(stream); size++ {
		got, err := decode(t, fromClient, slices.Collect(slices.Chunk(stream, size))...)
		require.NoError(t, err)
		requireSame(t, want, got, "pieces of %d", size)
	}
}

func requireSame(t *testing.T, want, got []received, how string, args ...any) {
	t.Helper()
	if len(want) == 0 && len(got) == 0 {
		return
	}
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("%s:\n got %+v\nwant %+v", fmt.Sprintf(how, args...), got, want)
	}
}

func TestAHeaderIsAnEventBeforeItsPayloadComes(t *testing.T) {
	d := frame.Decoder{Rules: fromServer}
	//           F RSV op   M 127     length
	wire := bits("1 000 0010 0 1111111 01111111" + strings.Repeat("11111111", 7))
	ev, used, err := d.Next([]byte(wire))
	require.NoError(t, err)
	require.Equal(t, len(wire), used)
	require.True(t, ev.OK)
	require.False(t, ev.Done)
	require.Empty(t, ev.Payload)
	require.Equal(t, int64(1<<63-1), ev.Header.Length)
	require.Equal(t, int64(1<<63-1), d.Remaining())
}

func TestAnEmptyFrameIsDoneAtOnce(t *testing.T) {
	var d frame.Decoder
	ev, used, err := d.Next([]byte(bits("1 000 1001 0 0000000")))
	require.NoError(t, err)
	require.Equal(t, 2, used)
	require.True(t, ev.OK)
	require.True(t, ev.Done)
}

func TestNoInputIsNoEvent(t *testing.T) {
	var d frame.Decoder
	for _, wire := range []string{"", "\x81", "\x02", "H", "i"} {
		_, _, err := d.Next([]byte(wire))
		require.NoError(t, err)
		ev, used, err := d.Next(nil)
		require.NoError(t, err)
		require.Zero(t, used)
		require.Zero(t, ev)
	}
}

func TestDecoderKnowsTheMessage(t *testing.T) {
	var d frame.Decoder
	require.Equal(t, frame.Continuation, d.MessageType())
	for _, step := range []struct {
		wire string
		in   bool
		kind frame.Opcode
	}{
		//    F RSV op   M length
		{bits("1 000 1001 0 0000000"), false, frame.Continuation},
		{bits("1 000 0010 0 0000000"), false, frame.Binary},
		{bits("0 000 0001 0 0000001"), true, frame.Text},
		{"x", true, frame.Text},
		{bits("1 000 1010 0 0000000"), true, frame.Text},
		{bits("0 000 0000 0 0000000"), true, frame.Text},
		{bits("1 000 0000 0 0000001"), false, frame.Text},
		{"x", false, frame.Text},
		{bits("1 000 1001 0 0000000"), false, frame.Text},
	} {
		_, _, err := d.Next([]byte(step.wire))
		require.NoError(t, err)
		require.Equal(t, step.in, d.InMessage(), "% x", step.wire)
		require.Equal(t, step.kind, d.MessageType(), "% x", step.wire)
	}
}

func TestNothingFollowsAClose(t *testing.T) {
	//                F RSV op   M length
	closing := bits("1 000 1000 0 0000010") + "\x03\xe8"
	for _, more := range []string{
		"\x88", // not even a second Close
		bits("1 000 1001 0 0000000"),
		bits("1 000 0001 0 0000000"),
	} {
		for cut := range len(closing) + 1 {
			d := frame.Decoder{Rules: fromServer}
			frames, err := feed(t, &d, []byte(closing[:cut]), nil)
			require.NoError(t, err)
			frames, err = feed(t, &d, []byte(closing[cut:]), frames)
			require.NoError(t, err)
			require.Len(t, frames, 1)
			_, _, err = d.Next(nil)
			require.NoError(t, err, "the end of the input is not an error")
			_, err = feed(t, &d, []byte(more), frames)
			require.ErrorIs(t, err, frame.ErrAfterClose)
		}
	}
}

// A header that is not complete may still hide a broken rule, and must not be
// judged differently for having been cut.
func TestABrokenRuleIsFoundWhereverTheStreamIsCut(t *testing.T) {
	good := bits("0 000 0001 1 0000010"+keyBits) + masked("ok")
	for _, c := range []struct {
		name string
		bad  string
		want error
	}{
		//                         F RSV op   M length
		{"RSV", bits("1 010 0000 1 0000000" + keyBits), frame.ErrRSV},
		{"opcode", bits("1 000 0011 1 0000000" + keyBits), frame.ErrOpcode},
		{"interleaved", bits("1 000 0001 1 0000000" + keyBits), frame.ErrInterleaved},
		{"unmasked", bits("1 000 0000 0 0000000"), frame.ErrUnmasked},
		{"length", bits("1 000 0000 1 1111110 00000000 00000001" + keyBits), frame.ErrNotMinimal},
		{"top bit", bits("1 000 0000 1 1111111 10000000"+strings.Repeat("00000000", 7)) + "keys", frame.ErrLengthBit},
		{"limit", bits("1 000 0000 1 1111110 00000001 00000000" + keyBits), frame.ErrTooBig},
	} {
		t.Run(c.name, func(t *testing.T) {
			stream := []byte(good + c.bad + "and what follows does not count")
			r := frame.Rules{FromClient: true, MaxFrame: 200}
			for cut := range len(good + c.bad) {
				frames, err := decode(t, r, stream[:cut], stream[cut:])
				require.ErrorIs(t, err, c.want, "cut at %d", cut)
				require.Len(t, frames, 1, "cut at %d", cut)
			}
		})
	}
}

func TestAnIdleDecoderIsSmall(t *testing.T) {
	size := reflect.TypeFor[frame.Decoder]().Size() - reflect.TypeFor[frame.Rules]().Size()
	require.LessOrEqual(t, size, uintptr(80))
	require.LessOrEqual(t, reflect.TypeFor[frame.Rules]().Size(), uintptr(16))
}

// FuzzDecoder compares with the naive decoder, however the stream is cut.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte(conversation), uint8(1), uint8(0), []byte{1})
	f.Add([]byte(conversation), uint8(1), uint8(0), []byte{3, 0, 200})
	f.Add([]byte(conversation), uint8(0), uint8(0), []byte{})
	f.Add([]byte(bits("1 100 0001 0 0000001")+"x"+bits("1 001 0001 0 0000000")), uint8(0), uint8(4), []byte{2})
	f.Add([]byte(bits("1 000 0010 0 1111110 00000000 00000001")+"x"), uint8(2), uint8(0), []byte{3})
	f.Add([]byte(bits("1 000 0001 0 0000001")+"x"), uint8(5), uint8(0), []byte{1, 2})
	f.Add([]byte(bits("1 000 0010 0 1100101")), uint8(8), uint8(0), []byte{})
	f.Fuzz(func(t *testing.T, stream []byte, setting, rsv uint8, cuts []byte) {
		r := frame.Rules{
			FromClient:      setting&1 != 0,
			AllowNonMinimal: setting&2 != 0,
			AllowUnmasked:   setting&4 != 0,
			MaxFrame:        int64(setting&8) * 10,
			RSV:             rsv & 7,
		}
		want, broken := naive(r, stream)
		var chunks [][]byte
		for rest := stream; ; {
			n := len(rest)
			if len(cuts) > 0 {
				n, cuts = min(n, int(cuts[0])), cuts[1:]
			}
			chunks = append(chunks, rest[:n])
			if rest = rest[n:]; len(rest) == 0 {
				break
			}
		}
		got, err := decode(t, r, chunks...)
		requireSame(t, want, got, "%x", stream)
		var e *frame.Error
		switch {
		case broken == 0:
			require.NoError(t, err)
		case !errors.As(err, &e) || e.Code != broken:
			t.Fatalf("%x: got %v, want %v", stream, err, broken)
		}
	})
}
