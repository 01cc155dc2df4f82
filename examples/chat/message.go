package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bellwire/bellwire/frame"
)

const (
	maxName    = 32      // characters
	maxText    = 1000    // characters
	maxMessage = 4 << 10 // octets: room for that many characters of any kind
	maxRecent  = 50      // messages that a newcomer gets to see
)

// The close codes of the chat. Their reasons are for people to read, and the
// page does not come back by itself after one of them.
const (
	codeReplaced  frame.Code = 4001 // the same person has come in by another connection
	codeMalformed frame.Code = 4400
	codeTaken     frame.Code = 4409
	codeName      frame.Code = 4422
)

// command is what a page sends, as JSON in a text message: "join" with a name
// and a key, first and once, and then "say" with a text.
type command struct {
	Type string `json:"type"`
	Name string `json:"name"`
	Key  string `json:"key"` // whoever knows it may take the name over
	Text string `json:"text"`
}

// event is what a page gets: "welcome", "joined", "left", "said", "error".
type event struct {
	Type string `json:"type"`
	Name string `json:"name,omitempty"`
	Text string `json:"text,omitempty"`

	// At says when something was said, in milliseconds since 1970. No two
	// messages have the same, and later ones have more: a page that was away
	// knows by it what it has seen.
	At int64 `json:"at,omitempty"`

	People []string `json:"people,omitempty"` // of a welcome
	Recent []event  `json:"recent,omitempty"` // of a welcome
}

// cleanName is the name as everybody sees it, or what is wrong with it.
// Characters that cannot be seen are refused: they make one name look like
// another.
func cleanName(s string) (name, complaint string) {
	name = strings.Join(strings.Fields(s), " ")
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return "", "Please enter a name."
	case n > maxName:
		return "", fmt.Sprintf("This name is too long: %d characters at most.", maxName)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", "This name has characters that cannot be seen."
	}
	return name, ""
}
