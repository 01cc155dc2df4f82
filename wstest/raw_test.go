package wstest

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/frame"
)

// Two parsers that know nothing of each other must see the same header.
func FuzzTheNaiveParserAgreesWithTheOther(f *testing.F) {
	for _, seed := range []raw{
		text(""), text("hello"), blob("x").bits(7).part(), ping("beat").bare(), closing(frame.Normal, "bye"),
		blob(string(make([]byte, 126))), blob(string(make([]byte, 65536))), blob("x").wide(2), blob("x").wide(8),
		blob("").claim(1 << 63), blob("").claim(1<<63 - 1), newRaw(false, 15, "x").claim(127),
	} {
		f.Add(seed.append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		got, err := readRaw(r)
		want, n, wantErr := frame.Parse(b)
		switch {
		case wantErr != nil:
			require.ErrorContains(t, err, "top bit")
		case len(b) == 0:
			require.Equal(t, io.EOF, err)
		case n == 0 || want.Length > int64(len(b)-n):
			require.Equal(t, io.ErrUnexpectedEOF, err)
		default:
			require.NoError(t, err)
			require.Equal(t, want, got.header())
			require.Equal(t, n != want.Size(), got.form != shortest(got.length))
			require.Equal(t, b[:len(b)-r.Len()], got.append(nil))
			plain := bytes.Clone(b[n : n+int(want.Length)])
			if want.Masked {
				frame.Mask(plain, want.Key, 0)
			}
			require.True(t, bytes.Equal(plain, got.payload))
		}
	})
}
