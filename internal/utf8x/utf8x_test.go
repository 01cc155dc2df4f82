package utf8x_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/internal/utf8x"
)

// hopeful says by trial whether something that follows can make p valid. What
// may be missing is up to three octets, the first of which lies in one of four
// ranges.
func hopeful(p []byte) bool {
	if utf8.Valid(p) {
		return true
	}
	for _, first := range []string{"\x80", "\x90", "\xa0", "\xbf"} {
		for _, rest := range []string{"", "\x80", "\x80\x80"} {
			if utf8.Valid(append(bytes.Clone(p), first+rest...)) {
				return true
			}
		}
	}
	return false
}

// judge feeds p octet by octet and compares each answer with the trial.
func judge(t *testing.T, p []byte) {
	var v utf8x.Validator
	for i := range p {
		seen := p[:i+1]
		if got, want := v.Write(p[i:i+1]), hopeful(seen); got != want {
			t.Fatalf("%x: Write of the last octet is %v, want %v", seen, got, want)
		}
		if got, want := v.Complete(), utf8.Valid(seen); got != want {
			t.Fatalf("%x: Complete is %v, want %v", seen, got, want)
		}
	}
}

// edges are the octets on both sides of every border in the table of RFC 3629.
const edges = "\x00\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf" +
	"\xe0\xe1\xec\xed\xee\xef\xf0\xf1\xf3\xf4\xf5\xff"

func TestFailsAtTheFirstOctetThatNothingCanMend(t *testing.T) {
	for i := range 1 << 16 {
		judge(t, []byte{byte(i >> 8), byte(i)})
	}
	for i := range edges {
		for j := range edges {
			for k := range edges {
				for _, last := range []byte("\x41\x7f\x80\xbf\xc0\xc2") {
					judge(t, []byte{edges[i], edges[j], edges[k], last})
				}
			}
		}
	}
}

func TestTheOctetsThatOnlyAnIncrementalCheckCatches(t *testing.T) {
	for _, c := range []struct{ held, bad string }{
		{"\xf4", "\x90"}, // above U+10FFFF
		{"\xed", "\xa0"}, // a surrogate
		{"\xe0", "\x9f"}, // two octets would do
		{"\xf0", "\x8f"}, // three octets would do
		{"text", "\xc0"},
		{"text", "\xf5"},
	} {
		var v utf8x.Validator
		require.True(t, v.Write([]byte(c.held)), "%x", c.held)
		require.False(t, v.Write([]byte(c.bad)), "%x behind %x", c.bad, c.held)
	}
}

func TestEveryCharacterOfUnicodeIsValid(t *testing.T) {
	var v utf8x.Validator
	var p []byte
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if utf8.ValidRune(r) {
			p = utf8.AppendRune(p, r)
		}
	}
	require.True(t, v.Write(p))
	require.True(t, v.Complete())
}

// TestCutsChangeNothing has characters of each length begin at every place of
// a word, and cuts the text everywhere.
func TestCutsChangeNothing(t *testing.T) {
	for _, middle := range []string{
		"µ", "€", "🙂", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "\xff",
		// A character that ASCII interrupts, and that is finished too late.
		"\xc3 sixteen of ASCII\xa4", "\xe2\x82 sixteen of ASCII\xac",
	} {
		for before := range 70 {
			text := []byte(strings.Repeat("a", before) + middle + "µ and more of it")
			want := utf8.Valid(text)
			for cut := range len(text) + 1 {
				var v utf8x.Validator
				first := v.Write(text[:cut])
				if first != hopeful(text[:cut]) {
					t.Fatalf("%q cut at %d: the first part gives %v", text, cut, first)
				}
				got := v.Write(text[cut:])
				if got != want || v.Complete() != want {
					t.Fatalf("%q cut at %d: got %v, want %v", text, cut, got, want)
				}
			}
		}
	}
}

func TestFailureLastsUntilReset(t *testing.T) {
	var v utf8x.Validator
	require.False(t, v.Write([]byte("\xff and sixteen octets of ASCII")))
	require.False(t, v.Write(nil))
	require.False(t, v.Write([]byte("good")))
	require.False(t, v.Complete())
	v.Reset()
	require.True(t, v.Complete(), "no octets are valid text")
	require.True(t, v.Write([]byte("good")))
	require.True(t, v.Complete())
}

func TestAnEmptyWriteKeepsAnUnfinishedCharacter(t *testing.T) {
	var v utf8x.Validator
	require.True(t, v.Write([]byte("\xe2\x82")))
	require.True(t, v.Write(nil))
	require.False(t, v.Complete())
	require.True(t, v.Write([]byte("\xac")))
	require.True(t, v.Complete())
}

func TestValidatingAllocatesNothing(t *testing.T) {
	text := []byte(strings.Repeat("Zwölf Boxkämpfer ", 20))
	var v utf8x.Validator
	require.Zero(t, testing.AllocsPerRun(100, func() { v.Write(text) }))
}

// FuzzUTF8 takes every cut of short texts and one of long ones.
func FuzzUTF8(f *testing.F) {
	f.Add([]byte("κόσμε"), 3)
	f.Add([]byte("κόσμε\xed\xa0\x80edited"), 12)
	f.Add([]byte("κόσμε\xf4\x90\x80\x80edited"), 12)
	f.Add([]byte("ASCII, \xc3 sixteen of ASCII\xa4"), 8)
	f.Add([]byte("a long run of ASCII, then \xf0\x9f\x99\x82 and \xc0\x80"), 28)
	f.Fuzz(func(t *testing.T, p []byte, cut int) {
		want := utf8.Valid(p)
		from := int(uint(cut) % uint(len(p)+1))
		to := from
		if len(p) <= 64 {
			from, to = 0, len(p)
			judge(t, p)
		}
		for cut := from; cut <= to; cut++ {
			var v utf8x.Validator
			first := v.Write(p[:cut])
			if first != hopeful(p[:cut]) {
				t.Fatalf("%x: Write is %v", p[:cut], first)
			}
			if got := v.Write(p[cut:]) && v.Complete(); got != want {
				t.Fatalf("%x cut at %d: got %v, want %v", p, cut, got, want)
			}
		}
	})
}
