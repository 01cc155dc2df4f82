package handshake

import (
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// Everything here looks at each byte a bounded number of times, and what it
// allocates is bounded by maxElements.

// maxElements bounds what a list may hold: elements, parameters, and the empty
// elements of which a recipient "MUST parse and ignore a reasonable number".
// RFC 9110 §5.6.1.2.
const maxElements = 128

// An Extension is one element of Sec-WebSocket-Extensions.
type Extension struct {
	Name   string
	Params []Param
}

// A Param is a parameter of an [Extension]. Value is empty if it has none: an
// empty value cannot be written.
type Param struct{ Name, Value string }

// ParseExtensions parses the values of all Sec-WebSocket-Extensions fields of
// a message, which mean the same as one. RFC 6455 §9.1. It returns an *Error
// when they are malformed, are there without naming anything, or have more
// than 128 elements and parameters.
func ParseExtensions(values []string) ([]Extension, error) {
	var l extensionList
	for _, v := range values {
		l.add(v)
	}
	if err := l.end(len(values)); err != nil {
		return nil, err
	}
	return l.parsed, nil
}

// extensionList gathers extensions from one field after the other:
//
//	extension-list  = 1#extension
//	extension       = extension-token *( ";" extension-param )
//	extension-param = token [ "=" (token | quoted-string) ]
//
// "When using the quoted-string syntax variant, the value after quoted-string
// unescaping MUST conform to the 'token' ABNF." RFC 6455 §9.1. White space may
// stand between all of these, by the "implied *LWS rule" of RFC 2616.
type extensionList struct {
	parsed []Extension
	used   int // of maxElements
	err    *Error
}

// add parses one field. It keeps the first error.
func (l *extensionList) add(field string) {
	s := scanner{field, l.used}
	for l.err == nil && s.element() {
		element := s.rest
		e, ok := s.extension()
		if !ok {
			l.err = ruleExtensions.got(element)
			return
		}
		if l.parsed == nil {
			l.parsed = make([]Extension, 0, 1+min(strings.Count(element, ","), 8))
		}
		l.parsed = append(l.parsed, e)
	}
	if l.used = s.used; l.used > maxElements && l.err == nil {
		l.err = ruleExtensions.got(field)
	}
}

// end says whether n fields made a list.
func (l *extensionList) end(n int) *Error {
	if l.err == nil && n > 0 && len(l.parsed) == 0 {
		return ruleExtensions.got("")
	}
	return l.err
}

// subprotocolList gathers the names in Sec-WebSocket-Protocol from one field
// after the other: it "MAY appear multiple times in an HTTP request (which is
// logically the same as a single |Sec-WebSocket-Protocol| header field that
// contains all values)". RFC 6455 §11.3.4.
type subprotocolList struct {
	names []string
	used  int // of maxElements
	err   *Error
}

// add parses one field. It keeps the first error.
func (l *subprotocolList) add(field string) {
	s := scanner{field, l.used}
	for l.err == nil && s.element() {
		element := s.rest
		name := s.token()
		switch {
		case name == "" || !s.ends():
			l.err = ruleSubprotocol.got(element)
			return
		case slices.Contains(l.names, name):
			l.err = ruleSubprotocolTwice.got(name)
			return
		}
		if l.names == nil {
			l.names = make([]string, 0, 1+min(strings.Count(element, ","), 8))
		}
		l.names = append(l.names, name)
	}
	if l.used = s.used; l.used > maxElements && l.err == nil {
		l.err = ruleSubprotocol.got(field)
	}
}

// end says whether n fields made a list.
func (l *subprotocolList) end(n int) *Error {
	if l.err == nil && n > 0 && len(l.names) == 0 {
		return ruleSubprotocol.got("")
	}
	return l.err
}

// A scanner reads a list from the front of rest.
type scanner struct {
	rest string
	used int // elements, empty ones and parameters
}

// element goes to the next element that is not empty, and is false if there is
// none or there are too many.
func (s *scanner) element() bool {
	for {
		s.space()
		if s.rest == "" {
			return false
		}
		if s.used++; s.used > maxElements {
			return false
		}
		if !s.take(',') {
			return true
		}
	}
}

// extension reads an element, to its end.
func (s *scanner) extension() (e Extension, ok bool) {
	if e.Name = s.token(); e.Name == "" {
		return e, false
	}
	for s.space(); s.take(';'); s.space() {
		s.space()
		p := Param{Name: s.token()}
		if s.used++; p.Name == "" || s.used > maxElements {
			return e, false
		}
		if s.space(); s.take('=') {
			s.space()
			if p.Value = s.value(); p.Value == "" {
				return e, false
			}
		}
		if e.Params == nil {
			e.Params = make([]Param, 0, 2) // most have no more
		}
		e.Params = append(e.Params, p)
	}
	return e, s.ends()
}

// value reads a token or a quoted string of which the content is one.
func (s *scanner) value() string {
	if !s.take('"') {
		return s.token()
	}
	end := strings.IndexAny(s.rest, `"\`)
	if end >= 0 && s.rest[end] == '"' {
		content := s.rest[:end]
		if !isToken(content) {
			return ""
		}
		s.rest = s.rest[end+1:]
		return content
	}
	var content []byte
	for i := 0; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"' && isToken(string(content)):
			s.rest = s.rest[i+1:]
			return string(content)
		case c == '\\' && i+1 < len(s.rest):
			i++
			content = append(content, s.rest[i])
		case c == '"' || c == '\\':
			return ""
		default:
			content = append(content, c)
		}
	}
	return ""
}

// token reads the longest token, which is empty if there is none.
func (s *scanner) token() string {
	n := 0
	for n < len(s.rest) && isTokenByte(s.rest[n]) {
		n++
	}
	t := s.rest[:n]
	s.rest = s.rest[n:]
	return t
}

// ends reports whether the element is over, and takes the comma behind it.
func (s *scanner) ends() bool {
	s.space()
	return s.rest == "" || s.take(',')
}

func (s *scanner) space() {
	for s.rest != "" && isOWS(s.rest[0]) {
		s.rest = s.rest[1:]
	}
}

func (s *scanner) take(c byte) bool {
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// hasToken reports whether a list names a token, in upper or lower case. An
// element that is more than the token, such as websocket/13, does not.
func hasToken(list, token string) bool {
	for more := true; more; {
		var element string
		element, list, more = strings.Cut(list, ",")
		if equalFold(trimOWS(element), token) {
			return true
		}
	}
	return false
}

// hasTokenIn is hasToken for a field that may be in several lines.
func hasTokenIn(h http.Header, name, token string) bool {
	for _, list := range h[name] {
		if hasToken(list, token) {
			return true
		}
	}
	return false
}

// equalFold compares without regard to case, in ASCII alone:
// strings.EqualFold takes the Kelvin sign for a k.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func isToken(s string) bool { return httpguts.ValidHeaderFieldName(s) }

func isTokenByte(c byte) bool { return httpguts.IsTokenRune(rune(c)) }

func isOWS(c byte) bool { return c == ' ' || c == '\t' }

func trimOWS(s string) string {
	for s != "" && isOWS(s[0]) {
		s = s[1:]
	}
	for s != "" && isOWS(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}
