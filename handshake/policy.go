package handshake

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// A Policy is what a server decides about requests that break no rule. The
// zero value is strict: pages of the server's own origin alone, no subprotocol,
// HTTP/1.1 or later. A Policy is not modified by its methods, and one of them
// serves any number of connections.
type Policy struct {
	// Origins decides which pages may connect.
	Origins Origins

	// Subprotocols are those that the server speaks, the preferred one first.
	// The first of them that the client offers is chosen; if there is none the
	// connection has none, unless RequireSubprotocol refuses it with 400.
	Subprotocols       []string
	RequireSubprotocol bool

	// SelectSubprotocol chooses in place of Subprotocols: one of
	// r.Subprotocols, or "" for none. An error refuses the request: an *Error
	// as it stands, any other with 400.
	SelectSubprotocol func(r *Request) (string, error)

	// Authorize may refuse a request whose origin is allowed, and add header
	// fields to the answer. An error refuses the request: an *Error as it
	// stands, any other with 403 and without its text.
	Authorize func(r *Request) (http.Header, error)

	// TrustForwarded takes the server's own scheme and host, which the origin
	// is compared with, from X-Forwarded-Proto and X-Forwarded-Host where the
	// request has them. It is for a server behind a proxy that sets both. The
	// first of several values counts: that of the proxy nearest the browser.
	TrustForwarded bool

	// AllowHTTP10 accepts handshakes in HTTP/1.0, which RFC 6455 does not.
	// It is for proxies that are known to be broken.
	AllowHTTP10 bool
}

// Check says what is wrong with the policy itself, which is for whoever wrote
// it to hear before the first request.
func (p *Policy) Check() error {
	for i, name := range p.Subprotocols {
		if !isToken(name) {
			return fmt.Errorf("handshake: Policy.Subprotocols: %q is not a token (letters, digits and hyphens, say)", name)
		}
		if slices.Contains(p.Subprotocols[:i], name) {
			return fmt.Errorf("handshake: Policy.Subprotocols: %q is there twice", name)
		}
	}
	if p.RequireSubprotocol && len(p.Subprotocols) == 0 && p.SelectSubprotocol == nil {
		return errors.New("handshake: Policy.RequireSubprotocol refuses everybody: set Subprotocols or SelectSubprotocol")
	}
	if p.SelectSubprotocol != nil && len(p.Subprotocols) > 0 {
		return errors.New("handshake: Policy.SelectSubprotocol and Subprotocols are both set: choose one")
	}
	return nil
}

// Accept decides about a request: by its version of HTTP, its origin, what
// Authorize says and the subprotocol, in this order. The error is an *Error to
// answer the request with.
func (p *Policy) Accept(r *Request) (*Result, error) {
	if r.old && !p.AllowHTTP10 {
		return nil, ruleHTTP10.broken()
	}
	if err := p.Origins.check(r, p.ownScheme(r), p.ownHost(r)); err != nil {
		return nil, err
	}
	res := &Result{Request: r, Status: http.StatusSwitchingProtocols}
	if r.Proto >= 2 {
		res.Status = http.StatusOK // RFC 8441 §5
	}
	if p.Authorize != nil {
		header, err := p.Authorize(r)
		if err != nil {
			return nil, refusal(err, ruleAuthorize)
		}
		if err := checkFields(header); err != nil {
			err.Status = http.StatusInternalServerError
			return nil, err
		}
		res.Header = header
	}
	var err *Error
	if res.Subprotocol, err = p.subprotocol(r); err != nil {
		return nil, err
	}
	return res, nil
}

// subprotocol chooses. "The value chosen MUST be derived from the client's
// handshake, specifically by selecting one of the values from the
// |Sec-WebSocket-Protocol| field". RFC 6455 §4.2.2(4). Names are compared
// exactly.
func (p *Policy) subprotocol(r *Request) (chosen string, err *Error) {
	if p.SelectSubprotocol != nil {
		name, err := p.SelectSubprotocol(r)
		switch {
		case err != nil:
			return "", refusal(err, ruleNoneSuits)
		case name != "" && !slices.Contains(r.Subprotocols, name):
			return "", ruleSelected.got(name)
		}
		chosen = name
	} else if i := slices.IndexFunc(p.Subprotocols, func(name string) bool {
		return slices.Contains(r.Subprotocols, name)
	}); i >= 0 {
		chosen = p.Subprotocols[i]
	}
	if chosen == "" && p.RequireSubprotocol {
		return "", ruleNoneSuits.got(strings.Join(r.Subprotocols, ", "))
	}
	return chosen, nil
}

// refusal is the *Error that a hook returned, or else that of the rule with
// the hook's error behind it.
func refusal(err error, otherwise rule) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return otherwise.because(err)
}

func (p *Policy) ownScheme(r *Request) string {
	if p.TrustForwarded {
		switch proto := strings.ToLower(firstElement(r.first("X-Forwarded-Proto"))); proto {
		case "":
		case "ws", "wss": // some proxies name the protocol inside
			return "http" + proto[len("ws"):]
		default:
			return proto
		}
	}
	return r.Scheme
}

func (p *Policy) ownHost(r *Request) string {
	if p.TrustForwarded {
		if host := firstElement(r.first("X-Forwarded-Host")); host != "" {
			return host
		}
	}
	return r.Host
}

func firstElement(list string) string {
	first, _, _ := strings.Cut(list, ",")
	return trimOWS(first)
}
