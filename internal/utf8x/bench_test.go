package utf8x_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bellwire/bellwire/internal/utf8x"
)

func BenchmarkUTF8(b *testing.B) {
	for _, c := range []struct{ name, text string }{
		{"ascii", strings.Repeat("The quick brown fox. ", 780)},
		{"short", "hello, world"},
		{"german", strings.Repeat("Zwölf Boxkämpfer jagen Viktor quer über den Sylter Deich. ", 270)},
		{"greek", strings.Repeat("Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. ", 250)},
		{"japanese", strings.Repeat("いろはにほへとちりぬるを。", 420)},
		{"emoji", strings.Repeat("🙂🚀🎉 ", 1200)},
	} {
		p := []byte(c.text)
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(p)))
			var v utf8x.Validator
			for b.Loop() {
				v.Write(p)
			}
		})
		b.Run(c.name+"/std", func(b *testing.B) {
			b.SetBytes(int64(len(p)))
			for b.Loop() {
				utf8.Valid(p)
			}
		})
	}
}
