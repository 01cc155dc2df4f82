package interop

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/server"
	"github.com/stretchr/testify/require"
)

// longest is the longest reason there can be: 123 octets (RFC 6455 §5.5.1).
var longest = strings.Repeat("é", 61) + "!"

// A closing is one way of saying goodbye.
type closing struct {
	code   frame.Code
	reason string
	need   able
}

var closings = []closing{
	{frame.Normal, "", 0},
	{frame.Normal, "that is all", 0},
	{3000, "registered", 0},
	{4999, longest, 0},
	{frame.GoingAway, "elsewhere", anyCode},
	{frame.Policy, "über the top", anyCode},
	{frame.NoStatus, "", bareClose},
}

func TestTheirCloseReachesUsWithCodeAndReason(t *testing.T) {
	eachPairing(t, 0, setup{}, func(t *testing.T, p *pairing) {
		for _, c := range closings {
			if p.peer.can&c.need != c.need {
				continue
			}
			l := p.connect(t)
			code := int(c.code)
			if c.code == frame.NoStatus {
				code = 0
			}
			l.do(t, command{Do: "close", Code: code, Reason: c.reason})
			end := l.end(t)
			require.Equal(t, conn.CloseError{Code: c.code, Reason: c.reason, Remote: true, Clean: true}, *end)
			require.ErrorIs(t, end, net.ErrClosed)
			require.ErrorIs(t, end, c.code)
			e := l.expect(t, "closed")
			require.Equal(t, int(c.code), e.Code, "the echo of the code: %v", e)
			require.True(t, e.Clean, "%v", e)
		}
	})
}

func TestOurCloseReachesThemWithCodeAndReason(t *testing.T) {
	more := append(closings, closing{frame.ServiceRestart, "back soon", 0}, closing{frame.Internal, "", 0})
	eachPairing(t, 0, setup{}, func(t *testing.T, p *pairing) {
		for _, c := range more {
			l := p.connect(t)
			require.NoError(t, l.ours.Close(bounded(t), c.code, c.reason))
			e := l.expect(t, "closed")
			require.Equal(t, int(c.code), e.Code, "%v", e)
			require.Equal(t, c.reason, e.Reason)
			require.True(t, e.Clean, "%v", e)
			end := l.end(t)
			require.True(t, end.Clean)
			require.False(t, end.Remote)
			require.Equal(t, c.code, end.Code)
		}
	})
}

// What was written before Close arrives before the end does.
func TestNothingIsLostBeforeOurClose(t *testing.T) {
	eachPairing(t, 0, setup{}, func(t *testing.T, p *pairing) {
		l := p.connect(t)
		want := sample(conn.Binary, 300000)
		require.NoError(t, l.ours.Write(bounded(t), conn.Binary, want))
		require.NoError(t, l.ours.WriteText(bounded(t), "the end"))
		require.NoError(t, l.ours.Close(bounded(t), frame.Normal, ""))
		l.wantTheirs(t, conn.Binary, want)
		l.wantTheirs(t, conn.Text, []byte("the end"))
		require.Equal(t, 1000, l.expect(t, "closed").Code)
	})
}

func TestAConnectionTheyDropIsAbnormalToUs(t *testing.T) {
	eachPairing(t, drops, setup{}, func(t *testing.T, p *pairing) {
		l := p.connect(t)
		l.do(t, command{Do: "drop"})
		end := l.end(t)
		require.Equal(t, frame.Abnormal, end.Code)
		require.False(t, end.Clean)
		require.True(t, end.Remote)
		require.Error(t, end.Cause)
	})
}

func TestAConnectionWeDropIsAbnormalToThem(t *testing.T) {
	eachPairing(t, 0, setup{}, func(t *testing.T, p *pairing) {
		l := p.connect(t)
		require.NoError(t, l.ours.CloseNow())
		e := l.expect(t, "closed")
		require.Equal(t, 1006, e.Code, "%v", e)
		require.False(t, e.Clean, "%v", e)
	})
}

func TestWhatOurHandlerReturnsIsTheirCloseCode(t *testing.T) {
	for name, c := range map[string]struct {
		returned error
		code     int
		reason   string
	}{
		"nothing": {nil, 1000, ""},
		"abort":   {conn.Abort(4001, "quota exceeded"), 4001, "quota exceeded"},
		"error":   {errors.New("the password of the database is 123"), 1011, ""},
	} {
		eachClient(t, name, nil, func() error { return c.returned }, func(t *testing.T, p *theirs, url string, _ *held) {
			p.ask(t, command{Do: "dial", URL: url}, "open")
			e := p.expect(t, "closed")
			require.Equal(t, c.code, e.Code, "%v", e)
			require.True(t, e.Clean, "%v", e)
			require.NotContains(t, e.Reason, "password")
			if c.reason != "" {
				require.Equal(t, c.reason, e.Reason)
			}
		})
	}
}

func TestOurShutdownTellsThemThatWeGoAway(t *testing.T) {
	eachClient(t, "shutdown", nil, nil, func(t *testing.T, p *theirs, url string, h *held) {
		p.ask(t, command{Do: "dial", URL: url}, "open")
		c := h.next(t)
		go func() {
			for range c.Messages(context.Background()) {
			}
		}()
		require.NoError(t, h.group.Shutdown(bounded(t), server.Drain{Code: frame.GoingAway, Reason: "until tomorrow"}))
		e := p.expect(t, "closed")
		require.Equal(t, 1001, e.Code, "%v", e)
		require.Equal(t, "until tomorrow", e.Reason)
		require.True(t, e.Clean, "%v", e)
		require.Zero(t, h.group.Len())
	})
}

// eachClient runs f with each counterpart that is a client and each of our
// servers, in a group of its own, whose handler returns what verdict says.
func eachClient(t *testing.T, name string, group func() *server.Group, verdict func() error,
	f func(t *testing.T, p *theirs, url string, h *held)) {
	for _, other := range peers {
		if other.client == nil {
			continue
		}
		for _, w := range ways {
			t.Run(name+"/"+other.name+"/client to our "+w.name, func(t *testing.T) {
				p := other.client(t)
				var o server.Options
				o.Handshake.Origins = other.origins(t)
				if group != nil {
					o.Group = group()
				}
				h := hold(t, w, o, verdict)
				f(t, p, "ws://"+h.addr+"/", h)
			})
		}
	}
}
