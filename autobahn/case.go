package autobahn

import (
	"fmt"
	"strings"
)

// A Case is one conversation with the peer, and what counts as right in it.
type Case struct {
	ID    string // such as "6.4.1"
	Title string // what the cases around it are about
	Note  string // what else there is to say; often nothing

	line    string // what is sent, as it stands in the file
	script  script
	expect  expectation
	rule    closeRule
	deflate *matrixCase // sections 12 and 13; nil elsewhere
}

// A script is what the tester does.
type script struct {
	steps  []step
	repeat int // how often, the next time after the echo of the last
	write  writing
	timer  runTimer
}

// An expectation is what the peer should do.
type expectation struct {
	outcomes []outcome
	size     bool // instead of outcomes: an echo of the right type and length
}

// Description says in a few lines what is sent.
func (c *Case) Description() string {
	lines := []string{c.Title + ".", "Sent: " + c.line}
	switch w := c.script.write; {
	case c.deflate != nil:
	case w.chop > 0:
		lines = append(lines, fmt.Sprintf("Written in pieces of %d octets.", w.chop))
	case w.alone:
		lines = append(lines, "Each frame is written by itself.")
	}
	if c.Note != "" {
		lines = append(lines, c.Note)
	}
	return strings.Join(lines, "\n")
}

// Expectation says in a few lines what counts as right.
func (c *Case) Expectation() string {
	var lines []string
	for _, o := range c.expect.outcomes {
		list := strings.Join(o.words, " ")
		if list == "" {
			list = "nothing"
		}
		lines = append(lines, fmt.Sprintf("%s: %s is received.", o.verdict, list))
	}
	switch {
	case c.deflate != nil:
		lines = append(lines, "OK: every message comes back unchanged.",
			"UNIMPLEMENTED: permessage-deflate is not negotiated.")
	case c.expect.size && c.script.repeat > 1:
		lines = append(lines, "OK: every message comes back with its type and length.")
	case c.expect.size:
		lines = append(lines, "OK: the message comes back with its type and length.")
	}
	limit := "the tester closes"
	if c.script.timer.kill {
		limit = "the tester gives up"
	}
	return strings.Join(append(lines,
		fmt.Sprintf("After %s %s.", c.script.timer.after, limit),
		"Close: "+c.rule.String()+"."), "\n")
}
