//go:build interop

package interop

import (
	"net"
	"net/http"
	"testing"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/server"
	"github.com/stretchr/testify/require"
)

// What only a browser does. Its part in the conversations that every
// counterpart has is in the other files.

// servePage serves the page that is a peer and, at /ws, a WebSocket. Both are
// of one origin.
func servePage(t *testing.T) *held {
	page := way{"page", func(t *testing.T, l net.Listener, f server.Func, o server.Options) {
		u, err := server.NewUpgrader(o)
		require.NoError(t, err)
		mux := http.NewServeMux()
		mux.Handle("/ws", u.Handler(f))
		mux.Handle("/", http.FileServer(http.Dir("testdata")))
		serveHTTP(t, l, mux)
	}}
	return hold(t, page, server.Options{}, nil)
}

func TestAPageOfTheServersOwnOriginConnects(t *testing.T) {
	h := servePage(t)
	page := startChild(t, nodePath, "js/page.js", browserEndpoint(t), "http://"+h.addr+"/page.html")
	page.ask(t, command{Do: "dial", URL: "ws://" + h.addr + "/ws"}, "open")
	c := h.next(t)
	require.NoError(t, c.WriteText(bounded(t), "welcome"))
	require.Equal(t, "welcome", string(page.expect(t, "message").Data))
	page.do(t, command{Do: "send", Type: "text", Data: []byte("thank you")})
	m, err := c.Read(bounded(t))
	require.NoError(t, err)
	require.Equal(t, "thank you", string(m.Data))
	require.NoError(t, c.Close(bounded(t), frame.Normal, ""))
	require.True(t, page.expect(t, "closed").Clean)
	require.Empty(t, page.ask(t, command{Do: "complaints"}, "complaints").Text)
}

func TestAPageOfAnotherOriginCannotConnect(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			h := hold(t, w, server.Options{}, nil)
			e := newPage(t).ask(t, command{Do: "dial", URL: "ws://" + h.addr + "/"}, "failed")
			require.Equal(t, 1006, e.Code)
			require.Empty(t, h.conns)
		})
	}
}

func TestLeavingAPageSaysThatItGoesAway(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			var s setup
			for _, p := range peers {
				if p.page == nil {
					continue
				}
				l := pairServer(t, p, w, s).connect(t)
				l.do(t, command{Do: "leave"})
				end := l.end(t)
				require.ErrorIs(t, end, frame.GoingAway)
				require.True(t, end.Remote)
				require.True(t, end.Clean)
			}
		})
	}
}

// A browser that has asked for a subprotocol insists on one.
func TestAPageWithoutACommonSubprotocolGivesUp(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			origins, err := handshake.AllowOrigins(pageOrigin(t))
			require.NoError(t, err)
			h := hold(t, w, server.Options{Handshake: handshake.Policy{Origins: origins, Subprotocols: []string{"c"}}}, nil)
			e := newPage(t).ask(t, command{Do: "dial", URL: "ws://" + h.addr + "/", Protocols: []string{"a"}}, "failed")
			require.Equal(t, 1006, e.Code)
		})
	}
}

func TestAPageHasNothingToComplainAbout(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			origins, err := handshake.AllowOrigins(pageOrigin(t))
			require.NoError(t, err)
			h := hold(t, w, server.Options{Handshake: handshake.Policy{Origins: origins, Subprotocols: []string{"b"}}}, nil)
			page := newPage(t)
			e := page.ask(t, command{Do: "dial", URL: "ws://" + h.addr + "/", Protocols: []string{"a", "b"}}, "open")
			require.Equal(t, "b", e.Protocol)
			c := h.next(t)
			for _, typ := range []conn.Type{conn.Text, conn.Binary} {
				for _, size := range []int{0, 1<<16 + 1, 1 << 20} {
					want := sample(typ, size)
					page.do(t, command{Do: "send", Type: typeName(typ), Data: want})
					m, err := c.Read(bounded(t))
					require.NoError(t, err)
					wantMessage(t, typeName(m.Type), m.Data, typ, want)
					require.NoError(t, c.Write(bounded(t), m.Type, m.Data))
					back := page.expect(t, "message")
					wantMessage(t, back.Type, back.Data, typ, want)
				}
			}
			page.do(t, command{Do: "close", Code: 3001, Reason: "that was all"})
			_, err = c.Read(bounded(t))
			require.ErrorIs(t, err, frame.Code(3001))
			require.True(t, page.expect(t, "closed").Clean)
			require.Empty(t, page.ask(t, command{Do: "complaints"}, "complaints").Text)
		})
	}
}
