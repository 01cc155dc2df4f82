package interop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/stretchr/testify/require"
)

// An identity is a self-signed certificate for 127.0.0.1 and its key, in PEM.
// A nil one stands for no TLS at all.
type identity struct{ public, private string }

func newIdentity(t *testing.T) *identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return &identity{
		public:  string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		private: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})),
	}
}

func (id *identity) scheme() string {
	if id == nil {
		return "ws"
	}
	return "wss"
}

// listen is the listener of a server with this identity.
func (id *identity) listen(t *testing.T) net.Listener {
	t.Helper()
	l := listenTCP(t)
	if id == nil {
		return l
	}
	pair, err := tls.X509KeyPair([]byte(id.public), []byte(id.private))
	require.NoError(t, err)
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}})
}

// trust is the configuration of a client that trusts this identity.
func (id *identity) trust() *tls.Config {
	if id == nil {
		return nil
	}
	return trusting(id.public)
}

func TestConversationsOverTLS(t *testing.T) {
	eachPairing(t, 0, setup{ours: roomy, tls: newIdentity(t)}, func(t *testing.T, p *pairing) {
		l := p.connect(t)
		for _, size := range []int{0, 125, 65536, 1<<20 + 1} {
			want := sample(conn.Binary, size)
			l.do(t, command{Do: "send", Type: "binary", Data: want})
			l.wantOurs(t, conn.Binary, want)
			require.NoError(t, l.ours.Write(bounded(t), conn.Binary, want))
			l.wantTheirs(t, conn.Binary, want)
		}
		require.NoError(t, l.ours.Close(bounded(t), 3000, "ours"))
		e := l.expect(t, "closed")
		require.Equal(t, 3000, e.Code, "%v", e)
		require.Equal(t, "ours", e.Reason)
		require.True(t, e.Clean, "%v", e)

		l = p.connect(t)
		l.do(t, command{Do: "close", Code: 3001, Reason: "theirs"})
		require.Equal(t, conn.CloseError{Code: 3001, Reason: "theirs", Remote: true, Clean: true}, *l.end(t))
		e = l.expect(t, "closed")
		require.Equal(t, 3001, e.Code, "%v", e)
		require.True(t, e.Clean, "%v", e)

		l = p.connect(t)
		require.NoError(t, l.ours.CloseNow())
		require.Equal(t, 1006, l.expect(t, "closed").Code)

		if p.peer.can&drops != 0 {
			l = p.connect(t)
			l.do(t, command{Do: "drop"})
			require.ErrorIs(t, l.end(t), frame.Abnormal)
		}
	})
}
