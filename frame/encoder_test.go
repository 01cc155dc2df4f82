package frame_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/frame"
)

// send appends a frame to nothing, and fails the test unless it may go out.
func send(t *testing.T, e *frame.Encoder, h frame.Header, payload string) string {
	t.Helper()
	wire, err := e.Append(nil, h, []byte(payload))
	require.NoError(t, err, "%+v", h)
	return string(wire)
}

// withheld requires that neither Append nor AppendHeader lets h go out, and
// that asking has changed nothing.
func withheld(t *testing.T, e *frame.Encoder, want error, h frame.Header, payload string) {
	t.Helper()
	state := *e
	dst := []byte("before")
	got, err := e.Append(dst, h, []byte(payload))
	require.ErrorIs(t, err, want, "%+v", h)
	require.Equal(t, "before", string(got))
	h.Length = int64(len(payload))
	got, err = e.AppendHeader(dst, h)
	require.ErrorIs(t, err, want, "%+v", h)
	require.Equal(t, "before", string(got))
	require.Equal(t, state, *e, "a frame that was refused has changed the state")
}

func TestAServerSendsInTheClear(t *testing.T) {
	var e frame.Encoder
	//                  F RSV op   M length
	require.Equal(t, bits("1 000 0001 0 0000101")+"Hello", send(t, &e, server(true, frame.Text, 0), "Hello"))
	require.Equal(t, bits("1 000 1001 0 0000000"), send(t, &e, server(true, frame.Ping, 0), ""))
	long := strings.Repeat("*", 65536)
	require.Equal(t, bits("1 000 0010 0 1111111"+strings.Repeat("00000000", 5)+"00000001 00000000 00000000")+long,
		send(t, &e, server(true, frame.Binary, 0), long))
}

func TestAClientMasksWhileCopying(t *testing.T) {
	e := frame.Encoder{FromClient: true}
	payload := []byte("Hello")
	dst := append(make([]byte, 0, 100), "before"...)
	wire, err := e.Append(dst, client(true, frame.Text, 0), payload)
	require.NoError(t, err)
	//                              F RSV op   M length
	require.Equal(t, "before"+bits("1 000 0001 1 0000101"+keyBits)+masked("Hello"), string(wire))
	require.Equal(t, "Hello", string(payload), "the caller's payload was modified")
	require.Same(t, &dst[0], &wire[0], "there was room")

	// A client's frame has a key even when there is nothing to mask.
	require.Equal(t, bits("1 000 1010 1 0000000"+keyBits), send(t, &e, client(true, frame.Pong, 0), ""))
}

func TestTheLengthIsThatOfThePayload(t *testing.T) {
	var e frame.Encoder
	require.Equal(t, bits("1 000 0001 0 0000010")+"ab", send(t, &e, server(true, frame.Text, 77), "ab"))
}

func TestAppendHeaderLeavesThePayloadToTheCaller(t *testing.T) {
	e := frame.Encoder{FromClient: true}
	wire, err := e.AppendHeader([]byte("before"), client(false, frame.Binary, 1<<40))
	require.NoError(t, err)
	//                              F RSV op   M 127     length
	require.Equal(t, "before"+bits("0 000 0010 1 1111111 00000000 00000000 00000001"+
		strings.Repeat("00000000", 5)+keyBits), string(wire))
	withheld(t, &e, frame.ErrInterleaved, client(true, frame.Text, 0), "")
}

func TestFragmentsGoOutInOrder(t *testing.T) {
	var e frame.Encoder
	withheld(t, &e, frame.ErrContinuation, server(true, frame.Continuation, 0), "lo")
	send(t, &e, server(false, frame.Text, 0), "Hel")
	withheld(t, &e, frame.ErrInterleaved, server(true, frame.Text, 0), "x")
	withheld(t, &e, frame.ErrInterleaved, server(false, frame.Binary, 0), "x")
	send(t, &e, server(true, frame.Ping, 0), "between")
	send(t, &e, server(false, frame.Continuation, 0), "l")
	send(t, &e, server(true, frame.Pong, 0), "between")
	send(t, &e, server(true, frame.Continuation, 0), "o")
	withheld(t, &e, frame.ErrContinuation, server(true, frame.Continuation, 0), "")
	send(t, &e, server(true, frame.Binary, 0), "next")
}

func TestNothingGoesOutAfterAClose(t *testing.T) {
	for _, open := range []bool{false, true} {
		var e frame.Encoder
		if open {
			send(t, &e, server(false, frame.Text, 0), "Hel")
		}
		send(t, &e, server(true, frame.Close, 0), "\x03\xe8")
		for _, op := range []frame.Opcode{
			frame.Continuation, frame.Text, frame.Binary, frame.Close, frame.Ping, frame.Pong,
		} {
			withheld(t, &e, frame.ErrAfterClose, server(true, op, 0), "")
		}
	}
}

func TestFramesThatThePeerWouldRefuseStayHere(t *testing.T) {
	var s frame.Encoder
	withheld(t, &s, frame.ErrMasked, client(true, frame.Text, 0), "")
	withheld(t, &s, frame.ErrControlFragment, server(false, frame.Ping, 0), "")
	withheld(t, &s, frame.ErrControlLength, server(true, frame.Ping, 0), strings.Repeat("*", 126))
	withheld(t, &s, frame.ErrOpcode, server(true, 0x3, 0), "")
	withheld(t, &s, frame.ErrOpcode, server(true, 0x11, 0), "")
	withheld(t, &s, frame.ErrRSV, frame.Header{Fin: true, Opcode: frame.Text, RSV: frame.RSV1}, "")
	withheld(t, &s, frame.ErrRSV, frame.Header{Fin: true, Opcode: frame.Text, RSV: 8}, "")

	c := frame.Encoder{FromClient: true}
	withheld(t, &c, frame.ErrUnmasked, server(true, frame.Text, 0), "")

	_, err := s.AppendHeader(nil, server(true, frame.Binary, math.MinInt64))
	require.ErrorIs(t, err, frame.ErrLengthBit)
}

func TestClaimedBitsGoOutOnTheFirstFrameOnly(t *testing.T) {
	e := frame.Encoder{RSV: frame.RSV1}
	compressed := frame.Header{Opcode: frame.Text, RSV: frame.RSV1}
	//                     F RSV op   M length
	require.Equal(t, bits("0 100 0001 0 0000001")+"x", send(t, &e, compressed, "x"))
	compressed.Fin = true
	compressed.Opcode = frame.Continuation
	withheld(t, &e, frame.ErrRSV, compressed, "x")
	compressed.Opcode = frame.Ping
	withheld(t, &e, frame.ErrRSV, compressed, "x")
	send(t, &e, server(true, frame.Continuation, 0), "x")
}

// FuzzEncoderDecoder lets headers out one after another. What goes out, the
// peer decodes; what does not, the peer would have refused.
func FuzzEncoderDecoder(f *testing.F) {
	f.Add([]byte{0x81, 5, 0x01, 3, 0x89, 0, 0x80, 2, 0x88, 2, 0x81, 1}, false, uint8(0))
	f.Add([]byte{0x81, 5, 0x01, 3, 0x89, 0, 0x80, 2, 0x88, 2, 0x81, 1}, true, uint8(0))
	f.Add([]byte{0xC1, 5, 0x41, 3, 0xC9, 0, 0xC0, 2, 0xA1, 2, 0x89, 130}, true, uint8(4))
	f.Add([]byte{0x80, 0, 0x09, 0, 0x83, 0, 0x8F, 200, 0x82, 255}, false, uint8(7))
	f.Fuzz(func(t *testing.T, script []byte, fromClient bool, claimed uint8) {
		claimed &= 7
		e := frame.Encoder{FromClient: fromClient, RSV: claimed}
		peer := frame.Decoder{Rules: frame.Rules{FromClient: fromClient, RSV: claimed}}
		for ; len(script) >= 2; script = script[2:] {
			h := frame.Header{
				Fin:    script[0]&0x80 != 0,
				RSV:    script[0] >> 4 & 7,
				Opcode: frame.Opcode(script[0] & 15),
				Masked: fromClient,
			}
			if h.Masked {
				h.Key = [4]byte{script[0], script[1], 3, 4}
			}
			payload := bytes.Repeat([]byte{script[1]}, int(script[1])*3/2)
			h.Length = int64(len(payload))
			wire, err := e.Append(nil, h, payload)
			if err != nil {
				judged := peer
				_, _, refused := judged.Next(h.Append(nil))
				require.Equal(t, err, refused, "we and the peer disagree on %+v", h)
				continue
			}
			ev, used, err := peer.Next(wire)
			require.NoError(t, err)
			require.Equal(t, len(wire), used)
			require.True(t, ev.Done)
			require.Equal(t, h, ev.Header)
			require.True(t, bytes.Equal(payload, ev.Payload))
		}
	})
}
