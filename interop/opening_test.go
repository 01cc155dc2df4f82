package interop

import (
	"errors"
	"net/http"
	"testing"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/server"
	"github.com/stretchr/testify/require"
)

func TestTheServerPrefersASubprotocolOfTheClients(t *testing.T) {
	s := setup{offer: []string{"v1.chat", "v2.chat", "mqtt"}, prefer: []string{"v2.chat", "v1.chat"}}
	eachPairing(t, 0, s, func(t *testing.T, p *pairing) {
		l := p.connect(t)
		require.Contains(t, s.prefer, l.ours.Subprotocol())
		require.Equal(t, l.open.Protocol, l.ours.Subprotocol())
		if p.held != nil {
			require.Equal(t, "v2.chat", l.ours.Subprotocol(), "our own preference")
		}
	})
}

func TestTheOnlyCommonSubprotocolIsAgreedOn(t *testing.T) {
	s := setup{offer: []string{"a", "b"}, prefer: []string{"c", "b"}}
	eachPairing(t, 0, s, func(t *testing.T, p *pairing) {
		l := p.connect(t)
		require.Equal(t, "b", l.ours.Subprotocol())
		require.Equal(t, "b", l.open.Protocol)
	})
}

func TestAServerWithoutSubprotocolsAgreesOnNone(t *testing.T) {
	eachPairing(t, 0, setup{prefer: []string{"c"}}, func(t *testing.T, p *pairing) {
		l := p.connect(t)
		require.Empty(t, l.ours.Subprotocol())
		require.Empty(t, l.open.Protocol)
	})
}

// "If the server does not agree to any of the client's requested
// subprotocols, the only acceptable value is null." RFC 6455 §4.2.2. Our
// client goes on without one; some of theirs give up.
func TestNoCommonSubprotocolIsNoneToOurClient(t *testing.T) {
	for _, other := range peers {
		if other.server == nil {
			continue
		}
		t.Run(other.name, func(t *testing.T) {
			l := pairClient(t, other, setup{offer: []string{"a"}, prefer: []string{"c"}}).connect(t)
			require.Empty(t, l.ours.Subprotocol())
			require.Empty(t, l.open.Protocol)
		})
	}
}

func TestTheirPageOfAnotherOriginIsRefused(t *testing.T) {
	eachCaller(t, origin, setup{}, func(t *testing.T, p *pairing) {
		d := p.dialing()
		d.Origin = "https://evil.example"
		e := p.theirs.ask(t, d, "failed")
		wantRefusal(t, p.peer, e, http.StatusForbidden, "rigin")

		d.Origin = "http://" + p.held.addr
		p.theirs.ask(t, d, "open")
	})
}

func TestTheyLearnThatASubprotocolIsRequired(t *testing.T) {
	s := setup{prefer: []string{"v1"}, policy: handshake.Policy{RequireSubprotocol: true}}
	eachCaller(t, sees, s, func(t *testing.T, p *pairing) {
		e := p.theirs.ask(t, p.dialing(), "failed")
		wantRefusal(t, p.peer, e, http.StatusBadRequest, "ubprotocol")
	})
}

func TestTheyGetTheAnswerOfOurAuthorization(t *testing.T) {
	s := setup{policy: handshake.Policy{Authorize: func(*handshake.Request) (http.Header, error) {
		return nil, &handshake.Error{
			Status: http.StatusUnauthorized,
			Header: http.Header{"Www-Authenticate": {`Bearer realm="ours"`}},
			Msg:    "show your token",
		}
	}}}
	eachCaller(t, sees, s, func(t *testing.T, p *pairing) {
		e := p.theirs.ask(t, p.dialing(), "failed")
		wantRefusal(t, p.peer, e, http.StatusUnauthorized, "show your token")
		require.Equal(t, `Bearer realm="ours"`, e.field("WWW-Authenticate"))
	})
}

func TestTheyLearnThatOurServerIsFull(t *testing.T) {
	one := func() *server.Group { return &server.Group{MaxConns: 1} }
	eachClient(t, "full", one, nil, func(t *testing.T, p *theirs, url string, _ *held) {
		c, err := client.Dial(bounded(t), url, nil)
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.CloseNow() })
		e := p.ask(t, command{Do: "dial", URL: url}, "failed")
		if e.Status != 0 { // a browser keeps it to itself
			require.Equal(t, http.StatusServiceUnavailable, e.Status)
			require.NotEmpty(t, e.field("Retry-After"))
		}
	})
}

func wantRefusal(t *testing.T, p peer, e event, status int, text string) {
	t.Helper()
	require.Equal(t, status, e.Status, "%v", e)
	if p.can&seesBody != 0 {
		require.Contains(t, string(e.Data), text)
	}
}

// field is a header field of a refusal, whatever the case of its name.
func (e event) field(name string) string {
	for n, v := range e.Header {
		if http.CanonicalHeaderKey(n) == http.CanonicalHeaderKey(name) {
			return v
		}
	}
	return ""
}

// eachServer runs f with the address of each counterpart that is a server.
func eachServer(t *testing.T, f func(t *testing.T, p *theirs, url string)) {
	for _, other := range peers {
		if other.server == nil {
			continue
		}
		t.Run(other.name, func(t *testing.T) {
			p := other.server(t)
			f(t, p, p.ask(t, command{Do: "listen"}, "listening").Text)
		})
	}
}

func TestTheirRefusalReachesUsInFull(t *testing.T) {
	eachServer(t, func(t *testing.T, _ *theirs, url string) {
		_, err := client.Dial(bounded(t), url+"/refuse", nil)
		d := wantDialError(t, err)
		require.Equal(t, client.Response, d.Stage)
		require.Equal(t, http.StatusUnauthorized, d.Status)
		require.Equal(t, `Bearer realm="interop"`, d.Header.Get("WWW-Authenticate"))
		require.Equal(t, "who are you?\n", string(d.Body))
		require.False(t, d.Temporary())
		require.ErrorContains(t, err, "401")
	})
}

func TestTheirRedirectIsFollowedIfThatIsAllowed(t *testing.T) {
	eachServer(t, func(t *testing.T, p *theirs, url string) {
		c, err := client.Dial(bounded(t), url+"/redirect", &client.Options{MaxRedirects: 1})
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.CloseNow() })
		p.expect(t, "open")
		require.NoError(t, c.WriteText(bounded(t), "here I am"))
		require.Equal(t, "here I am", string(p.expect(t, "message").Data))
	})
}

func TestTheirRedirectIsReportedIfItIsNotFollowed(t *testing.T) {
	eachServer(t, func(t *testing.T, _ *theirs, url string) {
		_, err := client.Dial(bounded(t), url+"/redirect", nil)
		d := wantDialError(t, err)
		require.Equal(t, http.StatusFound, d.Status)
		require.Equal(t, "/elsewhere", d.Header.Get("Location"))
	})
}

func wantDialError(t *testing.T, err error) *client.DialError {
	t.Helper()
	var d *client.DialError
	require.True(t, errors.As(err, &d), "want a *client.DialError, got %v", err)
	return d
}
