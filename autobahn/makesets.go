package autobahn

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// The sizes of the originals, in octets, but for texts in characters.
const (
	sizeJSON    = 194056
	sizePicture = 54 + 1024 + 512*512
	sizeProse   = 222218
	sizeHTML    = 263620
	sizePDF     = 1042328
)

// makeJSON is an index.json of three agents with 313 cases each.
func makeJSON() []byte {
	d := dice(1)
	var ids []string
	for _, c := range allCases()[:313] {
		ids = append(ids, c.ID)
	}
	slices.Sort(ids)
	type line struct{ front, back string } // of a duration, whose digits make the length right
	var lines []line
	size := 0
	add := func(front, back string) {
		lines = append(lines, line{front, back})
		size += len(front) + len(back) + 1
	}
	front := "{\n"
	for _, agent := range []string{"AutobahnServer", "Autobahn/0.5.5-rc2", "TwistedWeb"} {
		front += fmt.Sprintf("   %q: {\n", agent)
		for _, id := range ids {
			close := []string{"1000", "1000", "1000", "null", "1002"}[d.roll(5)]
			front += fmt.Sprintf("      %q: {\n         \"behavior\": \"OK\",\n         \"behaviorClose\": \"OK\",\n         \"duration\": ", id)
			add(front, fmt.Sprintf(",\n         \"remoteCloseCode\": %s,\n         \"reportfile\": \"%s_case_%s.json\"\n      }",
				close, strings.ReplaceAll(agent, "/", "_"), strings.ReplaceAll(id, ".", "_")))
			front = ",\n"
		}
		front = "\n   },\n"
	}
	last := &lines[len(lines)-1]
	last.back += "\n   }\n}\n"
	missing := sizeJSON - size - len("\n   }\n}\n")
	var b strings.Builder
	for i, l := range lines {
		digits := missing / (len(lines) - i)
		if digits < missing && d.roll(2) == 0 {
			digits++
		}
		missing -= digits
		b.WriteString(l.front)
		b.WriteByte(byte('1' + d.roll(9)))
		for range digits {
			b.WriteByte(byte('0' + d.roll(10)))
		}
		b.WriteString(l.back)
	}
	return []byte(b.String())
}

// makePicture is a BMP of 512×512 grey points: light that changes slowly, and
// grain.
func makePicture() []byte {
	d := dice(2)
	b := make([]byte, 54, sizePicture)
	copy(b, "BM")
	for at, v := range map[int]uint32{2: sizePicture, 10: 54 + 1024, 14: 40, 18: 512, 22: 512, 34: 512 * 512, 46: 256} {
		binary.LittleEndian.PutUint32(b[at:], v)
	}
	b[26], b[28] = 1, 8
	for i := range 256 {
		b = append(b, byte(i), byte(i), byte(i), 0)
	}
	light := func(x, y int) int { return 90 + (x*x/4096+y*(512-y)/1500+(x*y)/8192)%80 }
	for y := range 512 {
		for x := range 512 {
			grain := d.roll(24) + d.roll(24) + d.roll(24) + d.roll(24) - 48
			b = append(b, byte(light(x, y)+grain))
		}
	}
	return b
}

// makeProse is a play in verse, in a language that sounds German, as UTF-8
// with a byte order mark: 7429 lines, 2845 characters of two octets.
func makeProse() []byte {
	const lines, umlauts = 7429, 2845
	const chars = sizeProse - umlauts - 3 // and the mark
	d := dice(3)
	words := makeWords(&d, 4200)
	var b []byte
	for i := 1; i <= lines; i++ {
		until := i * chars / lines
		if d.roll(3) > 0 {
			until += d.roll(40)
		}
		if i < lines {
			until = min(until, chars-80) // leave room for the last line
		}
		for start := len(b); len(b) < until-1 && len(b)-start < 66; {
			if len(b) > start {
				b = append(b, ' ')
			}
			b = append(b, pickWord(&d, words)...)
		}
		b = append(b, ",.,!:; "[d.roll(7)])
		b[len(b)-1] = '\n'
	}
	for len(b) < chars {
		b = slices.Insert(b, len(b)-1, 'e')
	}
	b = append(b[:chars-1], '\n')
	return withUmlauts(&d, b, umlauts)
}

// makeWords makes n words of syllables.
func makeWords(d *dice, n int) []string {
	heads := strings.Fields("b d f g h k l m n r s t w z sch st br gr fl kl tr v sp")
	vowels := strings.Fields("a e i o u ei ie au e e")
	tails := strings.Fields("n r t l s ch nd st cht m . . . .")
	words := strings.Fields("und der die ich das ist in nicht zu er es sie den mit ein du mir wie so auf ihr was dem sich wir von")
	for len(words) < n {
		var w string
		for range 1 + d.roll(3) {
			w += heads[d.roll(len(heads))] + vowels[d.roll(len(vowels))] + strings.Trim(tails[d.roll(len(tails))], ".")
		}
		if w += []string{"", "en", "e", "er", ""}[d.roll(5)]; d.roll(4) == 0 {
			w = strings.ToUpper(w[:1]) + w[1:]
		}
		words = append(words, w)
	}
	return words
}

// pickWord prefers words that stand in front, as people do.
func pickWord(d *dice, words []string) string {
	n := len(words)
	for d.roll(8) > 2 && n > 20 {
		n = n * 2 / 3
	}
	return words[d.roll(n)]
}

// withUmlauts puts a byte order mark in front and n umlauts into a text.
func withUmlauts(d *dice, text []byte, n int) []byte {
	marked := map[int]bool{}
	for len(marked) < n {
		if i := d.roll(len(text)); strings.IndexByte("aou", text[i]) >= 0 {
			marked[i] = true
		}
	}
	out := []byte("\ufeff")
	for i, c := range text {
		if marked[i] {
			out = append(out, map[byte]string{'a': "ä", 'o': "ö", 'u': "ü"}[c]...)
		} else {
			out = append(out, c)
		}
	}
	return out
}
