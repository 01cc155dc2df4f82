package server_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/server"
	"github.com/bellwire/bellwire/wstest"
	"github.com/stretchr/testify/require"
)

// newServer makes a Server with a log of its own.
func newServer(t *testing.T, f server.Func, o server.Options) (*server.Server, *place) {
	p := newPlace(t, &o)
	s, err := server.NewServer(f, o)
	require.NoError(t, err)
	return s, p
}

func TestAServerThatHasStoppedDoesNotListenAgain(t *testing.T) {
	s, _ := newServer(t, echo, server.Options{})
	require.NoError(t, s.Shutdown(t.Context(), server.Drain{}))
	l := newPipes()
	require.ErrorIs(t, s.Serve(l), http.ErrServerClosed)
	_, err := l.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
	require.ErrorIs(t, s.ListenAndServe("127.0.0.1:0"), http.ErrServerClosed)
}

func TestShutdownStopsEveryListener(t *testing.T) {
	s, p := newServer(t, echo, server.Options{})
	ended := make(chan error)
	var addrs []string
	for range 3 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		addrs = append(addrs, l.Addr().String())
		go func() { ended <- s.Serve(l) }()
	}
	for _, addr := range addrs {
		peer := upgrade(t, dialTCP(t, addr))
		defer goingAway(peer)
	}
	await(t, "all are in the group", func() bool { return p.group.Len() == 3 })
	go s.Shutdown(t.Context(), server.Drain{})
	for range 3 {
		require.ErrorIs(t, <-ended, http.ErrServerClosed)
	}
	for _, addr := range addrs {
		_, err := net.Dial("tcp", addr)
		require.Error(t, err)
	}
}

func TestShutdownEndsHandshakesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newServer(t, echo, server.Options{})
		l := newPipes()
		serve(t, s, l)
		silent, refused := l.dial(t), l.dial(t)
		io.WriteString(silent, "GET / HT")
		io.WriteString(refused, request("/", "Upgrade: h2c"))
		synctest.Wait()
		began := time.Now()
		require.NoError(t, s.Shutdown(t.Context(), server.Drain{}))
		require.Zero(t, time.Since(began))
		for _, nc := range []net.Conn{silent, refused} {
			_, err := io.ReadAll(nc)
			require.NoError(t, err)
		}
	})
}

func TestCloseCutsEverybody(t *testing.T) {
	s, p := newServer(t, wait, server.Options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	serve(t, s, l)
	peers := []*wstest.Peer{upgrade(t, dialTCP(t, l.Addr().String())), upgrade(t, dialTCP(t, l.Addr().String()))}
	await(t, "both are in the group", func() bool { return p.group.Len() == 2 })
	require.NoError(t, s.Close())
	require.Zero(t, p.group.Len())
	for _, peer := range peers {
		peer.ExpectEOF()
	}
	require.NoError(t, s.Close())
}

// flaky is a listener that fails when there is an error in errs.
type flaky struct {
	*pipes
	errs []error
}

func (f *flaky) Accept() (net.Conn, error) {
	if len(f.errs) > 0 {
		err := f.errs[0]
		f.errs = f.errs[1:]
		if err != nil {
			return nil, err
		}
	}
	return f.pipes.Accept()
}

type temporary struct{ error }

func (temporary) Temporary() bool { return true }

func TestErrorsOfAcceptThatPassAreRetriedEverMoreSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newServer(t, echo, server.Options{})
		l := &flaky{pipes: newPipes()}
		var pauses time.Duration
		for i := range 10 {
			l.errs = append(l.errs, &net.OpError{Op: "accept", Err: temporary{errApp}})
			pauses += min(5*time.Millisecond<<i, time.Second)
		}
		l.errs = append(l.errs, nil, temporary{errApp}) // works once, and begins anew
		serve(t, s, l)
		began := time.Now()
		nc := l.dial(t)
		require.Equal(t, pauses, time.Since(began))
		l.dial(t).Close()
		require.Equal(t, pauses+5*time.Millisecond, time.Since(began))
		require.Equal(t, 11, strings.Count(p.log.String(), "level=WARN"))
		peer := upgrade(t, nc)
		go s.Shutdown(t.Context(), server.Drain{})
		goingAway(peer)
	})
}

func TestShutdownDoesNotWaitForTheNextTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newServer(t, echo, server.Options{})
		l := &flaky{pipes: newPipes()}
		for range 100 {
			l.errs = append(l.errs, temporary{errApp})
		}
		ended := make(chan error)
		go func() { ended <- s.Serve(l) }()
		time.Sleep(3*time.Second + time.Millisecond/2)
		began := time.Now()
		require.NoError(t, s.Shutdown(t.Context(), server.Drain{}))
		require.ErrorIs(t, <-ended, http.ErrServerClosed)
		require.Zero(t, time.Since(began))
	})
}

func TestAnyOtherErrorOfAcceptEndsServe(t *testing.T) {
	s, _ := newServer(t, echo, server.Options{})
	l := &flaky{pipes: newPipes(), errs: []error{errApp}}
	require.ErrorIs(t, s.Serve(l), errApp)
	require.Zero(t, s.Listeners(), "it is forgotten")
	_, err := l.pipes.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
}

func TestAPanicInAPolicyEndsTheHandshakeAlone(t *testing.T) {
	o := server.Options{Handshake: handshake.Policy{Authorize: func(r *handshake.Request) (http.Header, error) {
		if r.Path == "/panic" {
			panic(errApp)
		}
		return nil, nil
	}}}
	p := newPlace(t, &o)
	p.addr = openServer(t, echo, o)
	require.Empty(t, exchange(t, p.addr, request("/panic")))
	require.Contains(t, p.log.String(), errApp.Error())
	require.Contains(t, p.log.String(), "server_test.go")
	p.dial()
}

func TestAPanicWhereAKeyIsMadeTakesNoSlot(t *testing.T) {
	eachDoor(t, func(t *testing.T, open opener) {
		p := open(t, echo, server.Options{Group: &server.Group{MaxConns: 1, MaxPerKey: 1, Key: func(r *handshake.Request) string {
			if r.Path == "/panic" {
				panic(errApp)
			}
			return "key"
		}}})
		require.Empty(t, exchange(t, p.addr, request("/panic")))
		p.dial()
	})
}

func TestListenAndServeTLSReadsItsFiles(t *testing.T) {
	dir := t.TempDir()
	cert := certificate()
	keyDER, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	require.NoError(t, err)
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}), 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))

	s, _ := newServer(t, echo, server.Options{})
	require.ErrorIs(t, s.ListenAndServeTLS("127.0.0.1:0", certFile, dir+"/none"), os.ErrNotExist)
	require.Error(t, s.ListenAndServeTLS("not an address", certFile, keyFile))
	require.Error(t, s.ListenAndServe("not an address"))
	ended := make(chan error)
	go func() { ended <- s.ListenAndServeTLS("127.0.0.1:0", certFile, keyFile) }()
	require.NoError(t, s.Shutdown(t.Context(), server.Drain{}))
	require.ErrorIs(t, <-ended, http.ErrServerClosed)
}

func TestServersWithoutAGroupDoNotShareOne(t *testing.T) {
	checkLeaks(t)
	for range 2 {
		s, err := server.NewServer(echo, server.Options{Logger: quiet})
		require.NoError(t, err)
		l := newPipes()
		serve(t, s, l)
		peer := upgrade(t, l.dial(t))
		go s.Shutdown(t.Context(), server.Drain{})
		goingAway(peer)
	}
	require.Zero(t, server.DefaultGroup.Len())
}

// "The underlying TCP connection, in most normal cases, SHOULD be closed first
// by the server, so that it holds the TIME_WAIT state and not the client".
// RFC 6455 §7.1.1.
func TestTheServerClosesTCPFirst(t *testing.T) {
	closings := map[string]func(peer *wstest.Peer){
		"the server begins": func(peer *wstest.Peer) {
			peer.Text("close")
			peer.ExpectClose(frame.Normal)
			peer.Close(frame.Normal, "")
		},
		"the client begins": func(peer *wstest.Peer) {
			peer.Close(frame.Normal, "")
			peer.ExpectClose(frame.Normal)
		},
		"a rule is broken": func(peer *wstest.Peer) {
			peer.SendBytes([]byte{0xff, 0x80, 1, 2, 3, 4})
			peer.ExpectClose(frame.ProtocolError)
		},
	}
	eachDoor(t, func(t *testing.T, open opener) {
		p := open(t, func(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
			_, err := c.Read(ctx)
			return err
		}, server.Options{Logger: quiet})
		for name, script := range closings {
			t.Run(name, func(t *testing.T) {
				peer := upgrade(t, dialTCP(t, p.addr))
				script(peer)
				peer.ExpectEOF() // with our half still open, and no reset
				peer.Hangup()
			})
		}
	})
}

func TestAServerThatIsCutOffHearsOfNothingElse(t *testing.T) {
	eachDoor(t, func(t *testing.T, open opener) {
		ends := make(chan error, 1)
		log := new(journal)
		p := open(t, func(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
			_, err := c.Read(ctx)
			ends <- err
			return err
		}, server.Options{Logger: slog.New(slog.NewTextHandler(log, nil))})
		p.dial().Hangup()
		err := <-ends
		require.ErrorIs(t, err, frame.Abnormal)
		require.True(t, errors.Is(err, io.ErrUnexpectedEOF))
		require.Empty(t, log.String())
	})
}
