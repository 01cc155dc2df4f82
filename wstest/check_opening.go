package wstest

import (
	"fmt"
	"math"
	"net"
	"slices"
	"strings"
)

// An opening is a request and how it may be answered.
type opening struct {
	section string
	name    string
	edit    func(r *request) // makes it of a request without a fault
	status  []int            // 101: it must be accepted
}

var (
	accepted   = []int{101}
	badRequest = []int{400}
	forbidden  = []int{403}

	// Not an attempt to open a WebSocket, or a bad one.
	noUpgrade = []int{400, 426}
)

// openings are the rows of RFC 6455 §4.2.1 in its order.
var openings = []opening{
	{"4.2.2", "a correct request is accepted", func(r *request) {}, accepted},
	{"4.2.1", "a request with the method POST is refused with 405 and Allow", func(r *request) { r.method = "POST" }, []int{405}},
	{"4.2.1", "a request in HTTP 1.0 is refused", func(r *request) { r.proto = "HTTP/1.0" }, []int{505, 426}},
	{"4.2.1", "a request without Host is refused", func(r *request) { r.set("Host") }, badRequest},
	{"4.2.1", "a request with two Hosts is refused", func(r *request) { r.set("Host", r.host, r.host) }, badRequest},

	{"4.2.1", "Upgrade is compared without regard to case", set("Upgrade", "WebSocket"), accepted},
	{"4.2.1", "Upgrade may be a list", set("Upgrade", "foo, websocket"), accepted},
	{"4.2.1", "Upgrade may stand on two lines", set("Upgrade", "foo", "websocket"), accepted},
	{"4.2.1", "Upgrade to websocket with a version is refused", set("Upgrade", "websocket/13"), noUpgrade},
	{"4.2.1", "Upgrade to something else is refused", set("Upgrade", "websocketx"), noUpgrade},
	{"4.2.1", "a request without Upgrade is refused", set("Upgrade"), noUpgrade},

	{"4.2.1", "Connection is compared without regard to case", set("Connection", "uPGRADE"), accepted},
	{"4.2.1", "Connection may be a list", set("Connection", "keep-alive, Upgrade"), accepted},
	{"4.2.1", "Connection may stand on two lines", set("Connection", "keep-alive", "Upgrade"), accepted},
	{"4.2.1", "Connection with a longer token is refused", set("Connection", "upgrade-insecure"), noUpgrade},
	{"4.2.1", "a request without Connection is refused", set("Connection"), noUpgrade},

	{"4.2.1", "a key of 15 octets is refused", set(key, "AAAAAAAAAAAAAAAAAAAA"), badRequest},
	{"4.2.1", "a key of 17 octets is refused", set(key, "AAAAAAAAAAAAAAAAAAAAAAA="), badRequest},
	{"4.2.1", "a key in the alphabet for URLs is refused", set(key, "_-_-_-_-_-_-_-_-_-_-_w=="), badRequest},
	{"4.2.1", "a key with spaces inside is refused", set(key, "AAAAAAAAAAA AAAAAAAAAAA=="), badRequest},
	{"4.2.1", "a key without padding is refused", set(key, "AAAAAAAAAAAAAAAAAAAAAA"), badRequest},
	{"4.2.1", "an empty key is refused", set(key, ""), badRequest},
	{"4.2.1", "a request without a key is refused", set(key), badRequest},
	{"11.3.1", "a request with two keys is refused", set(key, "AAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAA=="), badRequest},
	{"4.2.1", "spaces around a key do not matter", func(r *request) { r.set(key, "  "+r.value(key)+"\t ") }, accepted},

	{"4.4", "version 8 is refused with 426", set(version, "8"), []int{426}},
	{"4.4", "version 14 is refused with 426", set(version, "14"), []int{426}},
	{"4.4", "a request without a version is refused with 426", set(version), []int{426}},
	{"4.4", "a version that is no number is refused", set(version, "thirteen"), noUpgrade},
	{"4.2.1", "a list of versions is refused", set(version, "13, 8"), noUpgrade},
	{"11.3.5", "a request with two versions is refused", set(version, "13", "13"), noUpgrade},

	{"10.2", "a request without Origin is accepted", set("Origin"), accepted},
	{"10.2", "a page of the same site is accepted", origin(func(r *request) string { return r.scheme + "://" + r.host }), accepted},
	{"10.2", "a page of another site is refused", set("Origin", "https://attacker.example"), forbidden},
	{"10.2", "a page of a site whose name begins like ours is refused", origin(func(r *request) string {
		return r.scheme + "://" + hostname(r.host) + ".attacker.example"
	}), forbidden},
	{"10.2", "a page of the same host by another scheme is refused", origin(func(r *request) string {
		return map[string]string{"http": "https", "https": "http"}[r.scheme] + "://" + r.host
	}), forbidden},
	{"10.2", "a page of the same host at another port is refused", origin(func(r *request) string {
		return r.scheme + "://" + net.JoinHostPort(hostname(r.host), "1")
	}), forbidden},
	{"10.2", "a page without an origin is refused", set("Origin", "null"), forbidden},
	{"10.2", "a request with two Origins is refused", func(r *request) {
		r.set("Origin", r.scheme+"://"+r.host, r.scheme+"://"+r.host)
	}, []int{403, 400}},

	{"4.2.2", "a subprotocol that does not suit is not answered", set(subprotocol, "wstest-a, wstest-b"), accepted},
	{"11.3.4", "subprotocols may stand on two lines", set(subprotocol, "wstest-a", "wstest-b"), accepted},

	{"9.1", "an extension that nobody knows is declined", set(extensions, `wstest-none; a=1; b="two"; c`), accepted},
	{"9.1", "a list of extensions may have empty elements", set(extensions, ", wstest-a ,,", "wstest-b"), accepted},
	{"9.1", "an extension without a name is refused", set(extensions, "wstest-a; b, =1"), badRequest},
	{"9.1", "a parameter without a name is refused", set(extensions, "wstest-a; ; b"), badRequest},
	{"9.1", "an extension of two words is refused", set(extensions, "wstest a"), badRequest},
	{"9.1", "a quoted value that does not end is refused", set(extensions, `wstest-a; b="c`), badRequest},

	{"RFC 9112 6", "a request with a body is refused", func(r *request) {
		r.set("Content-Length", "5")
		r.tail = "\x81\x83\x00\x00\x00"
	}, badRequest},
	{"RFC 9112 6", "a request with a chunked body is refused", func(r *request) {
		r.set("Transfer-Encoding", "chunked")
		r.tail = "5\r\n\x81\x83\x00\x00\x00\r\n0\r\n\r\n"
	}, badRequest},
}

const (
	key         = "Sec-WebSocket-Key"
	version     = "Sec-WebSocket-Version"
	subprotocol = "Sec-WebSocket-Protocol"
	extensions  = "Sec-WebSocket-Extensions"
)

func set(name string, values ...string) func(*request) {
	return func(r *request) { r.set(name, values...) }
}

func origin(of func(*request) string) func(*request) {
	return func(r *request) { r.set("Origin", of(r)) }
}

func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

func openingChecks() []check {
	var list []check
	for _, o := range openings {
		list = append(list, check{o.section, o.name, o.check})
	}
	return list
}

func (o *opening) check(p *probe) error {
	l := p.connect()
	if l.err != nil {
		return l.err
	}
	r := newRequest(l.nc)
	o.edit(r)
	if o.status[0] == 101 {
		l.upgrade(r, math.MaxInt)
		l.exchange(text("accepted"))
		return l.err
	}
	a := l.ask(r, math.MaxInt, o.wanted())
	switch {
	case l.err != nil:
	case !slices.Contains(o.status, a.status):
		l.fail(fmt.Sprintf("status %d", a.status), o.wanted())

	// "The origin server MUST generate an Allow header field in a 405
	// response". RFC 9110 §15.5.6.
	case a.status == 405 && !a.has("Allow", "GET"):
		l.fail("status 405 without Allow: GET", o.wanted())

	// "The server MUST send an Upgrade header field in a 426 response", and a
	// sender of Upgrade "MUST also send an "Upgrade" connection option".
	// RFC 9110 §15.5.22 and §7.8.
	case a.status == 426 && !(a.has("Upgrade", "websocket") && a.has("Connection", "Upgrade")):
		l.fail("status 426 without Upgrade: websocket and Connection: Upgrade", o.wanted())

	// "an appropriate HTTP error code (such as 426 Upgrade Required) and a
	// |Sec-WebSocket-Version| header field indicating the version(s) the
	// server is capable of understanding." RFC 6455 §4.2.2.
	case a.status == 426 && o.section == "4.4" && !a.has(version, "13"):
		l.fail("status 426 without Sec-WebSocket-Version: 13", o.wanted())
	}
	return l.err
}

// wanted draws the responses that are right.
func (o *opening) wanted() string {
	var ways []string
	for _, status := range o.status {
		way := fmt.Sprintf("status %d", status)
		switch {
		case status == 405:
			way += " with Allow: GET"
		case status == 426 && o.section == "4.4":
			way += " with Upgrade, Connection and Sec-WebSocket-Version"
		case status == 426:
			way += " with Upgrade and Connection"
		}
		ways = append(ways, way)
	}
	return strings.Join(ways, ", or ")
}

// earlyChecks look at where the request ends.
var earlyChecks = []check{
	{"4.2.2", "a request may come one octet at a time", func(p *probe) error {
		l := p.connect()
		if l.err == nil {
			l.upgrade(newRequest(l.nc), 1)
			l.exchange(text("accepted"))
		}
		return l.err
	}},
	{"4.2.2", "a frame that comes with the request is not lost", func(p *probe) error {
		return early(p, text("early"), math.MaxInt)
	}},
	{"4.2.2", "the beginning of a frame that comes with the request is not lost", func(p *probe) error {
		return early(p, text(strings.Repeat("early", 100)), 7)
	}},
}

// early sends n octets of a message behind the request in one write, and the
// rest when it is accepted.
func early(p *probe, m raw, n int) error {
	l := p.connect()
	if l.err != nil {
		return l.err
	}
	b := m.append(nil)
	n = min(n, len(b))
	r := newRequest(l.nc)
	r.tail = string(b[:n])
	l.upgrade(r, math.MaxInt)
	l.write(b[n:])
	l.echo(m)
	l.goodbye()
	return l.err
}
