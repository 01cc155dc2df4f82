package handshake

import (
	"bytes"
	"iter"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// Limits bound the head of a request that a [Parser] reads: the request line,
// the header fields and the empty line behind them. Zero or less means the
// default.
type Limits struct {
	MaxBytes   int // of the whole head, in octets; 16 KiB
	MaxHeaders int // header fields; 100
	MaxLine    int // of one line, its CR LF included, in octets; 8 KiB
}

func (l Limits) orDefaults() Limits {
	if l.MaxBytes <= 0 {
		l.MaxBytes = 16 << 10
	}
	if l.MaxHeaders <= 0 {
		l.MaxHeaders = 100
	}
	if l.MaxLine <= 0 {
		l.MaxLine = 8 << 10
	}
	return l
}

// A Parser reads the head of a request from bytes, without net/http. The zero
// value is ready. It is for one connection at a time.
//
// It is as strict as RFC 9112 lets a server be, and stricter where leniency
// has been a way past somebody's checks: every line ends in CR LF, and no empty
// line comes before the request, since no other request does.
type Parser struct {
	Limits Limits

	line    int // where the line begins that has not ended yet
	scanned int // how far b has been searched for its end
	lines   int // that have ended
	start   requestLine
	effort  int // octets searched by all calls together
	err     *Error
}

// requestLine says where the parts of a request line end.
type requestLine struct{ method, target, minor int }

// Parse looks for a whole request in b, which is everything that has been read
// from the connection: it is to be called again with more behind it. It
// returns n == 0 and no error as long as the head is not complete. Otherwise n
// is the length of the head; what follows in b are the first frames. b is
// borrowed until Parse returns.
//
// The error is an *Error, to be answered before hanging up, and stays: Parse
// then returns it for ever. After a Request the Parser is ready for the next
// connection. The time taken grows with the number of bytes, however many calls
// they come in.
//
// The Request has Scheme "http", and neither TLS nor RemoteAddr.
func (p *Parser) Parse(b []byte) (r *Request, n int, err error) {
	if p.err == nil {
		n, p.err = p.end(b)
	}
	if p.err == nil && n > 0 {
		r, p.err = p.start.parse(string(b[:n]))
	}
	if p.err != nil {
		return nil, 0, p.err
	}
	if n > 0 {
		*p = Parser{Limits: p.Limits, effort: p.effort}
	}
	return r, n, nil
}

// end finds the end of the head, and goes on where it stopped. Each line is
// held to the limits before anything is done with it, so that the outcome does
// not depend on how the bytes are cut.
func (p *Parser) end(b []byte) (n int, err *Error) {
	limits := p.Limits.orDefaults()
	if p.lines == 0 && len(b) > 0 && !isTokenByte(b[0]) {
		return 0, ruleFirstByte.got(string(b[:1]))
	}
	for {
		last := min(p.line+limits.MaxLine, limits.MaxBytes) // where the line must have ended
		window := b[min(p.scanned, len(b)):min(last, len(b))]
		i := bytes.IndexByte(window, '\n')
		if i < 0 {
			p.effort += len(window)
			p.scanned += len(window)
			if len(b) < last {
				return 0, nil
			}
			if p.lines == 0 {
				return 0, ruleLineTooLong.broken()
			}
			return 0, ruleHeadTooLong.broken()
		}
		p.effort += i + 1
		p.scanned += i + 1
		line, crlf := bytes.CutSuffix(b[p.line:p.scanned], []byte("\r\n"))
		switch {
		case !crlf:
			return 0, ruleLineEnd.got(string(line[:min(len(line), maxQuote+1)]))
		case p.lines == 0:
			if p.start, err = parseRequestLine(line); err != nil {
				return 0, err
			}
		case len(line) == 0:
			return p.scanned, nil
		case p.lines > limits.MaxHeaders:
			return 0, ruleTooManyHeaders.broken()
		}
		p.lines++
		p.line = p.scanned
	}
}

// parseRequestLine parses
//
//	request-line = method SP request-target SP HTTP-version
//
// RFC 9112 §3. It is done as soon as the line is there, since what speaks
// another protocol may never end the head.
func parseRequestLine(line []byte) (l requestLine, err *Error) {
	malformed := func() *Error { return ruleRequestLine.got(string(line[:min(len(line), maxQuote+1)])) }
	l.method = bytes.IndexByte(line, ' ')
	l.target = bytes.LastIndexByte(line, ' ')
	if l.method < 1 || l.target <= l.method+1 || bytes.IndexByte(line[l.method+1:l.target], ' ') >= 0 {
		return l, malformed()
	}
	for _, c := range line[:l.method] {
		if !isTokenByte(c) {
			return l, malformed()
		}
	}
	// HTTP-version = HTTP-name "/" DIGIT "." DIGIT. RFC 9112 §2.3.
	v := line[l.target+1:]
	if len(v) != len("HTTP/1.1") || string(v[:5]) != "HTTP/" || v[6] != '.' || !isDigit(v[5]) || !isDigit(v[7]) {
		return l, malformed()
	}
	if v[5] != '1' {
		return l, ruleHTTPVersion.got(string(v))
	}
	l.minor = int(v[7] - '0')
	return l, nil
}

// parse makes the Request of a complete head.
func (l requestLine) parse(text string) (*Request, *Error) {
	h := head{proto: 1, minor: l.minor, method: text[:l.method]}
	target := text[l.method+1 : l.target]
	_, text, _ = strings.Cut(text, "\r\n")
	for line := range strings.SplitSeq(text, "\r\n") {
		if line == "" {
			break
		}
		name, value, err := parseField(line)
		if err != nil {
			return nil, err
		}
		for f := range fieldCount {
			if equalFold(fieldNames[f], name) {
				h.add(f, value)
			}
		}
	}
	path, authority, err := parseTarget(target)
	if err != nil {
		return nil, err
	}
	if err := h.check(); err != nil {
		return nil, err
	}
	// "... an absolute HTTP/HTTPS URI containing the /resource name/" is legal,
	// RFC 6455 §4.2.1(1), and then "a client MUST send a field value for Host
	// that is identical to that authority component". RFC 9112 §3.2.
	if authority != "" && !equalFold(authority, h.fields[fieldHost].first) {
		return nil, ruleTargetHost.got(authority)
	}
	r := h.request(path)
	r.src.head = text
	return r, nil
}

// parseField parses one line,
//
//	field-line = field-name ":" OWS field-value OWS
//
// RFC 9112 §5.
func parseField(line string) (name, value string, err *Error) {
	// "A server that receives an obs-fold in a request message [...] MUST
	// either reject the message [...] or replace". RFC 9112 §5.2.
	if isOWS(line[0]) {
		return "", "", ruleFold.got(line)
	}
	// "No whitespace is allowed between the field name and colon."
	// RFC 9112 §5.1. It is no token byte.
	name, value, ok := strings.Cut(line, ":")
	if !ok || !isToken(name) {
		return "", "", ruleField.got(line)
	}
	// "... a recipient of CR, LF, or NUL within a field value MUST either reject
	// the message or replace". RFC 9110 §5.5.
	if value = trimOWS(value); !httpguts.ValidHeaderFieldValue(value) {
		return "", "", ruleValue.got(line)
	}
	return name, value, nil
}

// fieldsOf goes over lines that have been checked.
func fieldsOf(text string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for line := range strings.SplitSeq(text, "\r\n") {
			name, value, ok := strings.Cut(line, ":")
			if !ok || !yield(name, trimOWS(value)) {
				return // at the empty line
			}
		}
	}
}

// parseTarget parses a request target in origin-form or absolute-form,
// RFC 9112 §3.2, of which authority is empty in the first.
func parseTarget(target string) (path, authority string, err *Error) {
	path = target
	if scheme, rest, ok := strings.Cut(target, "://"); ok && (equalFold(scheme, "http") || equalFold(scheme, "https")) {
		end := strings.IndexAny(rest, "/?")
		if end < 0 {
			end = len(rest)
		}
		if authority, path = rest[:end], rest[end:]; authority == "" {
			return "", "", ruleTarget.got(target)
		}
		if !strings.HasPrefix(path, "/") {
			path = "/" + path
		}
	}
	if !validPath(path) {
		return "", "", ruleTarget.got(target)
	}
	return path, authority, nil
}

// validPath reports whether s is a path and a query that net/url takes too:
// printable ASCII, no fragment, escapes in the path that are whole. Browsers
// leave some characters as they are that RFC 3986 would have escaped.
func validPath(s string) bool {
	if !strings.HasPrefix(s, "/") {
		return false
	}
	query := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c <= ' ' || c >= 0x7f || c == '#':
			return false
		case c == '?':
			query = true
		case c == '%' && !query && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])):
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || 'a' <= lower(c) && lower(c) <= 'f' }
