package autobahn

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The files in cases/ hold one case on a line:
//
//	id | script | writing | timer | OK | NON-STRICT | close rule
//
// A line "== 1.1 words" names the cases below it; a line that begins with two
// spaces says more about the one above it. A script is a list, separated by
// semicolons, of
//
//	text bin cont ping pong close opN   a frame: its opcode and its payload
//	r4:text-                            … with reserved bits, and with FIN=0
//	frags 64 text …                     a message in fragments of 64 octets
//	ones …                              a text message in fragments of 1 octet
//	repeat 1000 text …                  the same again after each echo
//	head text- 21, part …               a header alone, and pieces of its payload
//	wait 1s                             a second without sending
//	mark A                              A counts as received, if nobody has closed
//
// Payloads are those of parsePayload. The writing is join (the frames between
// two waits leave in one write), sync (each frame in its own) or chop N (in
// pieces of N octets). The timer is K or C and seconds, see runTimer. What is
// expected is a list of echo, pongN (for the N-th ping), marks, or nothing;
// size is an echo of which type and length count.

// A step is one entry of a script.
type step struct {
	kind     stepKind
	frame    frame         // stepFrame; its payload is body
	body     payload       // stepFrame, stepPart
	announce int           // stepHead: the length that the header tells
	fragment int           // stepFrame: cut into pieces of so many octets; 0: not
	wait     time.Duration // stepWait
	mark     string        // stepMark
}

type stepKind uint8

const (
	stepFrame stepKind = iota
	stepHead
	stepPart
	stepWait
	stepMark
)

// A writing says how the octets of a script leave.
type writing struct {
	alone bool // each frame is a write of its own
	chop  int  // … or each so many octets of it; 0: not
}

var opcodes = map[string]byte{
	"cont": opContinuation, "text": opText, "bin": opBinary,
	"close": opClose, "ping": opPing, "pong": opPong,
}

// parseScript reads a script, and how often it is repeated.
func parseScript(s string) (steps []step, repeat int, err error) {
	repeat = 1
	for entry := range strings.SplitSeq(s, "; ") {
		word, rest, _ := strings.Cut(entry, " ")
		if word == "repeat" {
			count, again, _ := strings.Cut(rest, " ")
			if repeat, err = strconv.Atoi(count); err != nil {
				return nil, 0, err
			}
			word, rest, _ = strings.Cut(again, " ")
		}
		st, err := parseStep(word, rest)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", entry, err)
		}
		steps = append(steps, st)
	}
	return steps, repeat, nil
}

func parseStep(word, rest string) (st step, err error) {
	switch word {
	case "wait":
		st.kind = stepWait
		st.wait, err = time.ParseDuration(rest)
		return st, err
	case "mark":
		return step{kind: stepMark, mark: rest}, nil
	case "part":
		st.kind = stepPart
		st.body, err = parsePayload(rest)
		return st, err
	case "head":
		word, length, _ := strings.Cut(rest, " ")
		st.kind = stepHead
		if st.announce, err = strconv.Atoi(length); err == nil {
			st.frame, err = parseFrame(word)
		}
		return st, err
	case "ones":
		st.frame, st.fragment = frame{fin: true, opcode: opText}, 1
		st.body, err = parsePayload(rest)
		return st, err
	case "frags":
		size, message, _ := strings.Cut(rest, " ")
		if st.fragment, err = strconv.Atoi(size); err != nil {
			return st, err
		}
		word, rest, _ = strings.Cut(message, " ")
	}
	if st.frame, err = parseFrame(word); err != nil {
		return st, err
	}
	if st.frame.opcode == opClose {
		st.body, err = parseClose(rest)
	} else {
		st.body, err = parsePayload(rest)
	}
	return st, err
}

// parseFrame reads a frame's first word, such as r4:text- or op11.
func parseFrame(word string) (frame, error) {
	f := frame{fin: true}
	if bits, rest, ok := strings.Cut(word, ":"); ok {
		n, err := strconv.ParseUint(strings.TrimPrefix(bits, "r"), 10, 3)
		if err != nil {
			return f, fmt.Errorf("%q are no reserved bits", bits)
		}
		f.rsv, word = byte(n), rest
	}
	word, unfinished := strings.CutSuffix(word, "-")
	f.fin = !unfinished
	if op, ok := opcodes[word]; ok {
		f.opcode = op
		return f, nil
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(word, "op"), 10, 4)
	if err != nil || !strings.HasPrefix(word, "op") {
		return f, fmt.Errorf("%q is no opcode", word)
	}
	f.opcode = byte(n)
	return f, nil
}

func parseWriting(s string) (w writing, err error) {
	word, rest, _ := strings.Cut(s, " ")
	switch word {
	case "join":
	case "sync":
		w.alone = true
	case "chop":
		w.alone = true
		w.chop, err = strconv.Atoi(rest)
	default:
		err = fmt.Errorf("%q is no way of writing", s)
	}
	return w, err
}

// A runTimer is started at the end of the opening handshake. K (kill): if the
// tester has sent no Close yet, it sends one with 1001, else it drops TCP. C
// (close): if the tester has sent no Close yet, it sends one that is empty.
type runTimer struct {
	kill  bool
	after time.Duration
}

func parseTimer(s string) (runTimer, error) {
	if s == "" || s[0] != 'K' && s[0] != 'C' {
		return runTimer{}, fmt.Errorf("%q is no timer", s)
	}
	seconds, err := strconv.ParseFloat(s[1:], 64)
	return runTimer{s[0] == 'K', time.Duration(seconds * float64(time.Second))}, err
}
