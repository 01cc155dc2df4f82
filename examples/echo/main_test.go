package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/server"
)

func TestEchoSendsEveryMessageBackAsItCame(t *testing.T) {
	s := httptest.NewServer(server.Handler(echo))
	defer s.Close()
	c, err := client.Dial(t.Context(), s.URL, nil)
	require.NoError(t, err)
	for _, m := range []conn.Message{
		{Type: conn.Text, Data: []byte("Grüße")},
		{Type: conn.Binary, Data: []byte{0, 255}},
		{Type: conn.Text, Data: []byte{}},
		{Type: conn.Binary, Data: []byte(strings.Repeat("x", 100_000))},
	} {
		require.NoError(t, c.Write(t.Context(), m.Type, m.Data))
		got, err := c.Read(t.Context())
		require.NoError(t, err)
		require.Equal(t, m, got)
	}
	require.NoError(t, c.Close(t.Context(), frame.Normal, "bye"))
}
