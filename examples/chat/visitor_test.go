package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
)

// open opens a chat and returns its URL. The buffers of its sockets are small,
// so that a reader that is slow is felt soon.
func open(t *testing.T) string {
	t.Helper()
	h, err := newRoom().routes()
	require.NoError(t, err)
	s := httptest.NewUnstartedServer(h)
	s.Config.ConnState = func(nc net.Conn, state http.ConnState) {
		if state == http.StateNew {
			_ = nc.(*net.TCPConn).SetWriteBuffer(4 << 10)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s.URL + "/ws"
}

// visitor is a page, as the server sees it.
type visitor struct {
	t *testing.T
	c *conn.Conn
}

// visit connects, and says nothing yet.
func visit(t *testing.T, url string) *visitor {
	t.Helper()
	c, err := client.Dial(t.Context(), url, &client.Options{
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := new(net.Dialer).DialContext(ctx, network, addr)
			if err == nil {
				err = nc.(*net.TCPConn).SetReadBuffer(4 << 10)
			}
			return nc, err
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() { c.CloseNow() })
	require.NoError(t, c.SetReadDeadline(time.Now().Add(30*time.Second)))
	return &visitor{t, c}
}

// enter connects and joins, and returns the welcome.
func enter(t *testing.T, url, name string) (*visitor, event) {
	t.Helper()
	v := visit(t, url)
	v.sends(command{Type: "join", Name: name, Key: "key of " + name})
	return v, v.gets("welcome")
}

func (v *visitor) sends(cmd command) {
	v.t.Helper()
	b, err := json.Marshal(cmd)
	require.NoError(v.t, err)
	require.NoError(v.t, v.c.Write(v.t.Context(), conn.Text, b))
}

func (v *visitor) says(text string) {
	v.t.Helper()
	v.sends(command{Type: "say", Text: text})
}

// gets returns the next event, which must be of that type.
func (v *visitor) gets(typ string) event {
	v.t.Helper()
	m, err := v.c.Read(v.t.Context())
	require.NoError(v.t, err)
	require.Equal(v.t, conn.Text, m.Type)
	var e event
	require.NoError(v.t, json.Unmarshal(m.Data, &e))
	require.Equal(v.t, typ, e.Type, "%s", m.Data)
	return e
}

// isSentAway expects the end of the connection, and returns the reason.
func (v *visitor) isSentAway(code frame.Code) string {
	v.t.Helper()
	_, err := v.c.Read(v.t.Context())
	var end *conn.CloseError
	require.ErrorAs(v.t, err, &end)
	require.Equal(v.t, code, end.Code, "%v", err)
	return end.Reason
}
