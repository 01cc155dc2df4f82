package autobahn

import (
	"context"
	"time"
)

// Options say what is played, and how.
type Options struct {
	Cases    []*Case // nil: all of them
	Agent    string  // the peer's name in the report; empty: what it says of itself
	Parallel int     // how many cases are played at a time against a server; 0 is 1

	// Dir is where a client that asks for it has the report written.
	// CheckServer leaves it alone.
	Dir string

	// Once stops CheckClients as soon as a client has asked for its report.
	Once bool

	// Done is called after each case, one call at a time. nil: it is not.
	Done func(Result)
}

func (o Options) cases() []*Case {
	if o.Cases == nil {
		return allCases()
	}
	return o.Cases
}

// A Result is what came of one case.
type Result struct {
	Case          *Case
	Agent         string
	Behavior      Verdict
	BehaviorClose Verdict

	// RemoteCloseCode is what the peer's Close frame said, right or wrong;
	// nil if it said nothing or there was none.
	RemoteCloseCode *int

	Duration time.Duration // from the end of the opening handshake to that of TCP
	Problem  string        // why the opening handshake failed; empty if it did not

	wire    []entry
	stopped bool // the case was cut short, and says nothing of the peer
}

// Bad reports whether one of the verdicts is FAILED, UNCLEAN, WRONG CODE or
// FAILED BY CLIENT.
func (r Result) Bad() bool { return r.Behavior.bad() || r.BehaviorClose.bad() }

// A referee is a player who has the last word.
type referee interface {
	player
	verdict() Verdict
}

// refereeOf finds who plays a case, where d was agreed of permessage-deflate.
func refereeOf(e *endpoint, c *Case, d *deal) referee {
	switch {
	case c.deflate == nil:
		return newTalk(e, c)
	case d == nil:
		return farewell{e, c}
	}
	return newPress(e, c, d)
}

// conduct plays a case on a connection whose opening handshake is over.
func conduct(ctx context.Context, e *endpoint, c *Case, d *deal, early []byte) Result {
	r := refereeOf(e, c, d)
	e.player = r
	e.run(ctx, early)
	end := c.rule.judge(e.end, e.client)
	return Result{
		Case:            c,
		Behavior:        c.rule.spoil(r.verdict(), end, e.end),
		BehaviorClose:   end,
		RemoteCloseCode: e.end.code,
		Duration:        time.Since(e.wire.start),
		wire:            e.wire.entries(),
		stopped:         e.closing.stopped,
	}
}

// unopened is the result of a case whose opening handshake failed.
func unopened(c *Case, why error) Result {
	return Result{
		Case:          c,
		Behavior:      c.rule.spoil(Failed, Failed, ending{}),
		BehaviorClose: c.rule.judge(ending{}, false),
		Problem:       why.Error(),
	}
}
