package frame_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/frame"
)

func TestFramesCostNoAllocation(t *testing.T) {
	payload := make([]byte, 1000)
	dst := make([]byte, 0, 2000)
	wire, err := (&frame.Encoder{FromClient: true}).Append(nil, client(true, frame.Binary, 0), payload)
	require.NoError(t, err)
	bad := []byte(bits("1 000 0011 0 0000000"))
	h := client(true, frame.Binary, 1000)
	e := frame.Encoder{FromClient: true}
	d := frame.Decoder{Rules: fromClient}
	for name, f := range map[string]func(){
		"Parse":         func() { _, _, _ = frame.Parse(wire) },
		"Header.Append": func() { h.Append(dst) },
		"Mask":          func() { frame.Mask(payload, key, 1) },
		"Encoder":       func() { _, _ = e.Append(dst, h, payload) },
		"Decoder":       func() { _, _, _ = d.Next(wire) },
		"Decoder, cut": func() {
			_, _, _ = d.Next(wire[:5])
			_, _, _ = d.Next(wire[5:500])
			_, _, _ = d.Next(wire[500:])
		},
		"a broken rule": func() {
			d := frame.Decoder{Rules: fromClient}
			_, _, _ = d.Next(bad)
		},
	} {
		require.Zero(t, testing.AllocsPerRun(100, f), name)
	}
}

func BenchmarkDecoder(b *testing.B) {
	for _, size := range []int{0, 16, 125, 1024, 16 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			// Sixteen frames lie in the buffer, as after one large read.
			e := frame.Encoder{FromClient: true}
			var wire []byte
			for range 16 {
				wire, _ = e.Append(wire, client(true, frame.Binary, 0), make([]byte, size))
			}
			b.SetBytes(int64(len(wire)))
			d := frame.Decoder{Rules: fromClient}
			for b.Loop() {
				for in := wire; len(in) > 0; {
					_, used, err := d.Next(in)
					if err != nil {
						b.Fatal(err)
					}
					in = in[used:]
				}
			}
		})
	}
}

func BenchmarkEncoder(b *testing.B) {
	for _, size := range []int{16, 1024, 16 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			e := frame.Encoder{FromClient: true}
			payload := make([]byte, size)
			dst := make([]byte, 0, size+frame.MaxHeaderLen)
			h := client(true, frame.Binary, 0)
			b.SetBytes(int64(size))
			for b.Loop() {
				_, _ = e.Append(dst, h, payload)
			}
		})
	}
}
