package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/handshake"
)

func TestAnErrorIsTemporaryIfPatienceCanHelp(t *testing.T) {
	network := &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
	alert := &net.OpError{Op: "remote error", Err: errors.New("bad certificate")}
	for _, test := range []struct {
		e         client.DialError
		temporary bool
	}{
		{client.DialError{Stage: client.Setup, Err: network}, false},
		{client.DialError{Stage: client.DNS, Err: &net.DNSError{IsNotFound: true}}, true},
		{client.DialError{Stage: client.Connect, Err: network}, true},
		{client.DialError{Stage: client.Connect, Err: errors.New("no connection")}, false},
		{client.DialError{Stage: client.Connect, Err: context.DeadlineExceeded}, true},
		{client.DialError{Stage: client.Connect, Err: fmt.Errorf("dial: %w", context.Canceled)}, false},
		{client.DialError{Stage: client.Proxy, Err: network}, true},
		{client.DialError{Stage: client.Proxy, Err: errors.New("no such scheme")}, false},
		{client.DialError{Stage: client.Proxy, Status: 407}, false},
		{client.DialError{Stage: client.Proxy, Status: 502, Err: errors.New("no tunnel")}, true},
		{client.DialError{Stage: client.TLS, Err: network}, true},
		{client.DialError{Stage: client.TLS, Err: alert}, false},
		{client.DialError{Stage: client.TLS, Err: io.EOF}, true},
		{client.DialError{Stage: client.TLS, Err: os.ErrDeadlineExceeded}, true},
		{client.DialError{Stage: client.TLS, Err: errors.New("tls: no")}, false},
		{client.DialError{Stage: client.Response, Err: fmt.Errorf("answer: %w", io.ErrUnexpectedEOF)}, true},
		{client.DialError{Stage: client.Response, Err: io.ErrClosedPipe}, true},
		{client.DialError{Stage: client.Response, Err: errors.New("malformed")}, false},
		{client.DialError{Stage: client.Response, Status: 200}, false},
		{client.DialError{Stage: client.Response, Status: 302}, false},
		{client.DialError{Stage: client.Response, Status: 400}, false},
		{client.DialError{Stage: client.Response, Status: 401}, false},
		{client.DialError{Stage: client.Response, Status: 403}, false},
		{client.DialError{Stage: client.Response, Status: 404}, false},
		{client.DialError{Stage: client.Response, Status: 408}, true},
		{client.DialError{Stage: client.Response, Status: 425}, true},
		{client.DialError{Stage: client.Response, Status: 426}, false},
		{client.DialError{Stage: client.Response, Status: 429}, true},
		{client.DialError{Stage: client.Response, Status: 500}, true},
		{client.DialError{Stage: client.Response, Status: 503, Err: context.Canceled}, true},
		{client.DialError{Stage: client.Negotiation, Status: 101, Err: network}, false},
	} {
		require.Equal(t, test.temporary, test.e.Temporary(), "%v", &test.e)
	}
}

func TestAnErrorIsOneReadableLine(t *testing.T) {
	status := &handshake.Error{Reason: handshake.BadStatus, Msg: "not 101"}
	located := http.Header{"Location": {"/\x00" + strings.Repeat("x", 1000)}}
	for _, test := range []struct {
		e    client.DialError
		want string
	}{
		{client.DialError{Err: errors.New("the URL does not parse")}, "websocket: dial setup: the URL does not parse"},
		{client.DialError{URL: "ws://h/", Stage: client.Setup, Err: errors.New("websocket: Timeout is -2")}, "websocket: dial ws://h/: setup: Timeout is -2"},
		{client.DialError{URL: "ws://h/", Stage: client.Connect, Err: errors.New("refused")}, "websocket: dial ws://h/: connect: refused"},
		{client.DialError{URL: "ws://h/", Stage: client.Response, Status: 404, Err: status}, "websocket: dial ws://h/: response: 404 Not Found"},
		{client.DialError{URL: "ws://h/", Stage: client.Response, Status: 599, Err: status}, "websocket: dial ws://h/: response: 599"},
		{client.DialError{URL: "ws://h/", Stage: client.Response, Status: 403, Body: []byte("\n no entry \r\nnever\n")}, "websocket: dial ws://h/: response: 403 Forbidden: no entry"},
		{client.DialError{URL: "ws://h/", Stage: client.Response, Status: 403, Body: []byte("<html>no entry")}, "websocket: dial ws://h/: response: 403 Forbidden"},
		{client.DialError{URL: "ws://h/", Stage: client.Response, Status: 403, Body: []byte("\x1b[31mred")}, "websocket: dial ws://h/: response: 403 Forbidden"},
		{client.DialError{URL: "ws://h/", Stage: client.Response, Status: 403, Body: []byte("\xff\xfe")}, "websocket: dial ws://h/: response: 403 Forbidden"},
		{client.DialError{URL: "ws://h/", Stage: client.Response, Status: 403, Body: []byte(strings.Repeat("ä", 1000))}, "websocket: dial ws://h/: response: 403 Forbidden: " + strings.Repeat("ä", 100) + "..."},
		{client.DialError{URL: "ws://h/", Stage: client.Response, Status: 302, Header: located}, `websocket: dial ws://h/: response: 302 Found, Location "/\x00` + strings.Repeat("x", 198) + `..."`},
		{client.DialError{URL: "ws://h/", Stage: client.Negotiation, Status: 101, Err: errors.New("bad key")}, "websocket: dial ws://h/: negotiation: bad key"},
	} {
		require.Equal(t, test.want, test.e.Error())
	}
}

func TestAnErrorUnwraps(t *testing.T) {
	cause := errors.New("cause")
	require.ErrorIs(t, &client.DialError{Err: cause}, cause)
}

func TestEveryStageHasAName(t *testing.T) {
	names := map[string]bool{}
	for s := client.Setup; s <= client.Negotiation; s++ {
		names[s.String()] = true
		require.NotContains(t, s.String(), "Stage")
	}
	require.Len(t, names, 7)
	require.Equal(t, "Stage(7)", (client.Negotiation + 1).String())
}
