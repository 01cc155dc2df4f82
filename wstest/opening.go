package wstest

import (
	"bufio"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A request is an opening handshake, written out by hand. RFC 6455 §4.1.
type request struct {
	method, target, proto string
	scheme, host          string // of the server, for Origin
	fields                []string
	tail                  string // what follows the head at once
}

// newRequest is a request without a fault.
func newRequest(nc net.Conn) *request {
	nonce := make([]byte, 16)
	rand.Read(nonce)
	r := &request{method: "GET", target: "/", proto: "HTTP/1.1", scheme: "http", host: "localhost"}
	if a := nc.RemoteAddr(); a != nil && strings.HasPrefix(a.Network(), "tcp") {
		r.host = a.String()
	}
	// A *tls.Conn, by the one method that only such a thing has.
	if _, ok := nc.(interface{ VerifyHostname(string) error }); ok {
		r.scheme = "https"
	}
	r.fields = []string{
		"Host: " + r.host,
		"Upgrade: websocket",
		"Connection: Upgrade",
		"Sec-WebSocket-Key: " + base64.StdEncoding.EncodeToString(nonce),
		"Sec-WebSocket-Version: 13",
	}
	return r
}

// set replaces the lines of a field by as many as there are values.
func (r *request) set(name string, values ...string) {
	r.fields = slices.DeleteFunc(r.fields, func(line string) bool {
		return strings.HasPrefix(line, name+":")
	})
	for _, v := range values {
		r.fields = append(r.fields, name+": "+v)
	}
}

// value is what the first line of a field says.
func (r *request) value(name string) string {
	for _, line := range r.fields {
		if v, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func (r *request) String() string {
	return r.method + " " + r.target + " " + r.proto + "\r\n" + strings.Join(r.fields, "\r\n") + "\r\n\r\n" + r.tail
}

// An answer is the head of an HTTP response.
type answer struct {
	proto  string
	status int
	fields map[string][]string // by name in lower case
}

// has reports whether one of the lines of a field lists the token, without
// regard to case.
func (a *answer) has(name, token string) bool {
	for _, line := range a.fields[strings.ToLower(name)] {
		for item := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(item), token) {
				return true
			}
		}
	}
	return false
}

func readAnswer(r *bufio.Reader, note func(line string)) (*answer, error) {
	a := &answer{fields: map[string][]string{}}
	for n := 0; n < 100; n++ {
		b, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return nil, fmt.Errorf("an HTTP header line of more than %d octets", len(b))
		}
		if err != nil {
			return nil, err
		}
		line := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
		if line != "" {
			note(line)
		}
		switch {
		case n == 0:
			proto, rest, _ := strings.Cut(line, " ")
			code, _, _ := strings.Cut(rest, " ")
			a.proto = proto
			if a.status, err = strconv.Atoi(code); err != nil || !strings.HasPrefix(proto, "HTTP/1.") {
				return nil, fmt.Errorf("no HTTP response: %q", line)
			}
		case line == "":
			return a, nil
		default:
			name, value, ok := strings.Cut(line, ":")
			if !ok {
				return nil, fmt.Errorf("a header line without a colon: %q", line)
			}
			name = strings.ToLower(name)
			a.fields[name] = append(a.fields[name], strings.TrimSpace(value))
		}
	}
	return nil, errors.New("an HTTP response of more than 100 lines")
}

// accepts names the first thing that is wrong with a response of status 101
// to r, or is nil. RFC 6455 §4.2.2.
func (a *answer) accepts(r *request) error {
	sum := sha1.Sum([]byte(r.value("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	accept := base64.StdEncoding.EncodeToString(sum[:])
	one := func(name string) string { return strings.Join(a.fields[name], ", and on another line ") }
	switch {
	case a.proto != "HTTP/1.1":
		return fmt.Errorf("the protocol is %s, not HTTP/1.1", a.proto)
	case !strings.EqualFold(one("upgrade"), "websocket"):
		return fmt.Errorf("the field Upgrade is %q, not websocket", one("upgrade"))
	case !a.has("Connection", "Upgrade"):
		return fmt.Errorf("the field Connection is %q, without Upgrade", one("connection"))
	case one("sec-websocket-accept") != accept:
		return fmt.Errorf("Sec-WebSocket-Accept is %q, not %q", one("sec-websocket-accept"), accept)
	case len(a.fields["sec-websocket-extensions"]) > 0:
		// Nothing that exists is ever offered.
		return fmt.Errorf("an extension was not offered: %q", one("sec-websocket-extensions"))
	case len(a.fields["sec-websocket-protocol"]) > 1:
		return fmt.Errorf("Sec-WebSocket-Protocol is there twice: %q", one("sec-websocket-protocol"))
	case len(a.fields["sec-websocket-protocol"]) == 1 && !r.offers(one("sec-websocket-protocol")):
		return fmt.Errorf("the subprotocol %q was not offered", one("sec-websocket-protocol"))
	case len(a.fields["content-length"])+len(a.fields["transfer-encoding"]) > 0:
		// RFC 9110 §8.6 and RFC 9112 §6.1.
		return errors.New("a response of status 101 has no body, so no length of one")
	}
	return nil
}

// offers reports whether the request names the subprotocol, in its own case.
func (r *request) offers(subprotocol string) bool {
	for _, line := range r.fields {
		list, ok := strings.CutPrefix(line, "Sec-WebSocket-Protocol:")
		for item := range strings.SplitSeq(list, ",") {
			if ok && strings.TrimSpace(item) == subprotocol {
				return true
			}
		}
	}
	return false
}

// ask sends the request, n octets at a time, and reads the answer.
func (l *link) ask(r *request, n int, wanted string) *answer {
	head, _, _ := strings.Cut(r.String(), "\r\n\r\n")
	for line := range strings.SplitSeq(head, "\r\n") {
		l.log.note("sent", line)
	}
	if r.tail != "" {
		l.log.note("sent", fmt.Sprintf("%d octets behind the head", len(r.tail)))
	}
	b := []byte(r.String())
	for ; len(b) > n; b = b[n:] {
		l.write(b[:n])
	}
	l.write(b)
	if l.err != nil {
		return &answer{}
	}
	l.nc.SetReadDeadline(time.Now().Add(l.patience))
	a, err := readAnswer(l.r, func(line string) { l.log.note("came", line) })
	if err != nil {
		l.fail(l.describe(err), wanted)
		return &answer{}
	}
	return a
}

// upgrade is ask for a request that must be accepted.
func (l *link) upgrade(r *request, n int) {
	const wanted = "101, as in RFC 6455 §4.2.2"
	a := l.ask(r, n, wanted)
	if l.err != nil {
		return
	}
	if a.status != 101 {
		l.fail(fmt.Sprintf("status %d", a.status), wanted)
	} else if err := a.accepts(r); err != nil {
		l.fail("a response of status 101: "+err.Error(), wanted)
	}
}
