//go:build !race

// The race detector drops what is pooled at random, so that nothing can be
// measured under it.

package deflate_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/deflate"
)

// occupied says how many octets of the heap a codec occupies after traffic.
func occupied(o *deflate.Options, p deflate.Params) float64 {
	const n = 16
	r := seeded()
	codecs := make([]*deflate.Codec, n)
	for i := range codecs {
		codecs[i] = o.ServerCodec(p)
		peer := o.ClientCodec(p)
		for range 50 {
			m := quotes(r, 1000)
			z := codecs[i].Out.Piece(nil, m, true)
			if _, err := inflate(peer.In, z, 1<<20, -1); err != nil {
				panic(err)
			}
			if _, err := inflate(codecs[i].In, peer.Out.Piece(nil, m, true), 1<<20, -1); err != nil {
				panic(err)
			}
		}
	}
	with := heap()
	runtime.KeepAlive(codecs)
	clear(codecs)
	return float64(with-heap()) / n
}

func heap() int64 {
	var m runtime.MemStats
	for range 3 { // what is in a pool survives one collection
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// What docs/performance.md says a connection occupies between messages.
func TestASilentConnectionKeepsItsWindowsAndNothingElse(t *testing.T) {
	for _, test := range []struct {
		name string
		o    deflate.Options
		p    deflate.Params
		most int
	}{
		{"takeover, 15 bits", deflate.Options{}, agreed(true, 15), 37 << 10},
		{"takeover, 13 bits", deflate.Options{}, agreed(true, 13), 13 << 10},
		{"takeover, 11 bits", deflate.Options{}, agreed(true, 11), 5 << 10},
		{"takeover, 9 bits", deflate.Options{}, agreed(true, 9), 2 << 10},
		{"no takeover", deflate.Options{}, agreed(false, 15), 512},
		{"a budget of 16 KiB", deflate.Options{MemoryPerConn: 16 << 10}, agreed(true, 13), 13 << 10},
		{"a budget of 33 KiB", deflate.Options{MemoryPerConn: 33 << 10}, agreed(true, 15), 33<<10 + 512},
		{"dedicated, 15 bits", deflate.Options{Dedicated: true}, agreed(true, 15), 1536<<10 + 32<<10},
		{"dedicated, level 9", deflate.Options{Dedicated: true, Level: 9}, agreed(true, 15), 1536<<10 + 32<<10},
		{"dedicated, 11 bits", deflate.Options{Dedicated: true}, agreed(true, 11), 1536<<10 + 32<<10},
	} {
		got := occupied(&test.o, test.p)
		t.Logf("%-20s %.0f octets", test.name, got)
		require.LessOrEqual(t, got, float64(test.most), test.name)
	}
}

func TestMessagesAllocateNothingInSteadyState(t *testing.T) {
	for _, dedicated := range []bool{false, true} {
		for _, takeover := range []bool{false, true} {
			o := everything()
			o.Dedicated = dedicated
			s, c := o.ServerCodec(agreed(takeover, 15)), o.ClientCodec(agreed(takeover, 15))
			messages := make([][]byte, 40)
			for i := range messages {
				messages[i] = quotes(seeded(), 100+50*i)
			}
			var z []byte
			i := 0
			one := func() {
				m := messages[i%len(messages)]
				i++
				z = s.Out.Piece(z[:0], m, true)
				c.In.Begin(1 << 20)
				c.In.Feed(z, true)
				for {
					_, end, err := c.In.Next()
					if end || err != nil {
						break
					}
				}
			}
			for range 200 { // until the window has its size
				one()
			}
			require.Less(t, testing.AllocsPerRun(200, one), 1.0, "dedicated %v, takeover %v", dedicated, takeover)
		}
	}
}
