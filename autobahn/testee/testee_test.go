package testee_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/autobahn/testee"
	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/conn"
)

func TestTheServerSendsBackWhatItGets(t *testing.T) {
	s := httptest.NewServer(testee.Handler())
	defer s.Close()
	c, err := client.Dial(t.Context(), s.URL, nil)
	require.NoError(t, err)
	defer func() { _ = c.CloseNow() }()
	require.NoError(t, c.Write(t.Context(), conn.Binary, []byte("again")))
	m, err := c.Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, conn.Message{Type: conn.Binary, Data: []byte("again")}, m)
}

func TestTheClientSaysWhyItCannotPlay(t *testing.T) {
	s := httptest.NewServer(nil)
	require.ErrorContains(t, testee.Run(t.Context(), s.URL, "us", 1), "404")
	s.Close()
	require.Error(t, testee.Run(t.Context(), s.URL, "us", 1))

	echo := httptest.NewServer(testee.Handler()) // it says nothing by itself
	defer echo.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, testee.Run(ctx, echo.URL, "us", 1), context.Canceled)
}
