package deflate_test

import (
	"bytes"
	"compress/flate"
	"io"
	"testing"

	kflate "github.com/klauspost/compress/flate"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/deflate"
)

// Any octets are either refused, by an error of ours, or mean what the judge
// says they mean, however they are cut.
func FuzzInflate(f *testing.F) {
	for _, packed := range []string{
		"\xf2\x48\xcd\xc9\xc9\x07\x00", "\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "\x00\x05\x00\xfa\xffHello\x00", "\x00", "\x01", "",
		"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", "\x04\xc0\x81\x08\x00\x00\x00\x00\x20\x7f\xeb\x0b\x00\x00",
	} {
		f.Add([]byte(packed), uint8(15))
	}
	r := seeded()
	for i, m := range [][]byte{quotes(r, 300), noise(r, 300), bytes.Repeat([]byte("abc"), 200)} {
		f.Add(everything().ServerCodec(agreed(false, 15)).Out.Piece(nil, m, true), uint8(i))
	}
	f.Fuzz(func(t *testing.T, packed []byte, bits uint8) {
		if len(packed) > 4096 {
			return
		}
		sameAsJudge(t, packed, 8+int(bits%8))
	})
}

// What is compressed is what is inflated: by us, by the judge with exactly the
// agreed window, and by two other inflaters.
func FuzzCompress(f *testing.F) {
	r := seeded()
	f.Add(quotes(r, 200), quotes(r, 300), uint16(0))
	f.Add(quotes(r, 90), quotes(r, 60), uint16(0x1ff))
	f.Add(noise(r, 400), bytes.Repeat([]byte{7}, 1000), uint16(0x2a))
	f.Add([]byte{}, []byte("a"), uint16(0x77))
	f.Fuzz(func(t *testing.T, first, second []byte, flags uint16) {
		if len(first)+len(second) > 8192 {
			return
		}
		bits, takeover := 8+int(flags&7), flags&8 != 0
		o := &deflate.Options{Threshold: -1, MaxRatio: -1, Level: int(flags>>5) % 10, Dedicated: flags&16 != 0}
		s, c := o.ServerCodec(agreed(takeover, bits)), o.ClientCodec(agreed(takeover, bits))
		j := &judge{window: 1 << bits}
		var stream, want []byte
		for i, m := range [][]byte{first, second, first, append(bytes.Clone(second), first...), second} {
			cut := len(m) * i / 5
			z := s.Out.Piece(s.Out.Piece(nil, m[:cut], false), m[cut:], true)
			got, err := j.message(z, takeover)
			require.NoError(t, err)
			require.True(t, bytes.Equal(m, got))
			got, err = inflate(c.In, z, 1+int(flags>>9), -1)
			require.NoError(t, err)
			require.True(t, bytes.Equal(m, got))
			stream = append(append(stream, z...), 0, 0, 0xff, 0xff)
			want = append(want, m...)
		}
		stream = append(stream, 1, 0, 0, 0xff, 0xff)
		for _, other := range []io.Reader{flate.NewReader(bytes.NewReader(stream)), kflate.NewReader(bytes.NewReader(stream))} {
			got, err := io.ReadAll(other)
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got))
		}
	})
}

// Every cut of what others compress, into two pieces.
func TestEveryCutInflatesToTheSame(t *testing.T) {
	m := append(quotes(seeded(), 900), noise(seeded(), 100)...)
	for level := flate.HuffmanOnly; level <= 9; level++ {
		var b bytes.Buffer
		w, err := flate.NewWriter(&b, level)
		require.NoError(t, err)
		for _, piece := range [][]byte{m[:400], m[400:401], m[401:]} {
			_, _ = w.Write(piece)
			_ = w.Flush()
		}
		z := b.Bytes()[:b.Len()-4]
		d := everything().ServerCodec(agreed(true, 15)).In
		for cut := range z {
			got := []byte{}
			d.Begin(int64(len(m)))
			for i, piece := range [][]byte{z[:cut], z[cut:]} {
				d.Feed(piece, i == 1)
				for {
					p, _, err := d.Next()
					require.NoError(t, err, "level %d, cut at %d", level, cut)
					if len(p) == 0 {
						break
					}
					got = append(got, p...)
				}
			}
			require.True(t, bytes.Equal(m, got), "level %d, cut at %d", level, cut)
		}
	}
}
