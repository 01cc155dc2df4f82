//go:build interop

package interop

import (
	"context"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"text/template"
	"time"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/server"
	"github.com/stretchr/testify/require"
)

// A proxy is an nginx in front of a server of ours.
type proxy struct {
	Dir, Addr, Backend, Idle string
	TLS                      bool

	*child
	id *identity
}

// startNginx starts an nginx on a port of its own, in the foreground, with a
// configuration of its own.
func startNginx(t *testing.T, p *proxy) *proxy {
	t.Helper()
	p.Dir = t.TempDir()
	if p.Idle == "" {
		p.Idle = "60s"
	}
	l := listenTCP(t)
	p.Addr = l.Addr().String()
	if p.TLS {
		p.id = newIdentity(t)
		require.NoError(t, os.WriteFile(filepath.Join(p.Dir, "cert.pem"), []byte(p.id.public), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(p.Dir, "key.pem"), []byte(p.id.private), 0o600))
	}
	config, err := os.Create(filepath.Join(p.Dir, "nginx.conf"))
	require.NoError(t, err)
	require.NoError(t, template.Must(template.ParseFiles("testdata/nginx.conf")).Execute(config, p))
	require.NoError(t, config.Close())

	// nginx takes over the listener, as it does from a predecessor whose
	// program has been replaced. So nobody else can get the port in between,
	// and there is nothing to wait for.
	file, err := l.(*net.TCPListener).File()
	require.NoError(t, err)
	cmd := exec.Command(nginxPath, "-e", "stderr", "-p", p.Dir, "-c", config.Name())
	cmd.ExtraFiles = []*os.File{file}
	cmd.Env = append(os.Environ(), "NGINX=3;")
	p.child, err = spawn(cmd)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	require.NoError(t, l.Close())
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("nginx says:\n%s", p.said.String())
		}
	})
	return p
}

// options are those of a client of the proxy, which says that it is a page of
// the given origin.
func (p *proxy) options(origin string) *client.Options {
	o := &client.Options{TLS: p.id.trust(), Header: http.Header{}, Conn: roomy}
	if origin != "" {
		o.Header.Set("Origin", origin)
	}
	return o
}

func (p *proxy) url(path string) string { return p.id.scheme() + "://" + p.Addr + path }

// through connects by way of the proxy and returns both ends. Somebody reads
// the server's.
func (p *proxy) through(t *testing.T, h *held) (*conn.Conn, *link) {
	t.Helper()
	c, err := client.Dial(bounded(t), p.url("/"), p.options(""))
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.CloseNow() })
	l := &link{ours: h.next(t), theirs: &theirs{log: p.said.String},
		inbox: make(chan conn.Message, 16), ended: make(chan error, 1)}
	go l.read()
	return c, l
}

// eachProxy runs f with nginx in front of each of our servers, without TLS
// and with it.
func eachProxy(t *testing.T, o server.Options, f func(t *testing.T, p *proxy, h *held)) {
	for _, w := range ways {
		for name, secure := range map[string]bool{"ws": false, "wss": true} {
			t.Run(w.name+"/"+name, func(t *testing.T) {
				h := hold(t, w, o, nil)
				f(t, startNginx(t, &proxy{Backend: h.addr, TLS: secure}), h)
			})
		}
	}
}

func TestMessagesPassThroughNginxUnchanged(t *testing.T) {
	eachProxy(t, server.Options{Conn: roomy}, func(t *testing.T, p *proxy, h *held) {
		c, l := p.through(t, h)
		for _, size := range append(sizes, 4<<20) {
			want := sample(conn.Binary, size)
			// Too large for the sockets on the way: somebody must read.
			written := make(chan error, 1)
			go func() { written <- c.Write(bounded(t), conn.Binary, want) }()
			l.wantOurs(t, conn.Binary, want)
			require.NoError(t, <-written)
			go func() { written <- l.ours.Write(bounded(t), conn.Binary, want) }()
			m, err := c.Read(bounded(t))
			require.NoError(t, err)
			wantMessage(t, typeName(m.Type), m.Data, conn.Binary, want)
			require.NoError(t, <-written)
		}
	})
}

func TestClosingHandshakesPassThroughNginx(t *testing.T) {
	eachProxy(t, server.Options{}, func(t *testing.T, p *proxy, h *held) {
		c, l := p.through(t, h)
		require.NoError(t, c.Close(bounded(t), 4001, "from the client"))
		require.Equal(t, conn.CloseError{Code: 4001, Reason: "from the client", Remote: true, Clean: true}, *l.end(t))

		c, l = p.through(t, h)
		closed := make(chan error, 1)
		go func() { closed <- l.ours.Close(bounded(t), 4002, "from the server") }()
		_, err := c.Read(bounded(t))
		var end *conn.CloseError
		require.ErrorAs(t, err, &end)
		require.Equal(t, conn.CloseError{Code: 4002, Reason: "from the server", Remote: true, Clean: true}, *end)
		require.NoError(t, <-closed)
	})
}

func TestADropOnOneSideOfNginxIsAbnormalOnTheOther(t *testing.T) {
	eachProxy(t, server.Options{}, func(t *testing.T, p *proxy, h *held) {
		c, l := p.through(t, h)
		require.NoError(t, c.CloseNow())
		end := l.end(t)
		require.Equal(t, frame.Abnormal, end.Code)
		require.True(t, end.Remote)

		c, l = p.through(t, h)
		require.NoError(t, l.ours.CloseNow())
		_, err := c.Read(bounded(t))
		require.ErrorIs(t, err, frame.Abnormal)
	})
}

func TestKeepaliveHoldsAnIdleConnectionThroughNginx(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			pongs := make(chan time.Duration, 64)
			h := hold(t, w, server.Options{Conn: conn.Options{
				Keepalive: conn.Keepalive{Interval: 300 * time.Millisecond, Timeout: 700 * time.Millisecond},
				Trace:     &conn.Trace{Ping: func(_ *conn.Conn, rtt time.Duration) { pongs <- rtt }},
			}}, nil)
			c, l := startNginx(t, &proxy{Backend: h.addr, Idle: "2s"}).through(t, h)
			go func() {
				for range c.Messages(context.Background()) {
				}
			}()
			// A ping a second: more than nginx waits for.
			for range 5 {
				select {
				case <-pongs:
				case err := <-l.ended:
					t.Fatalf("the connection has ended: %v", err)
				}
			}
			require.NoError(t, c.WriteText(bounded(t), "still here"))
			l.wantOurs(t, conn.Text, []byte("still here"))
		})
	}
}

// It shows that the test above would fail if there were no pings.
func TestNginxCutsAnIdleConnectionWithoutKeepalive(t *testing.T) {
	t.Parallel()
	h := hold(t, ways[0], server.Options{Conn: conn.Options{Keepalive: conn.Keepalive{Interval: -1}}}, nil)
	c, l := startNginx(t, &proxy{Backend: h.addr, Idle: "1s"}).through(t, h)
	_, err := c.Read(bounded(t))
	require.ErrorIs(t, err, frame.Abnormal)
	require.Equal(t, frame.Abnormal, l.end(t).Code)
}

func TestOriginsAreThoseInFrontOfNginx(t *testing.T) {
	eachProxy(t, server.Options{Handshake: handshake.Policy{TrustForwarded: true}}, func(t *testing.T, p *proxy, h *held) {
		own, other := "http://"+p.Addr, "https://"+p.Addr
		if p.TLS {
			own, other = other, own
		}
		for _, path := range []string{"/", "/renamed"} {
			c, err := client.Dial(bounded(t), p.url(path), p.options(own))
			require.NoError(t, err)
			_ = c.CloseNow()
			for _, origin := range []string{other, "http://" + p.Backend, "https://evil.example"} {
				_, err = client.Dial(bounded(t), p.url(path), p.options(origin))
				require.Equal(t, http.StatusForbidden, wantDialError(t, err).Status, "%s from %s", path, origin)
				require.Contains(t, string(wantDialError(t, err).Body), "rigin")
			}
		}
	})
}

func TestForwardedFieldsCountForNothingUnlessTheyAreTrusted(t *testing.T) {
	eachProxy(t, server.Options{}, func(t *testing.T, p *proxy, h *held) {
		own := "http://" + p.Addr
		if p.TLS {
			own = "https://" + p.Addr
		}
		_, err := client.Dial(bounded(t), p.url("/renamed"), p.options(own))
		d := wantDialError(t, err)
		require.Equal(t, http.StatusForbidden, d.Status)
		require.Contains(t, string(d.Body), "TrustForwarded")
	})
}

func TestAForgetfulNginxIsToldWhatItForgot(t *testing.T) {
	eachProxy(t, server.Options{}, func(t *testing.T, p *proxy, _ *held) {
		_, err := client.Dial(bounded(t), p.url("/forgotten"), p.options(""))
		d := wantDialError(t, err)
		require.Contains(t, string(d.Body), "Upgrade")
		require.GreaterOrEqual(t, d.Status, 400)
		_, err = client.Dial(bounded(t), p.url("/halfway"), p.options(""))
		d = wantDialError(t, err)
		require.Equal(t, http.StatusUpgradeRequired, d.Status)
		require.Contains(t, string(d.Body), "proxy")
	})
}

func TestAnUntrustedCertificateStopsTheDial(t *testing.T) {
	h := hold(t, ways[0], server.Options{}, nil)
	p := startNginx(t, &proxy{Backend: h.addr, TLS: true})
	_, err := client.Dial(bounded(t), p.url("/"), nil)
	d := wantDialError(t, err)
	require.Equal(t, client.TLS, d.Stage)
	require.False(t, d.Temporary())
	var unknown x509.UnknownAuthorityError
	require.ErrorAs(t, err, &unknown)
}

func TestAKilledNginxIsAClearErrorOnBothSides(t *testing.T) {
	eachProxy(t, server.Options{}, func(t *testing.T, p *proxy, h *held) {
		c, l := p.through(t, h)
		p.kill()
		for _, err := range []error{l.end(t), func() error { _, err := c.Read(bounded(t)); return err }()} {
			var end *conn.CloseError
			require.ErrorAs(t, err, &end)
			require.Equal(t, frame.Abnormal, end.Code)
			require.True(t, end.Remote)
			require.False(t, end.Clean)
			require.ErrorIs(t, err, net.ErrClosed)
		}
		require.ErrorContains(t, c.WriteText(bounded(t), "hello?"), "closed")

		_, err := client.Dial(bounded(t), p.url("/"), p.options(""))
		d := wantDialError(t, err)
		require.Equal(t, client.Connect, d.Stage)
		require.True(t, d.Temporary())
		require.ErrorContains(t, err, "refused")
	})
}

func TestNginxWithoutAServerBehindItIsATemporaryError(t *testing.T) {
	l := listenTCP(t)
	require.NoError(t, l.Close())
	p := startNginx(t, &proxy{Backend: l.Addr().String()})
	_, err := client.Dial(bounded(t), p.url("/"), nil)
	d := wantDialError(t, err)
	require.Equal(t, http.StatusBadGateway, d.Status)
	require.True(t, d.Temporary())
	require.ErrorContains(t, err, "502")
}
