package handshake

import "strings"

// An endpoint is where an origin or a server lives: two of them are the same
// if they are ==. Scheme and host are in lower case.
type endpoint struct {
	scheme, host string
	port         string // without leading zeros; empty if there is no default
}

// parseOrigin parses the one form of an origin that is not null:
//
//	serialized-origin = scheme "://" host [ ":" port ]
//
// RFC 6454 §7.1. A browser sends the host in ASCII, IDNA included.
func parseOrigin(s string) (endpoint, bool) {
	scheme, authority, ok := strings.Cut(s, "://")
	if !ok || !validScheme(scheme) || strings.HasSuffix(authority, ":") {
		return endpoint{}, false
	}
	return newEndpoint(scheme, authority)
}

// newEndpoint fills in the port that the scheme implies.
func newEndpoint(scheme, authority string) (endpoint, bool) {
	host, port, ok := splitAuthority(authority)
	if !ok {
		return endpoint{}, false
	}
	e := endpoint{strings.ToLower(scheme), strings.ToLower(host), port}
	if port == "" {
		e.port = defaultPort(e.scheme)
	}
	return e, true
}

func defaultPort(scheme string) string {
	switch scheme {
	case "http":
		return "80"
	case "https":
		return "443"
	}
	return ""
}

// validAuthority reports whether s is what Host may be.
func validAuthority(s string) bool {
	_, _, ok := splitAuthority(s)
	return ok
}

// splitAuthority splits a host from its port, which may be missing or empty. A
// host is an IPv6 address in brackets, or a name of letters, digits, dots,
// hyphens and underscores: RFC 3986 §3.2.2 lets a name have more, but no name
// that can be looked up does.
func splitAuthority(s string) (host, port string, ok bool) {
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		s, port = s[:i], s[i+1:]
	}
	return s, port, validHost(s) && validPort(port)
}

func validHost(s string) bool {
	valid := isNameByte
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		s, valid = s[1:len(s)-1], isIPv6Byte
	}
	for i := range len(s) {
		if !valid(s[i]) {
			return false
		}
	}
	return s != ""
}

// validPort reports whether s is empty or a number up to 65535 in its shortest
// form.
func validPort(s string) bool {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' || n == 0 && i > 0 || n > 65535 {
			return false
		}
		n = n*10 + int(s[i]-'0')
	}
	return s == "" || 0 < n && n <= 65535
}

// validScheme follows RFC 3986 §3.1.
func validScheme(s string) bool {
	for i := range len(s) {
		switch c := lower(s[i]); {
		case 'a' <= c && c <= 'z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return s != ""
}

func isNameByte(c byte) bool {
	l := lower(c)
	return 'a' <= l && l <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_'
}

func isIPv6Byte(c byte) bool {
	l := lower(c)
	return 'a' <= l && l <= 'f' || '0' <= c && c <= '9' || c == ':' || c == '.'
}
