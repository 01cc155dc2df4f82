package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/server"
	"github.com/stretchr/testify/require"
)

func TestAHandlerEchoes(t *testing.T) {
	eachDoor(t, func(t *testing.T, open opener) {
		p := open(t, echo, server.Options{})
		peer := p.dial()
		peer.Text("hello")
		peer.Expect(frame.Text, "hello")
		peer.Close(frame.Normal, "")
		peer.ExpectClose(frame.Normal)
		peer.ExpectEOF()
		peer.Hangup()
		await(t, "the group is empty", func() bool { return p.group.Len() == 0 })
		require.Empty(t, p.log.String())
	})
}

func TestTheErrorOfAHandlerDecidesHowTheConnectionIsClosed(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		code   frame.Code
		reason string
		logged string // at level error; "": nothing
	}{
		{"nil", nil, frame.Normal, "", ""},
		{"Abort", conn.Abort(frame.Policy, "quota exceeded"), frame.Policy, "quota exceeded", ""},
		{"Abort, wrapped", fmt.Errorf("%w: %w", errApp, conn.Abort(4001, "")), 4001, "", ""},
		{"Abort without a code", conn.Abort(frame.NoStatus, ""), frame.NoStatus, "", ""},
		{"Abort with a code that must not be sent", conn.Abort(frame.Abnormal, ""), frame.Internal, "", "RFC 6455 §7.4"},
		{"any other", errApp, frame.Internal, "", errApp.Error()},
		{"the end of another connection", &conn.CloseError{Code: frame.Normal}, frame.Internal, "", ""},
	}
	eachDoor(t, func(t *testing.T, open opener) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				p := open(t, func(context.Context, *conn.Conn, *handshake.Request) error { return test.err }, server.Options{})
				peer := p.dial()
				require.Equal(t, test.reason, peer.ExpectClose(test.code))
				peer.Close(test.code, "")
				peer.ExpectEOF()
				peer.Hangup()
				if test.logged == "" {
					require.Empty(t, p.log.String())
					return
				}
				require.Contains(t, p.log.String(), "level=ERROR")
				require.Contains(t, p.log.String(), test.logged)
				require.Contains(t, p.log.String(), "remote=127.0.0.1:")
			})
		}
	})
}

func TestAPanicClosesTheConnectionAndIsLoggedWithItsStack(t *testing.T) {
	eachDoor(t, func(t *testing.T, open opener) {
		p := open(t, func(context.Context, *conn.Conn, *handshake.Request) error { panic(errApp) }, server.Options{})
		peer := p.dial()
		require.Empty(t, peer.ExpectClose(frame.Internal))
		peer.Close(frame.Internal, "")
		peer.ExpectEOF()
		log := p.log.String()
		require.Contains(t, log, errApp.Error())
		require.Contains(t, log, "handler_test.go")
		require.NotContains(t, log, "has failed", "it is logged once")
	})
}

func TestErrAbortHandlerCutsTheConnectionInSilence(t *testing.T) {
	eachDoor(t, func(t *testing.T, open opener) {
		p := open(t, func(context.Context, *conn.Conn, *handshake.Request) error { panic(http.ErrAbortHandler) }, server.Options{})
		p.dial().ExpectEOF()
		require.Empty(t, p.log.String())
	})
}

func TestAHandlerThatEndsItsGoroutineLeavesNothingBehind(t *testing.T) {
	eachDoor(t, func(t *testing.T, open opener) {
		p := open(t, func(context.Context, *conn.Conn, *handshake.Request) error {
			runtime.Goexit()
			return nil
		}, server.Options{})
		p.dial().ExpectEOF()
		await(t, "the group is empty", func() bool { return p.group.Len() == 0 })
	})
}

func TestTheEndOfAConnectionIsNoErrorOfItsHandler(t *testing.T) {
	ends := map[string]func(ctx context.Context, c *conn.Conn) error{
		"the error of a read": func(ctx context.Context, c *conn.Conn) error {
			_, err := c.Read(ctx)
			return fmt.Errorf("reading: %w", err)
		},
		"the end of the context": func(ctx context.Context, c *conn.Conn) error {
			go wait(ctx, c, nil)
			<-ctx.Done()
			return ctx.Err()
		},
	}
	eachDoor(t, func(t *testing.T, open opener) {
		for name, f := range ends {
			t.Run(name, func(t *testing.T) {
				p := open(t, func(ctx context.Context, c *conn.Conn, _ *handshake.Request) error { return f(ctx, c) }, server.Options{})
				peer := p.dial()
				peer.Hangup()
				await(t, "the group is empty", func() bool { return p.group.Len() == 0 })
				require.Empty(t, p.log.String())
			})
		}
	})
}

func TestAWriteRefusedByAClosingConnectionIsNoErrorOfItsHandler(t *testing.T) {
	eachDoor(t, func(t *testing.T, open opener) {
		p := open(t, func(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
			go c.Close(ctx, frame.GoingAway, "")
			for {
				if err := c.WriteText(ctx, "tick"); err != nil {
					return err
				}
			}
		}, server.Options{})
		peer := p.dial()
		for {
			if h, _ := peer.ReadFrame(); h.Opcode == frame.Close {
				break
			}
		}
		peer.Close(frame.GoingAway, "")
		peer.ExpectEOF()
		require.Empty(t, p.log.String())
	})
}

type valueKey struct{}

func TestTheContextOfAHandlerHasTheValuesOfTheRequestAndEndsWithTheConnection(t *testing.T) {
	checkLeaks(t)
	group := new(server.Group)
	u, err := server.NewUpgrader(server.Options{Group: group})
	require.NoError(t, err)
	ended := make(chan error, 1)
	h := u.Handler(func(ctx context.Context, c *conn.Conn, r *handshake.Request) error {
		if ctx != c.Context() || ctx.Value(valueKey{}) != "value" {
			ended <- errApp
		}
		_, err := c.Read(ctx)
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return err
	})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(context.WithValue(r.Context(), valueKey{}, "value"))
		context.AfterFunc(ctx, func() {})
		cancel() // the end of the request's context is not that of the connection
		h.ServeHTTP(w, r.WithContext(ctx))
	}))
	defer s.Close()
	peer := upgrade(t, dialTCP(t, s.Listener.Addr().String()))
	peer.Close(4999, "bye")
	peer.ExpectClose(4999)
	peer.Hangup()
	require.ErrorIs(t, <-ended, frame.Code(4999))
}

func TestAHandlerKnowsWhoAsked(t *testing.T) {
	eachDoor(t, func(t *testing.T, open opener) {
		asked := make(chan *handshake.Request, 1)
		p := open(t, func(ctx context.Context, c *conn.Conn, r *handshake.Request) error {
			asked <- r
			return nil
		}, server.Options{Handshake: handshake.Policy{Subprotocols: []string{"b", "a"}}})
		nc := dialTCP(t, p.addr)
		fmt.Fprint(nc, request("/path?query=1", "Cookie: c=1", "Sec-WebSocket-Protocol: a, b, c"))
		require.Contains(t, readHead(t, nc), "Sec-WebSocket-Protocol: b\r\n")
		r := <-asked
		require.Equal(t, "/path?query=1", r.Path)
		require.Equal(t, "example.com", r.Host)
		require.Equal(t, "http", r.Scheme)
		require.Equal(t, nc.LocalAddr().String(), r.RemoteAddr)
		require.Equal(t, "c=1", r.Header().Get("Cookie"))
		require.Nil(t, r.TLS)
	})
}

func TestTheDefaultHandlerUsesTheDefaultGroupAndTheDefaultLog(t *testing.T) {
	log := new(journal)
	before := slog.Default()
	defer slog.SetDefault(before)
	checkLeaks(t)
	s := httptest.NewServer(server.Handler(func(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
		_, err := c.Read(ctx)
		if err == nil {
			err = errApp
		}
		return err
	}))
	defer s.Close()
	slog.SetDefault(slog.New(slog.NewTextHandler(log, nil)))
	peer := upgrade(t, dialTCP(t, s.Listener.Addr().String()))
	await(t, "the connection is in the group", func() bool { return server.DefaultGroup.Len() == 1 })
	peer.Text("fail")
	peer.ExpectClose(frame.Internal)
	peer.Close(frame.Internal, "")
	peer.ExpectEOF()
	peer.Hangup()
	await(t, "the group is empty", func() bool { return server.DefaultGroup.Len() == 0 })
	require.Contains(t, log.String(), errApp.Error())
}
