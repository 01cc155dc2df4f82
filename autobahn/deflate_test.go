package autobahn

import (
	"bytes"
	"compress/flate"
	"context"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/wstest"
)

func TestWhatIsCompressedComesBackFromBothInflaters(t *testing.T) {
	for name, load := range dataSets {
		for _, bits := range []int{8, 9, 14, 15} {
			for _, noTakeover := range []bool{false, true} {
				d := direction{noTakeover, bits}
				t.Run(fmt.Sprintf("%s/%+v", name, d), func(t *testing.T) {
					zip, ours := newCompressor(d), newInflate(d)
					var all bytes.Buffer // for an inflater that is not ours
					theirs := flate.NewReader(&all)
					set, at := load(), 0
					for _, n := range []int{16, 700, 1, 16, 35000, 300, 16, 50000} {
						var p []byte
						p, at = set.piece(at, n)
						z := zip.compress(p)
						got, err := ours.message(z, maxMessage)
						require.NoError(t, err)
						require.True(t, bytes.Equal(p, got))
						if noTakeover {
							theirs = flate.NewReader(&all)
						}
						all.Write(z)
						all.WriteString("\x00\x00\xff\xff")
						got = make([]byte, len(p))
						_, err = io.ReadFull(theirs, got)
						require.NoError(t, err)
						require.True(t, bytes.Equal(p, got))
						if noTakeover {
							all.Reset()
						}
					}
				})
			}
		}
	}
}

func TestTheInflaterUnderstandsEveryKindOfBlock(t *testing.T) {
	set := dataSets["prose"]()
	for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
		var b bytes.Buffer
		w, err := flate.NewWriter(&b, level)
		require.NoError(t, err)
		_, _ = w.Write(set.octets)
		require.NoError(t, w.Flush())
		got, err := newInflate(direction{bits: 15}).message(b.Bytes()[:b.Len()-4], maxMessage)
		require.NoError(t, err, "level %d", level)
		require.True(t, bytes.Equal(set.octets, got), "level %d", level)
	}
}

func TestTheInflaterSeesAPeerLookBeyondItsWindow(t *testing.T) {
	far := append(bytes.Repeat([]byte("0123456789abcdef"), 1), dataSets["picture"]().octets[3000:3600]...)
	far = append(far, "0123456789abcdef"...)
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 9)
	require.NoError(t, err)
	_, _ = w.Write(far)
	require.NoError(t, w.Flush())
	for bits := 8; bits <= 15; bits++ {
		got, err := newInflate(direction{bits: bits}).message(b.Bytes()[:b.Len()-4], maxMessage)
		if bits < 10 { // the distance is 616 octets
			require.ErrorContains(t, err, "a distance of 616", "%d bits", bits)
		} else {
			require.NoError(t, err)
			require.Equal(t, far, got)
		}
	}
}

func TestTheInflaterRefusesDamagedData(t *testing.T) {
	good := newCompressor(direction{bits: 15}).compress(dataSets["html"]().octets[:5000])
	d := dice(7)
	for range 3000 {
		bad := bytes.Clone(good)
		bad[d.roll(len(bad))] ^= byte(1 + d.roll(255))
		out, err := newInflate(direction{bits: 9}).message(bad[:1+d.roll(len(bad))], 10000)
		if err == nil && len(out) > 10000 {
			t.Fatal("the limit was not kept")
		}
	}
	bomb := newCompressor(direction{bits: 15}).compress(make([]byte, 1<<20))
	_, err := newInflate(direction{bits: 15}).message(bomb, 1<<16)
	require.ErrorContains(t, err, "longer")
}

func TestTheDataSetsAreLikeTheOriginals(t *testing.T) {
	for name, want := range map[string]struct{ units, octets int }{
		"json": {194056, 194056}, "picture": {263222, 263222}, "prose": {222218, 222218},
		"html": {263620, 263647}, "pdf": {1042328, 1042328},
	} {
		set := dataSets[name]()
		require.Equal(t, want.octets, len(set.octets), name)
		require.Equal(t, want.units, set.units(), name)
		require.Equal(t, set.binary || utf8.Valid(set.octets), true, name)
	}
	prose := dataSets["prose"]().octets
	require.Equal(t, 7429, bytes.Count(prose, []byte("\n")))
	require.Equal(t, 2845+2, len(prose)-utf8.RuneCount(prose))
	for line := range bytes.SplitSeq(prose, []byte("\n")) {
		require.LessOrEqual(t, utf8.RuneCount(line), 82)
	}
}

func TestTheDataSetsCompressLikeTheOriginals(t *testing.T) {
	const L = 16384 // where the ratios have settled
	for name, want := range map[string]struct{ with, without float64 }{
		"json": {.04, .05}, "picture": {.85, .87}, "prose": {.39, .43}, "html": {.06, .07}, "pdf": {.79, .82},
	} {
		set := dataSets[name]()
		for noTakeover, want := range map[bool]float64{false: want.with, true: want.without} {
			zip, at, in, out := newCompressor(direction{noTakeover, 15}), 0, 0, 0
			for range set.units() / L {
				var p []byte
				p, at = set.piece(at, L)
				in += len(p)
				out += len(zip.compress(p))
			}
			require.InDelta(t, want, float64(out)/float64(in), .13, "%s, no takeover: %v", name, noTakeover)
		}
	}
}

func TestPiecesWalkAroundTheSet(t *testing.T) {
	set := dataSets["html"]()
	at, seen := 0, 0
	for range 50 {
		p, next := set.piece(at, 16384)
		require.Equal(t, 16384, utf8.RuneCount(p))
		at, seen = next, seen+16384
		require.Equal(t, seen%set.units(), at)
	}
}

// A zipPeer echoes compressed messages, in the way that a direction says.
type zipPeer struct {
	in    *inflate
	out   compressor
	final bool // messages end in a block that is marked as the last one
	swaps bool // text comes back as binary
}

func (z *zipPeer) serve(n *naive) {
	for {
		h, ok := parseHeader(n.in)
		if !ok {
			if !n.fill() {
				return
			}
			continue
		}
		n.in = n.in[h.spent:]
		p, ok := n.payload(h)
		if !ok {
			return
		}
		if h.opcode == opClose {
			n.close(p)
			return
		}
		if h.opcode != opContinuation {
			n.msg.octets, n.msg.compressed = nil, h.rsv == 4
		}
		if n.msg.octets = append(n.msg.octets, p...); !h.fin {
			continue
		}
		plain, err := z.in.message(n.msg.octets, maxMessage)
		if err != nil {
			n.fail(1007)
			return
		}
		op := byte(opText)
		if n.msg.binary || z.swaps {
			op = opBinary
		}
		n.write(frame{fin: true, rsv: 4, opcode: op, payload: z.compress(plain)}.encode(nil))
	}
}

func (z *zipPeer) compress(p []byte) []byte {
	if !z.final {
		return z.out.compress(p)
	}
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 6)
	_, _ = w.Write(p)
	_ = w.Close()
	return append(b.Bytes(), 0)
}

func TestCompressedCasesAreJudged(t *testing.T) {
	wide, narrow := direction{bits: 15}, direction{bits: 9}
	single := direction{noTakeover: true, bits: 15}
	for _, row := range []struct {
		name     string
		id       string
		agreed   deal
		peer     direction // how the peer compresses
		flaw     string    // a flaw of the peer's: final or swaps
		behavior Verdict
	}{
		{"text", "12.4.2", deal{mine: wide, theirs: wide}, wide, "", OK},
		{"binary", "12.2.2", deal{mine: wide, theirs: wide}, wide, "", OK},
		{"fragments", "13.1.11", deal{mine: wide, theirs: wide}, wide, "", OK},
		{"a small window", "13.3.3", deal{mine: narrow, theirs: narrow}, narrow, "", OK},
		{"no context takeover", "13.2.3", deal{mine: single, theirs: single}, single, "", OK},
		{"a window larger than agreed", "13.3.3", deal{mine: wide, theirs: narrow}, wide, "", Failed},
		{"context that was given up", "13.2.1", deal{mine: wide, theirs: single}, wide, "", Failed},
		{"text as binary", "12.4.1", deal{mine: wide, theirs: wide}, wide, "swaps", Failed},
		{"last blocks without takeover", "13.2.3", deal{mine: wide, theirs: single}, wide, "final", OK},
		{"last blocks with takeover", "13.1.3", deal{mine: wide, theirs: wide}, wide, "final", Failed},
	} {
		t.Run(row.name, func(t *testing.T) {
			cases, err := Select(row.id, "")
			require.NoError(t, err)
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := wstest.NetPipe()
				peer := &zipPeer{newInflate(row.agreed.mine), newCompressor(row.peer), row.flaw == "final", row.flaw == "swaps"}
				n := &naive{nc: theirs, server: true, flaw: checksMessages}
				go func() {
					peer.serve(n)
					_ = theirs.Close()
				}()
				r := conduct(context.Background(), newEndpoint(ours, true), cases[0], &row.agreed, nil)
				require.Equal(t, row.behavior, r.Behavior)
				if row.behavior == OK {
					require.Equal(t, OK, r.BehaviorClose)
				}
			})
		})
	}
}
