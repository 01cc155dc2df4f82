package server_test

import (
	"context"
	"crypto/tls"
	"net"
	"testing"

	"github.com/bellwire/bellwire/server"
	"github.com/bellwire/bellwire/wstest"
	"github.com/stretchr/testify/require"
)

func TestBothDoorsAreConformant(t *testing.T) {
	eachDoor(t, func(t *testing.T, open opener) {
		p := open(t, echo, server.Options{Logger: quiet})
		wstest.Conformance(t, func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", p.addr)
		})
	})
}

func TestAServerBehindTLSIsConformant(t *testing.T) {
	s, _ := newServer(t, echo, server.Options{Logger: quiet})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	serve(t, s, tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{certificate()}}))
	d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
	wstest.Conformance(t, func(ctx context.Context) (net.Conn, error) {
		return d.DialContext(ctx, "tcp", l.Addr().String())
	})
}
