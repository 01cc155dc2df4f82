package handshake

import (
	"errors"
	"fmt"
	"strings"
)

// Origins decides which pages may connect. The zero value allows those of the
// server itself: same scheme, same host, same port. A browser sends the
// cookies of the user's session whoever's page it is that connects, and no
// same-origin policy holds it back; this check is what does. (Nor does
// net/http.CrossOriginProtection, which lets every GET pass.)
//
// A request without Origin is allowed, since it does not come from a browser:
// other clients can send what they like, so that Origin proves nothing about
// them. RFC 6455 §10.1. An Origin that is null or malformed is not allowed.
//
// Where the browser sends Sec-Fetch-Site, it counts too, because no page can
// forge it, and the browser knows the URL that it connected to better than a
// server behind a proxy does:
//
//   - cross-site and same-site are refused, with an Origin or without one,
//     unless a pattern allows the Origin;
//   - same-origin makes up for a scheme and a port that differ from what the
//     server sees, as behind a proxy that ends TLS, if the host is the same;
//   - none, and what no specification knows, change nothing.
type Origins struct {
	any      bool
	patterns []pattern
}

// pattern is an origin with wildcards.
type pattern struct {
	endpoint
	below   bool // host is a suffix that begins with a dot
	anyPort bool
}

// AllowOrigins allows pages of other origins, in addition to the server's own.
// A pattern is an origin as browsers send it: a scheme, a host, and a port
// unless it is the scheme's default.
//
//	https://example.com       that origin
//	https://*.example.com     every host below example.com, at any depth, not itself
//	http://localhost:*        every port
//	https://[::1]:8443        an IPv6 address, in the form that browsers use
//	capacitor://localhost     a scheme that is not the Web's
func AllowOrigins(patterns ...string) (Origins, error) {
	var o Origins
	for _, s := range patterns {
		p, err := parsePattern(s)
		if err != nil {
			return Origins{}, fmt.Errorf("handshake: origin pattern %q: %w", s, err)
		}
		o.patterns = append(o.patterns, p)
	}
	return o, nil
}

// InsecureAnyOrigin lets every page in the world connect with the cookies of
// its visitor. That is right only for a service that would answer everybody
// the same.
func InsecureAnyOrigin() Origins { return Origins{any: true} }

func parsePattern(s string) (p pattern, err error) {
	scheme, authority, ok := strings.Cut(s, "://")
	switch scheme = strings.ToLower(scheme); {
	case s == "null":
		return p, errors.New("every sandboxed page has the origin null, whoever wrote it")
	case s == "*":
		return p, errors.New("use InsecureAnyOrigin, if that is what you want")
	case !ok:
		return p, fmt.Errorf("it has no scheme: write %q", "https://"+s)
	case scheme == "ws" || scheme == "wss":
		return p, fmt.Errorf("a page's origin has the scheme of the page: write %q", "http"+scheme[2:]+"://"+authority)
	case strings.ContainsAny(authority, "/?#"):
		i := strings.IndexAny(authority, "/?#")
		return p, fmt.Errorf("an origin has no path: write %q", scheme+"://"+authority[:i])
	case !isASCII(authority):
		return p, errors.New("write the host as browsers send it, in ASCII (xn--...)")
	}
	authority, p.anyPort = strings.CutSuffix(authority, ":*")
	if authority, p.below = strings.CutPrefix(authority, "*"); p.below && !strings.HasPrefix(authority, ".") {
		return p, errors.New("a * stands for what is before the first dot of the host, or for the port")
	}
	if strings.Contains(authority, "*") {
		return p, errors.New("a * stands for what is before the first dot of the host, or for the port")
	}
	if p.endpoint, ok = parseOrigin(scheme + "://" + authority); !ok || p.below && len(p.host) == 1 {
		return p, errors.New("it is not a scheme, a host and an optional port")
	}
	return p, nil
}

func (p pattern) matches(e endpoint) bool {
	if p.scheme != e.scheme || !p.anyPort && p.port != e.port {
		return false
	}
	if p.below {
		return len(e.host) > len(p.host) && strings.HasSuffix(e.host, p.host)
	}
	return p.host == e.host
}

// Check decides about a request, of which Scheme and Host are the server's own
// origin. The error is an *Error with status 403.
func (o Origins) Check(r *Request) error {
	if err := o.check(r, r.Scheme, r.Host); err != nil {
		return err
	}
	return nil
}

// check is Check, for a server that may know its scheme and host better.
func (o Origins) check(r *Request, scheme, host string) *Error {
	if o.any {
		return nil
	}
	site := r.first("Sec-Fetch-Site")
	foreign := site == "cross-site" || site == "same-site"
	switch {
	case r.Origin == "" && !foreign:
		return nil
	case r.Origin == "":
		return ruleOriginSite.got(site)
	case equalFold(r.Origin, "null"):
		return ruleOriginNull.got(r.Origin)
	}
	page, ok := parseOrigin(r.Origin)
	if !ok {
		return ruleOriginForm.got(r.Origin)
	}
	for _, p := range o.patterns {
		if p.matches(page) {
			return nil
		}
	}
	own, _ := newEndpoint(scheme, host)
	switch {
	case foreign:
		return ruleOriginSite.got(site + ", " + r.Origin)
	case page == own, page.host == own.host && site == "same-origin":
		return nil
	case page.host == own.host:
		return ruleOriginScheme.differs(r.Origin, scheme+"://"+host)
	}
	return ruleOriginOther.differs(r.Origin, scheme+"://"+host)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
