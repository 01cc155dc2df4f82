//go:build interop

package interop

import (
	"testing"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/stretchr/testify/require"
)

// The libraries in Go do not look at text.
func TestWeLearnThatOurTextWasNotUTF8(t *testing.T) {
	s := setup{ours: conn.Options{Tolerate: conn.Tolerate{InvalidUTF8: true}}}
	eachPairing(t, checksText, s, func(t *testing.T, p *pairing) {
		l := p.connect(t)
		require.NoError(t, l.ours.Write(bounded(t), conn.Text, []byte("caf\xe9")))
		end := l.end(t)
		want := frame.InvalidPayload
		if p.peer.name == "chromium" {
			want = frame.ProtocolError // that is what it says instead
		}
		require.ErrorIs(t, end, want)
		require.True(t, end.Remote)
		l.expect(t, "closed")
	})
}
