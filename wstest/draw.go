package wstest

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/bellwire/bellwire/frame"
)

// A conversation is drawn with a line for each frame:
//
//	     F RSV op   M length
//	sent 1 000 1001 1      4 ping "beat"
//	came 1 000 1010 0      4 pong "beat"
const (
	drawHead  = "     F RSV op   M length"
	drawLines = 20 // of a conversation, the last ones
	drawBytes = 40 // of a payload, the first ones
)

// String draws the frame as one line.
func (f raw) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %03b %04b %d %6d %v", bit(f.fin), f.rsv, uint8(f.op), bit(f.masked), f.length, f.op)
	if f.form != shortest(f.length) {
		fmt.Fprintf(&b, ", length in %d octets", f.form)
	}
	switch {
	case f.op == frame.Close:
		b.WriteString(drawClose(f.payload))
	case len(f.payload) > 0:
		b.WriteString(" " + drawPayload(f.payload))
	}
	if n := uint64(len(f.payload)); n != f.length {
		fmt.Fprintf(&b, ", with only %d octets behind it", n)
	}
	return b.String()
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func drawClose(p []byte) string {
	switch len(p) {
	case 0:
		return " without a code"
	case 1:
		return fmt.Sprintf(" with half a code, %#02x", p[0])
	case 2:
		return fmt.Sprintf(" %d", binary.BigEndian.Uint16(p))
	}
	return fmt.Sprintf(" %d %s", binary.BigEndian.Uint16(p), drawPayload(p[2:]))
}

// drawPayload quotes text and gives anything else in hexadecimal.
func drawPayload(p []byte) string {
	more := ""
	if len(p) > drawBytes {
		p, more = p[:drawBytes], "..."
	}
	whole := p
	if more != "" {
		// The cut may have gone through a character.
		for i := 0; i < utf8.UTFMax && len(whole) > 0 && !utf8.Valid(whole); i++ {
			whole = whole[:len(whole)-1]
		}
	}
	if utf8.Valid(whole) {
		return fmt.Sprintf("%q", whole) + more
	}
	return fmt.Sprintf("%x", p) + more
}

// A transcript remembers the end of a conversation.
type transcript struct {
	lines   []string
	dropped int
	frames  bool // some lines are frames
}

func (t *transcript) frame(who string, f raw) {
	t.frames = true
	t.note(who, f.String())
}

func (t *transcript) note(who, what string) {
	if len(t.lines) == drawLines {
		t.lines = append(t.lines[:0], t.lines[1:]...)
		t.dropped++
	}
	t.lines = append(t.lines, who+" "+what)
}

func (t *transcript) String() string {
	lines := t.lines
	if t.dropped > 0 {
		lines = append([]string{fmt.Sprintf("     (%d lines before)", t.dropped)}, lines...)
	}
	if t.frames {
		lines = append([]string{drawHead}, lines...)
	}
	if len(lines) == 0 {
		return "nothing was sent, and nothing came"
	}
	return strings.Join(lines, "\n")
}
