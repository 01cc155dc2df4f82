package autobahn

import (
	"fmt"
	"strconv"
	"time"
)

const (
	logOctets = 64  // of each payload that the log keeps
	logHead   = 100 // entries that the log keeps from the beginning
	logTail   = 50  // … and from the end
)

// An entry is one line of the log of a connection.
type entry struct {
	At    time.Duration `json:"ns"`    // since the end of the opening handshake
	From  string        `json:"from"`  // tester or peer
	Text  string        `json:"text"`  // the frame's opcode and bits, or an event
	Bytes string        `json:"bytes"` // the beginning of the payload, quoted
	Size  int           `json:"size"`  // of the payload, in octets; -1 for an event
}

// A wireLog keeps the beginning and the end of what happened.
type wireLog struct {
	start time.Time
	head  []entry
	tail  []entry
	cut   int // entries left out in between
}

func (l *wireLog) add(e entry) {
	e.At = time.Since(l.start)
	if len(l.head) < logHead {
		l.head = append(l.head, e)
		return
	}
	if len(l.tail) == logTail {
		l.tail = l.tail[1:]
		l.cut++
	}
	l.tail = append(l.tail, e)
}

// event notes something that is no frame.
func (l *wireLog) event(from, format string, args ...any) {
	l.add(entry{From: from, Text: fmt.Sprintf(format, args...), Size: -1})
}

// frame notes a frame. Only the first octets of the payload need to be there.
func (l *wireLog) frame(from string, f frame, size int) {
	text := opcodeName(f.opcode)
	if !f.fin {
		text += "-"
	}
	if f.rsv != 0 {
		text = "r" + strconv.Itoa(int(f.rsv)) + ":" + text
	}
	l.add(entry{From: from, Text: text, Size: size, Bytes: strconv.QuoteToASCII(string(f.payload[:min(len(f.payload), logOctets)]))})
}

// entries lists what was kept.
func (l *wireLog) entries() []entry {
	list := append([]entry{}, l.head...)
	if l.cut > 0 {
		list = append(list, entry{At: l.tail[0].At, Text: fmt.Sprintf("… %d entries …", l.cut), Size: -1})
	}
	return append(list, l.tail...)
}
