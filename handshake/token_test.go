package handshake_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/handshake"
)

func TestExtensionsAreParsed(t *testing.T) {
	for _, row := range []struct {
		values []string
		want   string
	}{
		{nil, "[]"},
		{[]string{"a"}, "[{a []}]"},
		{[]string{"a, b"}, "[{a []} {b []}]"},
		{[]string{"a", "b"}, "[{a []} {b []}]"},
		{[]string{",, a ,\t, b ,"}, "[{a []} {b []}]"}, // RFC 9110 §5.6.1.2
		{[]string{"", "a"}, "[{a []}]"},
		{[]string{"a;b"}, "[{a [{b }]}]"},
		{[]string{"a; b=1; c; d=x-y"}, "[{a [{b 1} {c } {d x-y}]}]"},
		{[]string{"a ; b = 1 , c"}, "[{a [{b 1}]} {c []}]"}, // implied *LWS
		{[]string{`a; b="1"`}, "[{a [{b 1}]}]"},
		{[]string{`a; b = "1" ; c`}, "[{a [{b 1} {c }]}]"},
		{[]string{`a; b="1\0"; c="\x"`}, "[{a [{b 10} {c x}]}]"},
		{[]string{"a; b=1; b=2"}, "[{a [{b 1} {b 2}]}]"}, // for the extension to judge
		{[]string{"a;b=1", "a;b=2"}, "[{a [{b 1}]} {a [{b 2}]}]"},
	} {
		got, err := handshake.ParseExtensions(row.values)
		require.NoError(t, err, row.values)
		require.Equal(t, row.want, fmt.Sprint(got), row.values)
	}
}

func TestMalformedExtensionsAreRefused(t *testing.T) {
	for _, value := range []string{
		"", " ", ",", ";", "=", "a;", "a;;b", "a b", "a=b", "a; =1", "a; b=", "a; b=;c", "a; b==1", "a; b=1 2",
		"a; b=\"", `a; b=""`, `a; b="1`, `a; b="1\`, `a; b="1\"`, `a; b="1 2"`, `a; b="1,2"`, `a; b="\,"`, `a; b="\"1"x`,
		`a; b="1"c`, `"a"`, "a/1", "a; b=\u00e9", "\u00e9", "a\x00", `a; "b"=1`, "a, b;",
	} {
		_, err := handshake.ParseExtensions([]string{value})
		requireBroken(t, err, "RFC 6455 §9.1: Sec-WebSocket-Extensions is malformed", 400, handshake.BadExtensions)
	}
	_, err := handshake.ParseExtensions([]string{"a;", "b"})
	require.ErrorIs(t, err, handshake.BadExtensions, "the first line counts though the second is well-formed")
}

// What a list costs in memory is bounded whatever the peer writes.
func TestAListOfMoreThan128ElementsIsRefused(t *testing.T) {
	numbered := func(n int) string {
		var names []string
		for i := range n {
			names = append(names, fmt.Sprint("p", i))
		}
		return strings.Join(names, ", ")
	}
	for _, row := range []struct {
		fits, tooMany []string
	}{
		{[]string{numbered(128)}, []string{numbered(129)}},
		{[]string{numbered(127), "q"}, []string{numbered(128), "q"}},
		{[]string{"a" + strings.Repeat(";b", 127)}, []string{"a" + strings.Repeat(";b", 128)}},
		{[]string{strings.Repeat(",", 127) + "a"}, []string{strings.Repeat(",", 128) + "a"}},
		{[]string{"a" + strings.Repeat(",", 128)}, []string{"a" + strings.Repeat(",", 129)}},
	} {
		_, err := handshake.ParseExtensions(row.fits)
		require.NoError(t, err, row.fits)
		_, err = handshake.ParseExtensions(row.tooMany)
		require.ErrorIs(t, err, handshake.BadExtensions, row.tooMany)
	}
	r := mustParse(t, but("Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: "+numbered(128)))
	require.Len(t, r.Subprotocols, 128)
	_, err := parse(but("Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: "+numbered(128)+"\nSec-WebSocket-Protocol: q"))
	require.ErrorIs(t, err, handshake.BadSubprotocol)
}

func TestATokenIsFoundInAListAsAWhole(t *testing.T) {
	for list, want := range map[string]bool{
		"upgrade":              true,
		"Upgrade":              true,
		" \tupgrade\t ":        true,
		"keep-alive,upgrade":   true,
		",,upgrade,,":          true,
		"":                     false,
		"upgraded":             false,
		"upgrade-insecure":     false,
		"no-upgrade":           false,
		"up grade":             false,
		"upgrade/1":            false,
		"upgrade;q=1":          false,
		"\"upgrade\"":          false,
		"\u00a0upgrade":        false,
		"UPGRADE\u0345, other": false,
	} {
		require.Equal(t, want, handshake.HasToken(list, "upgrade"), "%q", list)
	}
	require.False(t, handshake.HasToken("websoc\u212aet", "websocket"), "the Kelvin sign is no k")
}
