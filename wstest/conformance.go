package wstest

import (
	"context"
	"net"
	"slices"
	"testing"
)

// Conformance checks a server that accepts a WebSocket at "/" and echoes every
// message, against RFC 6455: the opening handshake, framing, UTF-8 and the
// closing handshake. dial makes a fresh connection to it, of TCP, of TLS or
// of memory; Conformance closes it.
//
// Each check is a subtest with a connection of its own, and its name begins
// with the section that asks for it:
//
//	go test -run 'TestEcho/^5\.4'
//
// The server is expected to be strict. Where the RFC says SHOULD, this asks:
// that a broken rule is answered with a Close frame that tells which, before
// the server hangs up; that every ping is answered, in order; that bad UTF-8
// is refused when the first bad octet comes; that a handshake from a page of
// another site is refused. It must need no subprotocol and no authorization,
// accept 64 KiB in one message, and ten pings or 100 fragments at a time.
//
// Nothing of the library takes part on the client's side: handshakes and
// frames are written and read here by hand. A step that gets no answer fails
// after 5 seconds, in a server that hangs up too late after 2.
func Conformance(t *testing.T, dial func(context.Context) (net.Conn, error)) {
	t.Helper()
	for _, c := range checks() {
		t.Run(c.section+" "+c.name, func(t *testing.T) {
			p := &probe{ctx: t.Context(), dial: dial}
			defer p.close()
			if err := c.run(p); err != nil {
				t.Errorf("§%s: %s\n%v", c.section, c.name, err)
			}
		})
	}
}

// A check is one thing that a server must do. The error tells what it did.
type check struct {
	section string // of RFC 6455 if not said otherwise
	name    string // what a server does that is right
	run     func(*probe) error
}

func checks() []check {
	return slices.Concat(openingChecks(), earlyChecks, headerChecks(), fragmentChecks(), controlChecks,
		echoChecks(), textChecks(), closeTalks, closeCodeChecks())
}
