package autobahn

import (
	"fmt"
	"slices"
	"strings"
)

// A Verdict is what the tester says of a peer's behaviour in a case, or of
// the way the connection ended.
type Verdict string

// The verdicts. WrongCode, Unclean and FailedByClient are said of the end of
// a connection alone; NonStrict and Unimplemented of the behaviour alone.
const (
	OK             Verdict = "OK"
	NonStrict      Verdict = "NON-STRICT"       // allowed, but not the best
	Informational  Verdict = "INFORMATIONAL"    // whatever happens is right
	Unimplemented  Verdict = "UNIMPLEMENTED"    // the peer did not negotiate permessage-deflate
	Failed         Verdict = "FAILED"           // the behaviour is wrong, or the wrong side closed first
	WrongCode      Verdict = "WRONG CODE"       // the peer's close code is not one of the right ones
	Unclean        Verdict = "UNCLEAN"          // TCP ended before the closing handshake did
	FailedByClient Verdict = "FAILED BY CLIENT" // the tester, as a client, had to drop TCP
)

// bad reports whether a verdict is one to worry about.
func (v Verdict) bad() bool {
	return v == Failed || v == WrongCode || v == Unclean || v == FailedByClient
}

// A closeRule says how a connection should end.
type closeRule struct {
	name  string
	peer  bool  // the peer has to close first, not the tester
	clean bool  // the closing handshake has to be completed
	codes []int // what the peer may send; a Close without a code is always right

	late      bool // the wrong side first: the behaviour is FAILED as well
	strict    bool // a wrong code: the behaviour is FAILED as well
	echoed    bool // the code that the tester sent is right too
	spectator bool // whatever happens, both verdicts are INFORMATIONAL
}

// closeRules are the rules by their names in the files of cases.
var closeRules = []closeRule{
	{name: "N", clean: true, codes: []int{1000}},
	{name: "P", peer: true, codes: []int{1002}},
	{name: "U", peer: true, codes: []int{1007}, late: true},
	{name: "N!", clean: true, codes: []int{1000}, strict: true},
	{name: "E!", clean: true, codes: []int{1000}, strict: true, echoed: true},
	{name: "P!", codes: []int{1002}, strict: true},
	{name: "V!", codes: []int{1002, 1007}, strict: true},
	{name: "I", spectator: true},
}

func parseRule(name string) (closeRule, error) {
	i := slices.IndexFunc(closeRules, func(r closeRule) bool { return r.name == name })
	if i < 0 {
		return closeRule{}, fmt.Errorf("%q is no close rule", name)
	}
	return closeRules[i], nil
}

// String describes the rule.
func (r closeRule) String() string {
	if r.spectator {
		return "whatever the peer does is right"
	}
	first, clean := "the tester", "cleanly or not"
	if r.peer {
		first = "the peer"
	}
	if r.clean {
		clean = "cleanly"
	}
	codes := strings.Trim(strings.ReplaceAll(fmt.Sprint(r.codes), " ", " or "), "[]")
	if r.echoed {
		codes += " or the tester's own"
	}
	return fmt.Sprintf("%s closes first, %s, and the peer's code is %s or none", first, clean, codes)
}

// An ending is how a connection came to its end.
type ending struct {
	opened      bool // the opening handshake was completed
	testerFirst bool // the tester sent a Close before the peer did
	clean       bool // both have sent a Close that breaks no rule
	dropped     bool // the tester ended TCP
	code        *int // what the peer's Close said, right or wrong; nil: nothing
	sent        *int // what the tester's Close said
}

// judge says how the connection ended, in the light of the rule. The first
// thing that is wrong counts.
func (r closeRule) judge(e ending, client bool) Verdict {
	switch {
	case r.spectator:
		return Informational
	case !e.opened:
		return Failed
	case e.testerFirst == r.peer:
		return Failed
	case r.clean && !e.clean:
		return Unclean
	case e.code != nil && !r.accepts(*e.code, e.sent):
		return WrongCode
	case client && e.dropped:
		return FailedByClient
	}
	return OK
}

func (r closeRule) accepts(code int, sent *int) bool {
	return slices.Contains(r.codes, code) || r.echoed && sent != nil && *sent == code
}

// spoil says what is left of the verdict on the behaviour when the connection
// has ended the way it has.
func (r closeRule) spoil(behavior, end Verdict, e ending) Verdict {
	switch {
	case r.spectator:
		return Informational
	case r.strict && end == WrongCode, r.late && e.testerFirst == r.peer:
		return Failed
	}
	return behavior
}
