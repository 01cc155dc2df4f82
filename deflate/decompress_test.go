package deflate_test

import (
	"bytes"
	"compress/flate"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/deflate"
)

func TestCorruptDataIsRefusedByName(t *testing.T) {
	tests := []struct{ packed, want string }{
		{"", "RFC 7692 §7.2.1: a message does not end with an empty stored block"},
		{"\xf2\x48\xcd", "§7.2.1"},                 // the end of a block is missing
		{"\xf2\x48\xcd\xc9\xc9\x07", "§7.2.1"},     // the head of the empty block is
		{"\x00\x0a\x00\xf5\xff\x48\x65", "§7.2.1"}, // a stored block that is cut
		{string(matchBlock(3, 1)), "RFC 7692 §7.2.2: a distance reaches back further than the agreed window"},
		{"\x06", "RFC 1951 §3.2.3: a block has the reserved type"},
		{"\x07", "RFC 1951 §3.2.3"},
		{"\x00\x05\x00\xfa\xfeHello\x00", "RFC 1951 §3.2.4: the length of a stored block is not confirmed by its complement"},
		{"\x1b\x03\x00", "RFC 1951 §3.2.5"},                                                  // literal 286, in the fixed code
		{"\xfc\xff\x07", "RFC 1951 §3.2.7: the code lengths of a block make no prefix code"}, // 288 literals
		{"\x04\xfe\xff", "§3.2.7"},                                                           // 31 distances
		{"\x04\x00\xfe\xff\xff", "§3.2.7"},                                                   // too many codes for lengths
		{"\x04\x00\x12\x00\x00", "§3.2.7"},                                                   // too few
	}
	for _, test := range tests {
		for cut := 1; cut < 12; cut++ {
			d := everything().ClientCodec(agreed(true, 15)).In
			_, err := inflate(d, []byte(test.packed), cut, -1)
			require.ErrorAs(t, err, new(*deflate.Error), "%x", test.packed)
			require.ErrorContains(t, err, test.want, "%x", test.packed)

			// It stays so: the window is not what the peer thinks it is.
			_, again := inflate(d, []byte("\xf2\x48\xcd\xc9\xc9\x07\x00"), cut, -1)
			require.Equal(t, err, again)
		}
	}
}

// Everything that the judge takes for valid is, and nothing else; whatever the
// octets are.
func TestEveryOctetOfAMessageMatters(t *testing.T) {
	m := quotes(seeded(), 300)
	var fixed, dynamic bytes.Buffer
	w, _ := flate.NewWriter(&dynamic, 6)
	_, _ = w.Write(m)
	_ = w.Flush()
	fixed.Write(everything().ServerCodec(agreed(false, 15)).Out.Piece(nil, m[:100], true))
	for _, packed := range [][]byte{fixed.Bytes(), dynamic.Bytes()[:dynamic.Len()-4]} {
		for i := range packed {
			for bit := range 8 {
				wrong := bytes.Clone(packed)
				wrong[i] ^= 1 << bit
				sameAsJudge(t, wrong, 15)
			}
			sameAsJudge(t, packed[:i], 15)
		}
	}
}

// sameAsJudge inflates in one piece and octet by octet, and says whether that
// could be done.
func sameAsJudge(t *testing.T, packed []byte, bits int) (valid bool) {
	t.Helper()
	j := &judge{window: 1 << bits}
	want, wantErr := j.message(packed, true)
	for _, cut := range []int{1 << 20, 1, 7} {
		d := everything().ServerCodec(agreed(true, bits)).In
		got, err := inflate(d, packed, cut, -1)
		require.Equal(t, wantErr == nil, err == nil, "%x in pieces of %d: %v, judge: %v", packed, cut, err, wantErr)
		if err == nil {
			require.Equal(t, string(want), string(got), "%x in pieces of %d", packed, cut)
		} else {
			require.ErrorAs(t, err, new(*deflate.Error))
		}
	}
	return wantErr == nil
}

func TestInflationStopsAtTheLimit(t *testing.T) {
	text := quotes(seeded(), 200_000)
	z := everything().ServerCodec(agreed(true, 15)).Out.Piece(nil, text, true)
	for _, limit := range []int{0, 1, 47, 16 << 10, 48 << 10, 48<<10 + 1, 64 << 10, 199_999, 200_000, 200_001} {
		for _, cut := range []int{1, 1000, 1 << 20} {
			d := everything().ClientCodec(agreed(true, 15)).In
			got, err := inflate(d, z, cut, int64(limit))
			if limit >= len(text) {
				require.NoError(t, err)
				require.True(t, bytes.Equal(text, got))
				continue
			}
			require.ErrorIs(t, err, deflate.ErrTooBig)
			require.LessOrEqual(t, len(got), limit)
			require.True(t, bytes.HasPrefix(text, got))
		}
	}
}

func TestTheLimitIsThatOfEachMessage(t *testing.T) {
	s, c := everything().ServerCodec(agreed(true, 9)), everything().ClientCodec(agreed(true, 9))
	for range 100 {
		m := bytes.Repeat([]byte("x"), 1000)
		got, err := inflate(c.In, s.Out.Piece(nil, m, true), 10, 1000)
		require.NoError(t, err)
		require.Equal(t, m, got)
	}
}

// bomb is a MiB that inflates to a GiB.
func bomb(t testing.TB) []byte {
	var first, b bytes.Buffer
	w, err := flate.NewWriter(io.MultiWriter(&first, &b), flate.BestCompression)
	require.NoError(t, err)
	zeros := make([]byte, 1<<20)
	for range 2 {
		b.Reset() // the second points back into the first
		_, err = w.Write(zeros)
		require.NoError(t, err)
		require.NoError(t, w.Flush())
	}
	z := append(first.Bytes(), bytes.Repeat(b.Bytes(), 1<<10-2)...)
	require.InDelta(t, 1<<20, len(z), 1<<18)
	return z
}

func TestABombCostsNoMoreThanItsLimit(t *testing.T) {
	z := bomb(t)
	for name, test := range map[string]struct {
		o     *deflate.Options
		limit int64
		want  error
		most  int
	}{
		"a limit of a MiB":        {everything(), 1 << 20, deflate.ErrTooBig, 1 << 20},
		"a ratio":                 {new(deflate.Options), -1, deflate.ErrRatio, 300 * 4096},
		"a ratio, and less limit": {new(deflate.Options), 64 << 10, deflate.ErrTooBig, 64 << 10},
	} {
		d := test.o.ServerCodec(agreed(true, 15)).In
		d.Begin(test.limit)
		given, calls := 0, 0
		before := allocated()
		var err error
		for rest := z; err == nil && len(rest) > 0; {
			n := min(4096, len(rest))
			d.Feed(rest[:n], n == len(rest))
			rest = rest[n:]
			for {
				var p []byte
				calls++
				if p, _, err = d.Next(); err != nil || len(p) == 0 {
					break
				}
				given += len(p)
			}
		}
		require.ErrorIs(t, err, test.want, name)
		require.LessOrEqual(t, given, test.most, name)
		require.LessOrEqual(t, allocated()-before, 80<<10, name)
		require.LessOrEqual(t, calls, 200, name)
	}
}

// allocated says how much has ever been allocated.
func allocated() int {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.TotalAlloc)
}

func TestTheRatioDoesNotMatterToSmallMessages(t *testing.T) {
	s, c := new(deflate.Options).ServerCodec(agreed(true, 15)), new(deflate.Options).ClientCodec(agreed(true, 15))
	zeros := make([]byte, 64<<10)
	require.Equal(t, zeros, inflated(t, c.In, s.Out.Piece(nil, zeros, true)))
	_, err := inflate(c.In, s.Out.Piece(nil, make([]byte, 1<<20), true), 1<<20, -1)
	require.ErrorIs(t, err, deflate.ErrRatio)

	o := deflate.Options{MaxRatio: 2}
	s, c = o.ServerCodec(agreed(true, 15)), o.ClientCodec(agreed(true, 15))
	_, err = inflate(c.In, s.Out.Piece(nil, quotes(seeded(), 65<<10), true), 1<<20, -1)
	require.ErrorIs(t, err, deflate.ErrRatio)
}

// 10,000 fragments, with an octet or nothing in each: no more is held than for
// one.
func TestTinyFragmentsCostNothing(t *testing.T) {
	text := quotes(seeded(), 22_000)
	z := everything().ServerCodec(agreed(true, 15)).Out.Piece(nil, text, true)
	require.Greater(t, len(z), 5_000)
	z = z[:5_000]
	var fragments [][]byte
	for i := range z {
		fragments = append(fragments, z[i:i+1], nil)
	}
	d := everything().ClientCodec(agreed(true, 15)).In
	var got []byte
	round := func() {
		d = everything().ClientCodec(agreed(true, 15)).In
		d.Begin(1 << 20)
		got = make([]byte, 0, len(text))
		for _, f := range fragments {
			d.Feed(f, false)
			for {
				p, _, err := d.Next()
				if err != nil || len(p) == 0 {
					break
				}
				got = append(got, p...)
			}
		}
	}
	require.Less(t, testing.AllocsPerRun(2, round), 12.0)
	require.Greater(t, len(got), 10_000)
	require.True(t, bytes.HasPrefix(text, got))
}

// Feeding more before Next has returned nothing is no mistake, only slower.
func TestNothingThatWasFedIsLost(t *testing.T) {
	text := quotes(seeded(), 60_000)
	z := everything().ServerCodec(agreed(true, 15)).Out.Piece(nil, text, true)
	d := everything().ClientCodec(agreed(true, 15)).In
	d.Begin(-1)
	_, end, err := d.Next()
	require.NoError(t, err)
	require.False(t, end, "nothing has been fed")
	for i := range z {
		d.Feed(z[i:i+1:i+1], i == len(z)-1)
	}
	var got []byte
	for {
		p, end, err := d.Next()
		require.NoError(t, err)
		if end {
			break
		}
		got = append(got, p...)
	}
	require.True(t, bytes.Equal(text, got))
	_, end, err = d.Next()
	require.NoError(t, err)
	require.False(t, end, "the end is told once")
}
