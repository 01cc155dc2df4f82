package interop

import (
	"testing"
	"time"

	"github.com/bellwire/bellwire/conn"
	"github.com/stretchr/testify/require"
)

func TestTheyAnswerOurPings(t *testing.T) {
	eachPairing(t, 0, setup{}, func(t *testing.T, p *pairing) {
		l := p.connect(t)
		for range 3 {
			rtt, err := l.ours.Ping(bounded(t))
			require.NoError(t, err)
			require.Positive(t, rtt)
		}
		require.Positive(t, l.ours.Stats().RTT)
	})
}

func TestWeAnswerTheirPingsWithTheSameOctets(t *testing.T) {
	eachPairing(t, pings, setup{}, func(t *testing.T, p *pairing) {
		l := p.connect(t)
		for _, size := range []int{1, 4, 124, 125} {
			want := sample(conn.Binary, size)
			e := l.ask(t, command{Do: "ping", Data: want}, "pong")
			require.Equal(t, want, e.Data)
		}
	})
}

func TestOurKeepaliveIsAnsweredAgainAndAgain(t *testing.T) {
	s := setup{ours: conn.Options{Keepalive: conn.Keepalive{Interval: 20 * time.Millisecond, Timeout: time.Second}}}
	eachPairing(t, 0, s, func(t *testing.T, p *pairing) {
		t.Parallel()
		l := p.connect(t)
		for range 2 {
			select {
			case <-p.seen.pongs:
			case err := <-l.ended:
				t.Fatalf("our connection has ended: %v\n%s", err, l.log())
			case <-bounded(t).Done():
				t.Fatalf("our keepalive is not answered\n%s", l.log())
			}
		}
		require.NoError(t, l.ours.Err())
		require.Positive(t, l.ours.Stats().RTT)
	})
}
