package deflate_test

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/deflate"
)

// conversation is what the window proofs are made with: text, noise and
// repetition, in sizes on both sides of what matters, and what can be pointed
// back to from far away.
func conversation(r *rand.Rand, bits int) [][]byte {
	same := quotes(r, 3000)
	messages := [][]byte{same, noise(r, 2000), same, quotes(r, 40)}
	for _, n := range []int{5, 64, 127, 128, 300, 1000, 5000, 40000} {
		messages = append(messages, quotes(r, n), noise(r, n), bytes.Repeat([]byte("ab"), n/2), same)
		// The same again, from exactly as far away as a window is long.
		gap := noise(r, 1<<bits)
		messages = append(messages, gap, gap[:min(n, len(gap))])
		messages = append(messages, append(append([]byte{'x'}, gap...), gap...))
	}
	return messages
}

// The compressor never points back further than the agreed window: a judge
// with exactly that window says so.
func TestNoDistanceIsLongerThanTheWindow(t *testing.T) {
	for bits := 8; bits <= 15; bits++ {
		for _, takeover := range []bool{true, false} {
			for _, dedicated := range []bool{false, true} {
				t.Run(fmt.Sprintf("bits=%d,takeover=%v,dedicated=%v", bits, takeover, dedicated), func(t *testing.T) {
					t.Parallel()
					o := everything()
					o.Dedicated = dedicated
					out, in := o.ServerCodec(agreed(takeover, bits)).Out, o.ClientCodec(agreed(takeover, bits)).In
					j := &judge{window: 1 << bits}
					for i, m := range conversation(seeded(), bits) {
						var z []byte
						smaller := true
						switch i % 3 {
						case 0:
							z = out.Piece(nil, m, true)
						case 1: // a stream
							n := len(m) / 3
							z = out.Piece(out.Piece(out.Piece(nil, m[:n], false), m[n:2*n], false), m[2*n:], true)
						default:
							if z, smaller = out.Message(nil, m); !smaller {
								require.Empty(t, z)
								continue // "messages with RSV1 clear are skipped"
							}
						}
						got, err := j.message(z, takeover)
						require.NoError(t, err, "message %d", i)
						require.Equal(t, string(m), string(got), "message %d", i)
						require.Equal(t, string(m), string(inflated(t, in, z)), "message %d", i)
					}
					require.LessOrEqual(t, j.far, 1<<bits)
					require.Greater(t, j.far, 1<<bits/2, "the window is made use of")
				})
			}
		}
	}
}

// The decompressor keeps exactly the agreed window: what can be pointed to is
// there, and what is further away is an error.
func TestTheWindowHasExactlyTheAgreedSize(t *testing.T) {
	for bits := 8; bits <= 15; bits++ {
		size := 1 << bits
		text := noise(seeded(), size+40)
		stored := storedBlocks(text)
		for _, cut := range []int{0, 1, 100, size} {
			// A match of 4 octets, from size octets back and from one more.
			d := everything().ClientCodec(agreed(true, bits)).In
			require.Equal(t, text, inflated(t, d, stored))
			if cut > 0 { // the ring is written over its end
				require.Equal(t, text[:cut], inflated(t, d, storedBlocks(text[:cut])))
			}
			all := append(append([]byte{}, text...), text[:cut]...)
			got := inflated(t, d, matchBlock(4, size))
			require.Equal(t, all[len(all)-size:][:4], got, "bits %d, cut %d", bits, cut)
			require.Equal(t, all[len(all)-size+4:][:1], inflated(t, d, matchBlock(3, size))[:1])

			if bits == 15 {
				continue // there is no way to say 32769
			}
			_, err := inflate(d, matchBlock(4, size+1), 100, -1)
			require.ErrorContains(t, err, "RFC 7692 §7.2.2: a distance reaches back further than the agreed window")
			require.ErrorAs(t, err, new(*deflate.Error))
		}
	}
}

// Without takeover there is nothing behind the beginning of the message.
func TestWithoutTakeoverNothingIsKept(t *testing.T) {
	d := everything().ClientCodec(agreed(false, 15)).In
	require.Equal(t, "Hello", string(inflated(t, d, []byte("\xf2\x48\xcd\xc9\xc9\x07\x00"))))
	_, err := inflate(d, []byte("\xf2\x00\x11\x00\x00"), 100, -1)
	require.ErrorAs(t, err, new(*deflate.Error))
}

// storedBlocks is a message of stored blocks.
func storedBlocks(p []byte) (z []byte) {
	for len(p) > 0 {
		n := min(len(p), 60000)
		z = append(z, 0, byte(n), byte(n>>8), byte(^n), byte(^n>>8))
		z = append(z, p[:n]...)
		p = p[n:]
	}
	return append(z, 0)
}

// matchBlock is a message of one match in the fixed code, of 3 or 4 octets.
func matchBlock(n, distance int) []byte {
	var b bitString
	b.put(2, 3)
	b.code(n-2, 7) // 257 is 3 octets
	symbol := 0
	for symbol < 29 && baseOfDistance(symbol+1) <= distance {
		symbol++
	}
	b.code(symbol, 5)
	b.put(distance-baseOfDistance(symbol), extraOfDistance(symbol))
	b.code(0, 7)
	b.put(0, 3)
	return b.bytes()
}

// The standard library's inflater understands a whole conversation.
func TestTheStandardLibraryInflatesWhatIsCompressed(t *testing.T) {
	for level := 0; level <= 9; level++ {
		o := everything()
		o.Level = level
		require.NoError(t, o.Check())
		out := o.ServerCodec(agreed(true, 15)).Out
		var stream, want []byte
		for _, m := range conversation(seeded(), 10)[:24] {
			stream = append(out.Piece(stream, m, true), 0, 0, 0xff, 0xff)
			want = append(want, m...)
		}
		stream = append(stream, 1, 0, 0, 0xff, 0xff)
		got, err := io.ReadAll(flate.NewReader(bytes.NewReader(stream)))
		require.NoError(t, err, "level %d", level)
		require.True(t, bytes.Equal(want, got), "level %d", level)
	}
}

// And the other way round, at every level of it.
func TestWhatTheStandardLibraryCompressesIsInflated(t *testing.T) {
	for level := flate.HuffmanOnly; level <= 9; level++ {
		d := everything().ServerCodec(agreed(true, 15)).In
		var stream bytes.Buffer
		w, err := flate.NewWriter(&stream, level)
		require.NoError(t, err)
		for i, m := range conversation(seeded(), 14) {
			_, _ = w.Write(m)
			require.NoError(t, w.Flush())
			z := stream.Bytes()[:stream.Len()-4]
			got, err := inflate(d, z, 1+i*i, -1)
			require.NoError(t, err, "level %d, message %d", level, i)
			require.True(t, bytes.Equal(m, got), "level %d, message %d", level, i)
			stream.Reset()
		}
	}
}

// Short messages are where context takeover pays most.
func TestShortMessagesPointBackToOnesBefore(t *testing.T) {
	for _, dedicated := range []bool{false, true} {
		o := everything()
		o.Dedicated = dedicated
		out := o.ServerCodec(agreed(true, 15)).Out
		r := seeded()
		in, sent := 0, 0
		for range 100 {
			m := quotes(r, 100)
			z, smaller := out.Message(nil, m)
			if !smaller {
				z = m
			}
			in, sent = in+len(m), sent+len(z)
		}
		require.Less(t, float64(sent)/float64(in), 0.3)
	}
}

func TestAMessageThatDoesNotGetSmallerIsLeftAlone(t *testing.T) {
	for _, dedicated := range []bool{false, true} {
		o := everything()
		o.Dedicated = dedicated
		s, c := o.ServerCodec(agreed(true, 15)), o.ClientCodec(agreed(true, 15))
		r := seeded()
		hello := quotes(r, 500)
		for range 3 {
			z, smaller := s.Out.Message([]byte("before"), hello)
			require.True(t, smaller)
			require.Equal(t, "before", string(z[:6]))
			require.Equal(t, hello, inflated(t, c.In, z[6:]))
			for _, n := range []int{0, 1, 20, 127, 128, 5000} {
				z, smaller = s.Out.Message([]byte("before"), noise(r, n))
				require.False(t, smaller)
				require.Equal(t, "before", string(z))
			}
		}
	}
}

func TestWhatIsBelowTheThresholdIsLeftAlone(t *testing.T) {
	zeros := make([]byte, 1000)
	for threshold, least := range map[int]int{0: 64, -1: 0, 10: 10, 999: 999} {
		o := deflate.Options{Threshold: threshold}
		out := o.ServerCodec(agreed(true, 15)).Out
		require.True(t, out.Wants(least))
		_, smaller := out.Message(nil, zeros[:max(least, 10)])
		require.True(t, smaller)
		if least > 0 {
			require.False(t, out.Wants(least-1))
			_, smaller = out.Message(nil, zeros[:least-1])
			require.False(t, smaller)
		}
	}
}

// What is compressed once for many is inflated by each, and can be pointed
// back to.
func TestAMessageCanBeCompressedOnceForMany(t *testing.T) {
	for _, dedicated := range []bool{false, true} {
		for _, takeover := range []bool{false, true} {
			o := everything()
			o.Dedicated = dedicated
			s, c := o.ServerCodec(agreed(takeover, 12)), o.ClientCodec(agreed(takeover, 12))
			require.Equal(t, s.Out.Variant(), o.ServerCodec(agreed(!takeover, 12)).Out.Variant())
			require.NotEqual(t, s.Out.Variant(), o.ServerCodec(agreed(takeover, 13)).Out.Variant())
			r := seeded()
			for _, n := range []int{100, 1000, 10000, 120, 500} {
				own, shared := quotes(r, n), quotes(r, n)
				z := s.Out.Piece(nil, own, true)
				require.Equal(t, own, inflated(t, c.In, z))
				z, smaller := s.Out.Variant().Message(nil, shared)
				if smaller {
					require.Equal(t, shared, inflated(t, c.In, z))
					s.Out.Sent(shared)
				}
				z = s.Out.Piece(nil, shared, true)
				require.Equal(t, shared, inflated(t, c.In, z))
				require.False(t, takeover && smaller && n == 1000 && len(z) > 40, "%d", len(z))
			}
		}
	}
}

// An empty piece in the middle says nothing, at the end it says the end.
func TestAStreamOfPiecesIsOneMessage(t *testing.T) {
	for _, takeover := range []bool{false, true} {
		s, c := everything().ServerCodec(agreed(takeover, 15)), everything().ClientCodec(agreed(takeover, 15))
		r := seeded()
		for range 5 {
			text := quotes(r, 10000)
			var z []byte
			c.In.Begin(-1)
			var got []byte
			for i := 0; i < len(text); {
				require.Empty(t, s.Out.Piece(nil, nil, false))
				n := min(len(text)-i, 1+r.IntN(400))
				z = s.Out.Piece(z[:0], text[i:i+n], false)
				i += n
				// All of it arrives before the message is over.
				c.In.Feed(z, false)
				for {
					p, end, err := c.In.Next()
					require.NoError(t, err)
					require.False(t, end)
					if len(p) == 0 {
						break
					}
					got = append(got, p...)
				}
				require.Equal(t, string(text[:i]), string(got))
			}
			c.In.Feed(s.Out.Piece(nil, nil, true), true)
			p, end, err := c.In.Next()
			require.NoError(t, err)
			require.True(t, end)
			require.Empty(t, p)
		}
	}
}

// What the connections lend each other stays apart.
func TestSharedCompressorsServeManyAtATime(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			o := everything()
			p := agreed(i%2 == 0, 8+i%8)
			s, c := o.ServerCodec(p), o.ClientCodec(p)
			r := rand.New(rand.NewPCG(uint64(i), 0))
			for range 30 {
				m := quotes(r, 1+r.IntN(3000))
				z, smaller := s.Out.Message(nil, m)
				if !smaller {
					continue
				}
				got, err := inflate(c.In, z, 1+r.IntN(2000), -1)
				if err != nil || !bytes.Equal(m, got) {
					t.Errorf("codec %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
}
