package wstest_test

import (
	"net"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/wstest"
)

func TestPipeJoinsAServerAndAClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := wstest.Pipe(t, nil, &conn.Options{Limits: conn.Limits{MaxMessage: 3}})
		require.NoError(t, client.WriteText(t.Context(), "hello"))
		m, err := server.Read(t.Context())
		require.NoError(t, err)
		require.Equal(t, "hello", string(m.Data))

		require.NoError(t, server.WriteText(t.Context(), "hello"))
		_, err = client.Read(t.Context())
		var limit *conn.LimitError
		require.ErrorAs(t, err, &limit)
	})
}

func TestPipeClosesBothEndsWhenTheTestIsOver(t *testing.T) {
	var server, client *conn.Conn
	t.Run("", func(t *testing.T) { server, client = wstest.Pipe(t, nil, nil) })
	require.ErrorIs(t, server.Err(), net.ErrClosed)
	require.ErrorIs(t, client.Err(), net.ErrClosed)
}

func TestPipeRefusesWrongOptions(t *testing.T) {
	require.Contains(t, failing(t, func(t testing.TB) {
		wstest.Pipe(t, nil, &conn.Options{CloseTimeout: -1})
	}), "the options of the client: websocket: CloseTimeout is negative")
}

func TestAPeerTalksToAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tr := wstest.NewPeer(t, conn.Client)
		c, err := conn.New(tr, conn.Server, conn.Agreement{}, nil)
		require.NoError(t, err)
		go func() {
			for m := range c.Messages(t.Context()) {
				c.Write(t.Context(), m.Type, m.Data)
			}
		}()
		p.Text("hello")
		p.Expect(frame.Text, "hello")
		p.Ping("beat")
		p.Expect(frame.Pong, "beat")
		h, payload := p.ReadFrame() // keepalive, after a while
		require.Equal(t, frame.Ping, h.Opcode)
		p.Pong(string(payload))
		p.Close(frame.Normal, "bye")
		p.ExpectClose(frame.Normal)
		p.ExpectEOF()
	})
}
