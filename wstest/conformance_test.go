package wstest

import (
	"context"
	"errors"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// findings runs checks against a server, and returns the names of those that
// fail, with what they say.
func findings(t *testing.T, list []check, dial func(context.Context) (net.Conn, error)) map[string]string {
	found := map[string]string{}
	synctest.Test(t, func(t *testing.T) {
		for _, c := range list {
			p := &probe{ctx: t.Context(), dial: dial}
			if err := c.run(p); err != nil {
				found[c.section+" "+c.name] = err.Error()
			}
			p.close()
		}
	})
	return found
}

func TestANaiveServerPassesConformance(t *testing.T) {
	Conformance(t, naive{}.dial)
	require.Empty(t, findings(t, checks(), naive{fault: "fragments"}.dial), "a server may fragment, and ping in between")
}

func TestEveryCheckHasItsOwnName(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range checks() {
		name := c.section + " " + c.name
		require.False(t, seen[name], name)
		require.NotContains(t, name, "/", "a slash in the name of a subtest begins another level")
		seen[name] = true
	}
	require.Greater(t, len(seen), 250)
}

// A fault is what a server can do wrong, and the checks that must see it:
// those whose names match, and no other. "not" in front of a pattern means all
// the others.
type fault struct{ fault, seen string }

// openingFaults are looked for by the checks of the opening handshake alone.
var openingFaults = []fault{
	{"no handshake", `.`},
	{"first line only", `^4.* on two lines$`},
	{"tokens by substring", `longer token|Upgrade to`},
	{"tokens by case", `without regard to case`},
	{"no Allow", `405`},
	{"any HTTP", `HTTP 1\.0`},
	{"any host", `Host`},
	{"takes a body", `^RFC 9112`},
	{"any key", `key.* refused$`},
	{"any version", `^4\.4|(list of|two) versions`},
	{"no version told", `^4\.4`},
	{"bare 426", `^4\.4|(list of|two) versions`},
	{"any origin", `^10\.2 .* refused$`},
	{"any extension", `^9\.1 .* refused$`},
	{"loses early frames", `comes with the request`},

	{"second accept", `not ` + refusals},
	{"second Upgrade", `not ` + refusals},
	{"no Connection", `not ` + refusals},
	{"another HTTP", `not ` + refusals},
	{"another protocol", `.`},
	{"unasked extension", `not ` + refusals},
	{"unasked subprotocol", `not ` + refusals},
	{"second subprotocol", `not ` + refusals},
	{"list of subprotocols", `subprotocol that does not suit`},
	{"length of nothing", `not ` + refusals},
	{"line without a colon", `not ` + refusals},
	{"a hundred lines", `not ` + refusals},
	{"a line without an end", `not ` + refusals},
}

// talkFaults are behind it.
var talkFaults = []fault{
	{"masks", `not ` + refusals},
	{"sets a bit", `not ` + refusals},
	{"long lengths", `not ` + refusals},
	{"fragments badly", openings101 + `|^5\.2 a text message of \d{3}|a key of zeros|^5\.4 .*(ended|100|two|ping|pong|one octet)|` +
		`in front of a Close|^5\.6 .*(UTF-8|together)|^7\.1\.7|^8\.1 (a character may|a ping|every octet)`},

	{"no mask check", `unmasked.* refused`},
	{"any bit", `reserved bits|^7\.1\.7`},
	{"any opcode", `opcode`},
	{"any form of a length", `the length .* in . octets`},
	{"fragmented control", `a fragmented (ping|pong|Close)`},
	{"long control", `of (126|65536) octets is refused`},
	{"continuation of nothing", `continuation of`},
	{"messages inside messages", `^5\.4 .* inside a (text|binary)`},
	{"no limit", `^10\.4`},

	{"no pongs inside messages", `a ping between|a ping may come inside|in a later fragment`},
	{"one pong", `^5\.5\.2 (ten|pings|.* with (its|any|125)|.* one octet)|nobody asked|a ping between|a ping may come inside|in a later fragment`},
	{"answers pongs", `a pong (that|between)`},

	{"drops empty messages", ` 0 octets is echoed|empty fragments|every length|together`},
	{"one type", `a binary message of .* echoed|empty fragments|every length|together|no text`},
	{"cuts at 64 KiB", `65536 octets is echoed`},

	{"any text", `^8\.1 .*( refused|do not make)`},
	{"late UTF-8", `before the`},
	{"any reason", `a reason that`},

	{"always 1000", `close code (\d{1,3}|[2-9]\d*|1[1-9]\d+|10[1-9]\d|100[1-9]) |a reason that|Close frame may come one octet`},
	{"any close code", `close code .* refused`},
	{"wrong close code", `^5\.1 |^5\.2 (reserved|opcode|the length)|^5\.4 .* refused|^5\.5 |^7\.1\.7|half a code|close code (1002|.* refused)`},
	{"hangs up without a word", `not ` + openingRows},
	{"speaks behind the end", `not ` + openingRows},
	{"does not hang up", `not ` + openingRows},
	{"goes on behind the end", `not ` + openingRows},
}

// Patterns for the names of checks that a fault behind the handshake, or in a
// handshake that is accepted, cannot touch.
const (
	openingRows = `^(4|9|10\.2|11|RFC).* (accepted|refused|refused with .*|may be a list|on two lines|to case|not matter|not answered|` +
		`declined|empty elements|one octet at a time)$`
	refusals    = `^(4|9|10\.2|11|RFC).* refused( with .*)?$`
	openings101 = `^(4|9|10\.2|11|RFC).* (accepted|may be a list|on two lines|to case|not matter|not answered|` +
		`declined|empty elements|one octet at a time|not lost)$`
)

func TestConformanceSeesEachFaultOfAHandshakeAndNoOther(t *testing.T) {
	for _, f := range openingFaults {
		t.Run(f.fault, func(t *testing.T) { f.look(t, slices.Concat(openingChecks(), earlyChecks)) })
	}
}

func TestConformanceSeesEachFaultOfAConversationAndNoOther(t *testing.T) {
	for _, f := range talkFaults {
		t.Run(f.fault, func(t *testing.T) { f.look(t, checks()) })
	}
}

func (f fault) look(t *testing.T, list []check) {
	phrase, not := strings.CutPrefix(f.seen, "not ")
	pattern := regexp.MustCompile(phrase)
	found := findings(t, list, naive{fault: f.fault}.dial)
	require.NotEmpty(t, found)
	for _, c := range list {
		name := c.section + " " + c.name
		says, seen := found[name]
		if want := pattern.MatchString(name) != not; want && !seen {
			t.Errorf("not seen by %q", name)
		} else if seen && !want {
			t.Errorf("seen by %q:\n%s", name, says)
		}
	}
}

func TestConformanceTellsThatNobodyAnswersTheDial(t *testing.T) {
	refused := errors.New("connection refused")
	found := findings(t, checks(), func(context.Context) (net.Conn, error) { return nil, refused })
	require.Len(t, found, len(checks()))
	for _, says := range found {
		require.Equal(t, "dial: connection refused", says)
	}
}
