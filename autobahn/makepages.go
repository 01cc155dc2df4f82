package autobahn

import (
	"fmt"
	"strings"
)

// makeHTML is a page of 457 rows with a link in each cell: 263620 characters,
// 26 of which take more than one octet.
func makeHTML() []byte {
	d := dice(4)
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html>\n   <head>\n      <meta charset=\"utf-8\" />\n      <style lang=\"css\">\n")
	for i := 0; b.Len() < 6000; i++ {
		fmt.Fprintf(&b, "         td.case_%s\n         {\n            background-color: #%06x;\n            padding: %dpx;\n         }\n",
			[]string{"ok", "failed", "missing", "category", "subcategory", "almost", "info"}[i%7], d.roll(1<<24), d.roll(12))
	}
	b.WriteString("      </style>\n   </head>\n   <body>\n      <table id=\"agent_case_results\">\n")
	cells := 0
	for row := range 457 {
		c := allCases()[row%len(allCases())]
		fmt.Fprintf(&b, "         <tr class=\"agent_case_result_row\" id=\"row_%s_%d\">\n            <td class=\"case_category\" title=\"%s\">Case %s</td>\n",
			strings.ReplaceAll(c.ID, ".", "_"), d.roll(100), c.Title, c.ID)
		for range 2 {
			fmt.Fprintf(&b, "            <td class=\"case_ok\"><a href=\"agent_%d_case_%s.html\">Pass</a><br/><span class=\"case_duration\">%d ms</span></td>\n",
				cells%2, strings.ReplaceAll(c.ID, ".", "_"), d.roll(400))
			cells++
		}
		b.WriteString("            <td class=\"close close_hide case_ok\"><span class=\"close_code\">1000</span></td>\n         </tr>\n")
	}
	const end = "\n      </table>\n   </body>\n</html>\n"
	for line := 0; b.Len() < sizeHTML-len(end); line++ {
		fmt.Fprintf(&b, "         <tr class=\"agent_case_note\"><td colspan=\"3\">The note %d on case %d of agent %d is long.</td></tr>\n", line, d.roll(517), d.roll(9))
	}
	text := []byte(b.String()[:sizeHTML-len(end)] + end)
	return withLetters(text)
}

// withLetters puts the 26 characters in, where the original has them.
func withLetters(text []byte) []byte {
	const first, last, letters = 137264, 138900, 26
	out := append([]byte(nil), text[:first]...)
	put := 0
	for i, c := range text[first:] {
		if put < letters && c >= 'a' && c <= 'z' && i >= put*(last-first)/letters {
			if put++; put == letters {
				out = append(out, "€"...)
			} else {
				out = append(out, "ä"...)
			}
			continue
		}
		out = append(out, c)
	}
	return out
}

// makePDF has streams that hardly compress for 640 KiB, and objects that do.
func makePDF() []byte {
	const streams, dense = 316, 640 << 10
	d := dice(5)
	b := []byte("%PDF-1.2\n%\xe2\xe3\xcf\xd3\n")
	for n := 1; n <= streams; n++ {
		size := dense*n/streams - len(b)
		b = fmt.Appendf(b, "%d 0 obj\n<< /Length %d /Filter /FlateDecode >>\nstream\n", n, size)
		for len(b) < dense*n/streams-20 {
			b = append(b, byte(d.roll(256)))
		}
		b = append(b, "\nendstream\nendobj\n"...)
	}
	for n := streams + 1; len(b) < sizePDF; n++ {
		b = fmt.Appendf(b, "%d 0 obj\n<< /Type /Annot /Subtype /Link /Border [0 0 %d] /Rect [%d.%d %d.%d %d.%d %d.%d]\n/Dest [%d 0 R /XYZ %d %d null] /Parent %d 0 R >>\nendobj\n",
			n, d.roll(3), d.roll(612), d.roll(1000), d.roll(792), d.roll(1000), d.roll(612), d.roll(1000), d.roll(792), d.roll(1000),
			d.roll(4000), d.roll(612), d.roll(792), d.roll(n))
	}
	return append(b[:sizePDF-6], "%%EOF\n"...)
}
