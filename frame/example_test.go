package frame_test

import (
	"errors"
	"fmt"

	"github.com/bellwire/bellwire/frame"
)

// The masked "Hello" of RFC 6455 §5.7.
func ExampleParse() {
	wire := []byte("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")

	h, n, err := frame.Parse(wire)
	if err != nil || n == 0 {
		return // broken, or not all there yet
	}
	payload := wire[n:]
	frame.Mask(payload, h.Key, 0)
	fmt.Println(h.Opcode, h.Fin, h.Length, string(payload))
	// Output: text true 5 Hello
}

// A stream comes in pieces that know nothing of frames.
func ExampleDecoder() {
	// From a server: "Hel", a ping, and "lo".
	pieces := []string{"\x01\x03Hel\x89", "\x04ping", "\x80\x02l", "o"}

	var d frame.Decoder
	for _, piece := range pieces {
		for in := []byte(piece); len(in) > 0; {
			ev, used, err := d.Next(in)
			if err != nil {
				fmt.Println(err)
				return
			}
			in = in[used:]
			if ev.OK {
				fmt.Printf("%v at %d: %q, done: %v\n", ev.Header.Opcode, ev.Offset, ev.Payload, ev.Done)
			}
		}
	}
	// Output:
	// text at 0: "Hel", done: true
	// ping at 0: "ping", done: true
	// continuation at 0: "l", done: false
	// continuation at 1: "o", done: true
}

// A peer that breaks a rule is told so by its code.
func ExampleError() {
	d := frame.Decoder{Rules: frame.Rules{FromClient: true}}
	_, _, err := d.Next([]byte("\x81\x05Hello"))
	fmt.Println(err)
	fmt.Println(errors.Is(err, frame.ProtocolError))
	// Output:
	// RFC 6455 §5.1: a client's frame is not masked
	// true
}

func ExampleEncoder() {
	var e frame.Encoder
	wire, err := e.Append(nil, frame.Header{Fin: true, Opcode: frame.Text}, []byte("Hello"))
	fmt.Printf("%x %v\n", wire, err)

	_, err = e.Append(nil, frame.Header{Fin: true, Opcode: frame.Continuation}, []byte("more"))
	fmt.Println(err)
	// Output:
	// 810548656c6c6f <nil>
	// RFC 6455 §5.4: a continuation frame has no message to continue
}

func ExampleAppendClose() {
	payload, err := frame.AppendClose(nil, frame.GoingAway, "back in an hour")
	if err != nil {
		fmt.Println(err)
		return
	}
	code, reason, err := frame.ParseClose(payload)
	fmt.Println(code, "|", reason, "|", err)
	// Output: 1001 going away | back in an hour | <nil>
}
