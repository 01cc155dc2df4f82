package deflate_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/deflate"
)

// agreed is an agreement with the same for both directions.
func agreed(takeover bool, bits int) deflate.Params {
	a := deflate.Agreed{Takeover: takeover, WindowBits: bits}
	return deflate.Params{Server: a, Client: a}
}

// everything makes options that compress whatever gets smaller, and inflate
// whatever there is.
func everything() *deflate.Options { return &deflate.Options{Threshold: -1, MaxRatio: -1} }

// inflate feeds a whole message in pieces of n octets.
func inflate(d *deflate.Decompressor, packed []byte, n int, limit int64) ([]byte, error) {
	d.Begin(limit)
	out := []byte{}
	for {
		piece := packed[:min(n, len(packed))]
		packed = packed[len(piece):]
		d.Feed(piece, len(packed) == 0)
		for {
			p, end, err := d.Next()
			if err != nil || end {
				return out, err
			}
			if len(p) == 0 {
				break
			}
			out = append(out, p...)
		}
		if len(packed) == 0 && len(piece) == 0 {
			return out, fmt.Errorf("the message has no end")
		}
	}
}

// inflated is inflate for what is valid.
func inflated(t testing.TB, d *deflate.Decompressor, packed []byte) []byte {
	t.Helper()
	got, err := inflate(d, packed, 1<<30, -1)
	require.NoError(t, err)
	return got
}

// quotes writes n octets of JSON, of a kind that many servers send.
func quotes(r *rand.Rand, n int) []byte {
	var b bytes.Buffer
	symbols := []string{"AAPL", "MSFT", "GOOG", "AMZN", "TSLA", "NVDA", "ORCL"}
	b.WriteString(`{"type":"update","channel":"quotes","items":[`)
	for b.Len() < n {
		fmt.Fprintf(&b, `{"id":%d,"symbol":%q,"price":%.2f,"size":%d,"side":"%s","at":"2026-03-%02dT%02d:%02d:%02d.%03dZ"},`,
			r.IntN(1e6), symbols[r.IntN(len(symbols))], r.Float64()*1000, r.IntN(1000),
			[]string{"buy", "sell"}[r.IntN(2)], 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1000))
	}
	return b.Bytes()[:n]
}

// noise is what cannot be compressed.
func noise(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func seeded() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }
