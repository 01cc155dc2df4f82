package autobahn

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// An item is something that the tester records: a whole data message, a pong,
// or a mark of the script.
type item struct {
	kind   itemKind
	binary bool
	octets []byte // of a mark its name
}

type itemKind uint8

const (
	itemMessage itemKind = iota
	itemPong
	itemMark
)

func (i item) equal(j item) bool {
	return i.kind == j.kind && i.binary == j.binary && bytes.Equal(i.octets, j.octets)
}

// An outcome is a list that may be received, and what it is worth.
type outcome struct {
	verdict Verdict
	words   []string // echo, pong1, A, …
}

// parseOutcome reads a list of what is expected.
func parseOutcome(v Verdict, s string) outcome {
	if s == "nothing" {
		return outcome{v, nil}
	}
	return outcome{v, strings.Fields(s)}
}

// items says what an outcome is for a script.
func (o outcome) items(steps []step) ([]item, error) {
	var list []item
	for _, word := range o.words {
		switch number, pong := strings.CutPrefix(word, "pong"); {
		case pong:
			n, err := strconv.Atoi(number)
			p, ok := nthPing(steps, n)
			if err != nil || !ok {
				return nil, fmt.Errorf("%s: no such ping", word)
			}
			list = append(list, item{kind: itemPong, octets: p.octets()})
		case word == "echo":
			m, ok := firstMessage(steps)
			if !ok {
				return nil, fmt.Errorf("echo: no message is sent")
			}
			list = append(list, m)
		default:
			list = append(list, item{kind: itemMark, octets: []byte(word)})
		}
	}
	return list, nil
}

// nthPing finds the payload of a ping, counted from 1.
func nthPing(steps []step, n int) (payload, bool) {
	for _, st := range steps {
		if st.kind != stepFrame || st.frame.opcode != opPing {
			continue
		}
		if n--; n == 0 {
			return st.body, true
		}
	}
	return payload{}, false
}

// firstMessage puts together the first complete data message of a script.
func firstMessage(steps []step) (item, bool) {
	var m item
	for _, st := range steps {
		f := st.frame
		if st.kind != stepFrame || f.opcode >= opClose {
			continue
		}
		if f.opcode != opContinuation {
			m.binary = f.opcode == opBinary
		}
		m.octets = append(m.octets, st.body.octets()...)
		if f.fin {
			return m, true
		}
	}
	return m, false
}
