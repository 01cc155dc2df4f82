package utf8x_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/internal/utf8x"
)

const (
	greek  = "cebae1bdb9cf83cebcceb5"
	german = "48656c6c6f2dc2b540c39fc3b6c3a4c3bcc3a0c3a12d5554462d382121"
	edited = "656469746564"
)

// fragmented are the cases 6.1 to 6.4 of the Autobahn test suite: text that
// comes in the given fragments, and the fragment, counted from one, at which
// it must fail; 0 for text that is valid.
var fragmented = []struct {
	id, fragments string
	fails         int
}{
	{"6.1.1", "", 0},
	{"6.1.2", "||", 0},
	{"6.1.3", "|" + hex.EncodeToString([]byte("middle frame payload")) + "|", 0},
	{"6.2.1", german, 0},
	{"6.2.2", german[:30] + "|" + german[30:], 0},
	{"6.2.3", ones(german), 0},
	{"6.2.4", ones(greek), 0},
	{"6.3.1", greek + "eda080" + edited, 1},
	{"6.3.2", ones(greek + "eda080" + edited), 13},
	{"6.4.1", greek + "|f4908080|" + edited, 2},
	{"6.4.2", greek + "f4|90|8080" + edited, 2},
	{"6.4.3", greek + "|f4908080|" + edited + "|", 2},
	{"6.4.4", greek + "f4|90|8080" + edited + "|", 2},
}

// whole are the cases 6.5 to 6.23: V is valid, I is not.
var whole = []struct{ id, subject, cases string }{
	{"6.5", "text with characters of one to four octets", `
		V 68656c6c6f24776f726c64  V 68656c6c6fc2a2776f726c64  V 68656c6c6fe282ac776f726c64
		V 68656c6c6ff0a4ada2776f726c64  V cebae1bdb9cf83cebcceb5`},
	{"6.6", "every prefix of a Greek word, wrong where it cuts a letter", `
		I ce  V ceba  I cebae1  I cebae1bd  V cebae1bdb9  I cebae1bdb9cf  V cebae1bdb9cf83
		I cebae1bdb9cf83ce  V cebae1bdb9cf83cebc  I cebae1bdb9cf83cebcce  V cebae1bdb9cf83cebcceb5`},
	{"6.7", "the lowest character of each length", `
		V 00  V c280  V e0a080  V f0908080`},
	{"6.8", "the lowest forms of five and six octets", `
		I f888808080  I fc8480808080`},
	{"6.9", "the highest character of each length", `
		V 7f  V dfbf  V efbfbf  V f48fbfbf`},
	{"6.10", "the highest forms of four to six octets", `
		I f7bfbfbf  I fbbfbfbfbf  I fdbfbfbfbfbf`},
	{"6.11", "beside the surrogates, and at the end of Unicode", `
		V ed9fbf  V ee8080  V efbfbd  V f48fbfbf  I f4908080`},
	{"6.12", "continuation octets without a lead", `
		I 80  I bf  I 80bf  I 80bf80  I 80bf80bf  I 80bf80bf80  I 80bf80bf80bf
		I 808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbe`},
	{"6.13", "lead octets, each with a blank behind it", `
		I c020c120c220c320c420c520c620c720c820c920ca20cb20cc20cd20ce20cf20d020d120d220d320d420d520d620d720d820d920da20db20dc20dd20de20
		I e020e120e220e320e420e520e620e720e820e920ea20eb20ec20ed20ee20
		I f020f120f220f320f420f520f620  I f820f920fa20  I fc20`},
	{"6.14", "the last octet missing", `
		I c0  I e080  I f08080  I f8808080  I fc80808080  I df  I efbf  I f7bfbf  I fbbfbfbf
		I fdbfbfbfbf`},
	{"6.15", "the ten of 6.14 in a row", `
		I c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf`},
	{"6.16", "octets that occur nowhere", `
		I fe  I ff  I fefeffff`},
	{"6.17", "a slash in two to six octets", `
		I c0af  I e080af  I f08080af  I f8808080af  I fc80808080af`},
	{"6.18", "the highest overlong forms", `
		I c1bf  I e09fbf  I f08fbfbf  I f887bfbfbf  I fc83bfbfbfbf`},
	{"6.19", "NUL in two to six octets", `
		I c080  I e08080  I f0808080  I f880808080  I fc8080808080`},
	{"6.20", "single surrogates", `
		I eda080  I edadbf  I edae80  I edafbf  I edb080  I edbe80  I edbfbf`},
	{"6.21", "surrogate pairs", `
		I eda080edb080  I eda080edbfbf  I edadbfedb080  I edadbfedbfbf  I edae80edb080
		I edae80edbfbf  I edafbfedb080  I edafbfedbfbf`},
	{"6.22", "non-characters, all of them legal", `
		V efbfbe  V efbfbf  V f09fbfbe  V f09fbfbf  V f0afbfbe  V f0afbfbf  V f0bfbfbe  V f0bfbfbf
		V f18fbfbe  V f18fbfbf  V f19fbfbe  V f19fbfbf  V f1afbfbe  V f1afbfbf  V f1bfbfbe
		V f1bfbfbf  V f28fbfbe  V f28fbfbf  V f29fbfbe  V f29fbfbf  V f2afbfbe  V f2afbfbf
		V f2bfbfbe  V f2bfbfbf  V f38fbfbe  V f38fbfbf  V f39fbfbe  V f39fbfbf  V f3afbfbe
		V f3afbfbf  V f3bfbfbe  V f3bfbfbf  V f48fbfbe  V f48fbfbf`},
	{"6.23", "the specials, U+FFF9 to U+FFFF", `
		V efbfb9  V efbfba  V efbfbb  V efbfbc  V efbfbd  V efbfbe  V efbfbf`},
}

func TestAutobahnFragmentedTextFailsAtTheFirstBadFragment(t *testing.T) {
	for _, c := range fragmented {
		t.Run(c.id, func(t *testing.T) {
			var v utf8x.Validator
			fails := 0
			for i, f := range strings.Split(c.fragments, "|") {
				if !v.Write(octets(t, f)) && fails == 0 {
					fails = i + 1
				}
			}
			require.Equal(t, c.fails, fails, "fragment that failed")
			require.Equal(t, c.fails == 0, v.Complete())
		})
	}
}

func TestAutobahnWholeText(t *testing.T) {
	n := len(fragmented)
	for _, g := range whole {
		fields := strings.Fields(g.cases)
		for i := 0; i < len(fields); i += 2 {
			n++
			valid, text := fields[i] == "V", octets(t, fields[i+1])
			t.Run(fmt.Sprintf("%s.%d", g.id, i/2+1), func(t *testing.T) {
				require.Equal(t, valid, utf8.Valid(text), "%s: the table is wrong", g.subject)
				for cut := range len(text) + 1 {
					var v utf8x.Validator
					got := v.Write(text[:cut]) && v.Write(text[cut:]) && v.Complete()
					require.Equal(t, valid, got, "%s: %x, cut at %d", g.subject, text, cut)
				}
			})
		}
	}
	require.Equal(t, 145, n, "cases in section 6")
}

// ones cuts text, in hexadecimal, into single octets, with an empty fragment
// at the end.
func ones(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i += 2 {
		b.WriteString(text[i:i+2] + "|")
	}
	return b.String()
}

func octets(t *testing.T, text string) []byte {
	p, err := hex.DecodeString(text)
	require.NoError(t, err)
	return p
}
