package deflate_test

import (
	"fmt"
	"testing"

	"github.com/bellwire/bellwire/deflate"
)

// What one message costs, of the kind of quotes: sizes that are common, with
// and without takeover, and with a window of 11 bits.
func BenchmarkCompress(b *testing.B) {
	for _, c := range benchCases() {
		b.Run(c.name, func(b *testing.B) {
			out := c.o.ServerCodec(c.p).Out
			messages, dst := benchMessages(c.size), []byte(nil)
			in, sent := 0, 0
			b.ReportAllocs()
			b.SetBytes(int64(c.size))
			b.ResetTimer()
			for i := range b.N {
				m := messages[i%len(messages)]
				var smaller bool
				if dst, smaller = out.Message(dst[:0], m); smaller {
					sent += len(dst)
				} else {
					sent += len(m)
				}
				in += len(m)
			}
			b.ReportMetric(float64(sent)/float64(in), "ratio")
		})
	}
}

func BenchmarkInflate(b *testing.B) {
	for _, c := range benchCases() {
		b.Run(c.name, func(b *testing.B) {
			// A round of messages, again and again: with takeover, the
			// second round would point back into the first, so that each
			// has a decompressor of its own.
			out := c.o.ServerCodec(c.p).Out
			var round [][]byte
			for _, m := range benchMessages(c.size) {
				round = append(round, out.Piece(nil, m, true))
			}
			d := c.o.ClientCodec(c.p).In
			b.ReportAllocs()
			b.SetBytes(int64(c.size))
			b.ResetTimer()
			for i := range b.N {
				if i%len(round) == 0 && c.p.Server.Takeover {
					b.StopTimer()
					d = c.o.ClientCodec(c.p).In
					b.StartTimer()
				}
				d.Begin(-1)
				d.Feed(round[i%len(round)], true)
				for {
					_, end, err := d.Next()
					if err != nil {
						b.Fatal(err)
					}
					if end {
						break
					}
				}
			}
		})
	}
}

type benchCase struct {
	name string
	size int
	o    deflate.Options
	p    deflate.Params
}

func benchCases() (cases []benchCase) {
	for _, size := range []int{100, 1 << 10, 16 << 10} {
		for _, c := range []benchCase{
			{"alone", size, deflate.Options{}, agreed(false, 15)},
			{"takeover", size, deflate.Options{}, agreed(true, 15)},
			{"takeover,bits=11", size, deflate.Options{}, agreed(true, 11)},
			{"takeover,dedicated", size, deflate.Options{Dedicated: true}, agreed(true, 15)},
			{"alone,level=5", size, deflate.Options{Level: 5}, agreed(false, 15)},
		} {
			c.name = fmt.Sprintf("size=%d/%s", size, c.name)
			cases = append(cases, c)
		}
	}
	return cases
}

func benchMessages(size int) [][]byte {
	r := seeded()
	messages := make([][]byte, 64)
	for i := range messages {
		messages[i] = quotes(r, size)
	}
	return messages
}
