package interop

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/conn"
	"github.com/stretchr/testify/require"
)

// sizes are those around which the form of a frame's length changes, and
// beyond what fits one read.
var sizes = []int{0, 1, 125, 126, 65535, 65536, 1 << 20, 1<<20 + 1}

// roomy lets messages through that are larger than the default allows.
var roomy = conn.Options{Limits: conn.Limits{MaxMessage: 4 << 20}}

// sample makes a message of n octets. Text has characters of every length.
func sample(t conn.Type, n int) []byte {
	if t == conn.Text {
		whole := strings.Repeat("aé€😀", n/10)
		return []byte(whole + strings.Repeat("z", n-len(whole)))
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return b
}

func typeName(t conn.Type) string {
	if t == conn.Text {
		return "text"
	}
	return "binary"
}

// wantMessage fails the test unless what arrived is what was sent.
func wantMessage(t *testing.T, gotType string, got []byte, typ conn.Type, want []byte) {
	t.Helper()
	if gotType != typeName(typ) || !bytes.Equal(got, want) {
		t.Fatalf("got %s of %d octets (%.40q...), want %s of %d octets (%.40q...)",
			gotType, len(got), got, typeName(typ), len(want), want)
	}
}

func (l *link) wantTheirs(t *testing.T, typ conn.Type, want []byte) {
	t.Helper()
	e := l.expect(t, "message")
	wantMessage(t, e.Type, e.Data, typ, want)
}

func (l *link) wantOurs(t *testing.T, typ conn.Type, want []byte) {
	t.Helper()
	m := l.receive(t)
	wantMessage(t, typeName(m.Type), m.Data, typ, want)
}

func TestMessagesOfEverySizeArriveUnchangedBothWays(t *testing.T) {
	eachPairing(t, 0, setup{ours: roomy}, func(t *testing.T, p *pairing) {
		l := p.connect(t)
		for _, typ := range []conn.Type{conn.Text, conn.Binary} {
			for _, size := range sizes {
				want := sample(typ, size)
				l.do(t, command{Do: "send", Type: typeName(typ), Data: want})
				l.wantOurs(t, typ, want)
				require.NoError(t, l.ours.Write(bounded(t), typ, want))
				l.wantTheirs(t, typ, want)
			}
		}
	})
}

func TestFragmentsOfTheirsAreOneMessageToUs(t *testing.T) {
	eachPairing(t, fragments, setup{}, func(t *testing.T, p *pairing) {
		l := p.connect(t)
		for _, typ := range []conn.Type{conn.Text, conn.Binary} {
			before := p.seen.continuations.Load()
			// Larger than what any of them collects before it sends.
			parts := [][]byte{sample(typ, 5000), sample(typ, 70000), sample(typ, 5001)}
			l.do(t, command{Do: "fragments", Type: typeName(typ), Parts: parts})
			l.wantOurs(t, typ, bytes.Join(parts, nil))
			require.Greater(t, p.seen.continuations.Load(), before, "there was a single frame")
			// The ping came between the fragments and was answered.
			require.Equal(t, "between", string(l.expect(t, "pong").Data))
		}
	})
}

func TestFragmentsOfOursAreOneMessageToThem(t *testing.T) {
	eachPairing(t, 0, setup{}, func(t *testing.T, p *pairing) {
		l := p.connect(t)
		for _, typ := range []conn.Type{conn.Text, conn.Binary} {
			want := sample(typ, 5000)
			w, err := l.ours.Writer(bounded(t), typ)
			require.NoError(t, err)
			// One octet is a fragment, and cuts a character of the text in two.
			for _, cut := range [][]byte{want[:1], want[1:2], want[2:2], want[2:4999], want[4999:]} {
				_, err = w.Write(cut)
				require.NoError(t, err)
				require.NoError(t, w.Flush())
			}
			require.NoError(t, w.Close())
			l.wantTheirs(t, typ, want)
		}
	})
}

func TestAStreamOfOursArrivesWhole(t *testing.T) {
	eachPairing(t, 0, setup{}, func(t *testing.T, p *pairing) {
		l := p.connect(t)
		want := sample(conn.Binary, 1<<20+12345)
		w, err := l.ours.Writer(bounded(t), conn.Binary)
		require.NoError(t, err)
		n, err := w.ReadFrom(bytes.NewReader(want))
		require.NoError(t, err)
		require.EqualValues(t, len(want), n)
		require.NoError(t, w.Close())
		l.wantTheirs(t, conn.Binary, want)
	})
}

func TestManyMessagesBothWaysAtOnceKeepTheirOrder(t *testing.T) {
	const count = 2000
	text := func(who string, i int) []byte {
		return fmt.Appendf(nil, "%s %d %s", who, i, strings.Repeat("x", i%300))
	}
	eachPairing(t, 0, setup{}, func(t *testing.T, p *pairing) {
		l := p.connect(t)
		done := make(chan error, 1)
		go func() {
			for i := range count {
				if err := l.ours.Write(bounded(t), conn.Text, text("ours", i)); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
		for i := range count {
			l.do(t, command{Do: "send", Type: "text", Data: text("theirs", i)})
		}
		for i := range count {
			l.wantOurs(t, conn.Text, text("theirs", i))
		}
		for i := range count {
			l.wantTheirs(t, conn.Text, text("ours", i))
		}
		require.NoError(t, <-done)
		require.NoError(t, l.ours.Flush(bounded(t))) // they may have the last ones before we have counted them
		require.EqualValues(t, count, l.ours.Stats().MessagesIn)
		require.EqualValues(t, count, l.ours.Stats().MessagesOut)
	})
}

// Every counterpart offers compression as a client and accepts it as a
// server; without it, what compresses best has its full size on the wire.
func TestCompressionIsDeclinedAndNothingIsCompressed(t *testing.T) {
	eachPairing(t, 0, setup{}, func(t *testing.T, p *pairing) {
		l := p.connect(t)
		require.Empty(t, l.open.Extensions)
		want := bytes.Repeat([]byte("a"), 10000)
		l.do(t, command{Do: "send", Type: "text", Data: want})
		l.wantOurs(t, conn.Text, want)
		require.NoError(t, l.ours.Write(bounded(t), conn.Text, want))
		l.wantTheirs(t, conn.Text, want)
		require.Zero(t, p.seen.reserved.Load(), "a frame with a reserved bit, which says that it is compressed")
		require.Greater(t, l.ours.Stats().WireIn, uint64(len(want)))
	})
}
