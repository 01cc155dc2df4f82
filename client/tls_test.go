package client_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/conn"
)

// hello is a host behind TLS that passes on what its clients say first.
func hello(hellos chan<- *tls.ClientHelloInfo) host {
	return func(nc net.Conn) {
		tc := tls.Server(nc, &tls.Config{
			Certificates: []tls.Certificate{certificate().own},
			NextProtos:   []string{"h2", "http/1.1"},
			GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
				hellos <- h
				return nil, nil
			},
		})
		if tc.Handshake() == nil {
			echoes(tc)
		}
		tc.Close()
	}
}

func TestTheHelloNamesTheServer(t *testing.T) {
	for _, test := range []struct{ url, option, name string }{
		{"wss://example.com", "", "example.com"},
		{"https://example.com:8443", "", "example.com"},
		{"wss://10.1.2.3", "example.com", "example.com"},
		{"wss://127.0.0.1", "", ""}, // "Literal IPv4 and IPv6 addresses are not permitted" (RFC 6066 §3)
		{"wss://[::1%25eth0]", "", ""},
	} {
		hellos := make(chan *tls.ClientHelloInfo, 1)
		o := one(t, hello(hellos))
		o.TLS = trusting()
		o.TLS.ServerName = test.option
		requireEcho(t, dialled(t, test.url, o))
		h := <-hellos
		require.Equal(t, test.name, h.ServerName)
		require.Equal(t, []string{"http/1.1"}, h.SupportedProtos)
	}
}

func TestAConfigurationForHTTP2IsNoObstacle(t *testing.T) {
	// As one takes it from an http.Transport.
	o := one(t, hello(make(chan *tls.ClientHelloInfo, 1)))
	o.TLS = trusting()
	o.TLS.NextProtos = []string{"h2", "http/1.1"}
	c := dialled(t, "wss://example.com", o)
	require.Equal(t, "http/1.1", c.NetConn().(*tls.Conn).ConnectionState().NegotiatedProtocol)
	requireEcho(t, c)
	require.NoError(t, c.Close(t.Context(), 1000, ""))
}

func TestAServerOfHTTP2CanBeDialled(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nc, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprint(nc, switching(r))
		c, err := conn.New(nc, conn.Server, conn.Agreement{}, nil)
		if err != nil {
			return
		}
		for m, err := range c.Messages(t.Context()) {
			if err == nil {
				c.Write(t.Context(), m.Type, m.Data)
			}
		}
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	o := &client.Options{TLS: s.Client().Transport.(*http.Transport).TLSClientConfig}
	c := dialled(t, "wss://"+s.Listener.Addr().String(), o)
	requireEcho(t, c)
	require.NoError(t, c.Close(t.Context(), 1000, ""))
}

func TestACertificateThatDoesNotHoldIsNotTemporary(t *testing.T) {
	o := one(t, secured(echoes))
	e := refused(t, "wss://example.com", o) // nobody trusts the certificate
	require.Equal(t, client.TLS, e.Stage)
	require.False(t, e.Temporary(), "%v", e)
	_, ok := errors.AsType[x509.UnknownAuthorityError](e)
	require.True(t, ok)

	o.TLS = trusting()
	e = refused(t, "wss://other.example", o)
	require.Equal(t, client.TLS, e.Stage)
	require.False(t, e.Temporary(), "%v", e)
	_, ok = errors.AsType[x509.HostnameError](e)
	require.True(t, ok)
}

func TestAnErrorOfTLSIsTemporaryIfItIsTheNetworks(t *testing.T) {
	alert := func(nc net.Conn) {
		tls.Server(nc, &tls.Config{Certificates: []tls.Certificate{certificate().own}, MinVersion: tls.VersionTLS13}).Handshake()
	}
	for _, test := range []struct {
		name      string
		host      host
		temporary bool
	}{
		{"hangs up", leaves, true},
		{"is reset", func(nc net.Conn) { nc.(interface{ Reset() error }).Reset() }, true},
		{"speaks no TLS", greets("HTTP/1.1 400 Bad Request\r\n\r\n"), false},
		{"sends an alert", alert, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := one(t, test.host)
			o.TLS = trusting()
			o.TLS.MaxVersion = tls.VersionTLS12
			e := refused(t, "wss://example.com", o)
			require.Equal(t, client.TLS, e.Stage)
			require.Equal(t, test.temporary, e.Temporary(), "%v", e)
		})
	}
}
