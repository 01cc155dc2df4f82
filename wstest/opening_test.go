package wstest

import (
	"crypto/tls"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

type addressed struct {
	net.Conn
	remote net.Addr
}

func (a addressed) RemoteAddr() net.Addr { return a.remote }

func TestARequestNamesTheServerThatWasDialed(t *testing.T) {
	pipe, _ := NetPipe()
	over := addressed{pipe, &net.TCPAddr{IP: net.IPv6loopback, Port: 8080}}
	for _, test := range []struct {
		name         string
		nc           net.Conn
		scheme, host string
	}{
		{"memory", pipe, "http", "localhost"},
		{"TCP", over, "http", "[::1]:8080"},
		{"TLS", tls.Client(over, &tls.Config{}), "https", "[::1]:8080"},
		{"no address", addressed{Conn: pipe}, "http", "localhost"},
	} {
		r := newRequest(test.nc)
		require.Equal(t, test.scheme, r.scheme, test.name)
		require.Equal(t, test.host, r.host, test.name)
		require.Equal(t, test.host, r.value("Host"), test.name)
	}
	require.Equal(t, "::1", hostname("[::1]:8080"))
	require.Equal(t, "localhost", hostname("localhost"))
}
