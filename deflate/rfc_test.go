package deflate_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The examples of RFC 7692 §7.2.3.
func TestTheExamplesOfTheRFCAreInflated(t *testing.T) {
	tests := []struct {
		section string
		packed  []string // messages
		want    []string
	}{
		{"7.2.3.1", []string{"\xf2\x48\xcd\xc9\xc9\x07\x00"}, []string{"Hello"}},
		{"7.2.3.2", []string{"\xf2\x48\xcd\xc9\xc9\x07\x00", "\xf2\x48\xcd\xc9\xc9\x07\x00"}, []string{"Hello", "Hello"}},
		{"7.2.3.2, pointing back", []string{"\xf2\x48\xcd\xc9\xc9\x07\x00", "\xf2\x00\x11\x00\x00"}, []string{"Hello", "Hello"}},
		{"7.2.3.3", []string{"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"}, []string{"Hello"}},
		{"7.2.3.4", []string{"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"}, []string{"Hello"}},
		{"7.2.3.4, twice", []string{"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "\xf2\x00\x11\x00\x00"}, []string{"Hello", "Hello"}},
		{"7.2.3.5", []string{"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"}, []string{"Hello"}},
		{"7.2.3.6", []string{"\x00"}, []string{""}},
	}
	for _, test := range tests {
		for cut := 1; cut < 12; cut++ {
			d := everything().ClientCodec(agreed(true, 15)).In
			for i, packed := range test.packed {
				got, err := inflate(d, []byte(packed), cut, -1)
				require.NoError(t, err, "§%s, in pieces of %d", test.section, cut)
				require.Equal(t, test.want[i], string(got), "§%s, in pieces of %d", test.section, cut)
			}
		}
	}
}

func TestTheFirstExampleIsCompressedAsInTheRFC(t *testing.T) {
	out := everything().ServerCodec(agreed(true, 15)).Out
	require.Equal(t, "\xf2\x48\xcd\xc9\xc9\x07\x00", string(out.Piece(nil, []byte("Hello"), true)), "§7.2.3.1")

	second := out.Piece(nil, []byte("Hello"), true)
	require.LessOrEqual(t, len(second), 5, "§7.2.3.2: as short as there, if not the same")

	require.Equal(t, "\x00", string(out.Piece(nil, nil, true)), "§7.2.3.6")
}

// "The next DEFLATE block follows the padded data if any." RFC 7692 §7.2.1.
func TestAMessageGoesOnBehindAFinalBlock(t *testing.T) {
	d := everything().ClientCodec(agreed(true, 15)).In
	const hello = "\xf3\x48\xcd\xc9\xc9\x07\x00"
	require.Equal(t, "HelloHello", string(inflated(t, d, []byte(hello+hello+"\x00"))))
	require.Equal(t, "HelloHelloHello", string(inflated(t, d, []byte(hello+"\xf2\x00\x11\x00\x00\x00\x00\xff\xff"+hello+"\x00"))))
	require.Equal(t, "Hello", string(inflated(t, d, []byte(hello))), "with nothing behind it")
	require.Equal(t, "", string(inflated(t, d, []byte("\x01"))), "as a compressor that closes leaves it")

	d.Begin(-1)
	d.Feed([]byte(hello), false)
	p, end, err := d.Next()
	require.NoError(t, err)
	require.False(t, end)
	require.Equal(t, "Hello", string(p))
	p, _, _ = d.Next()
	require.Empty(t, p)
	d.Feed(nil, true) // the last fragment is empty
	_, end, err = d.Next()
	require.NoError(t, err)
	require.True(t, end)
}
