package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/bellwire/bellwire/autobahn"
)

// A tester is one run of the command.
type tester struct {
	settings
	cases     []*autobahn.Case
	out, errs io.Writer
	played    int
	shown     time.Time // when the progress was shown last
}

// list shows the cases.
func (t *tester) list() {
	for _, c := range t.cases {
		if t.verbose {
			fmt.Fprintf(t.out, "%s\n%s\n%s\n\n", c.ID, c.Description(), c.Expectation())
		} else {
			fmt.Fprintf(t.out, "%-8s %s\n", c.ID, c.Title)
		}
	}
}

func (t *tester) options() autobahn.Options {
	return autobahn.Options{
		Cases: t.cases, Agent: t.agent, Parallel: t.parallel, Dir: t.report,
		Once: t.once, Done: t.progress,
	}
}

// progress shows what is bad at once, and now and then how far it is.
func (t *tester) progress(r autobahn.Result) {
	t.played++
	if r.Bad() || t.verbose {
		fmt.Fprintf(t.out, "%-8s %s, %s, %d ms %s\n", r.Case.ID, r.Behavior, r.BehaviorClose, r.Duration.Milliseconds(), r.Problem)
	}
	const often = 5 * time.Second
	switch now := time.Now(); {
	case t.shown.IsZero():
		t.shown = now
	case now.Sub(t.shown) > often:
		t.shown = now
		fmt.Fprintf(t.out, "… %d cases played, the last was %s\n", t.played, r.Case.ID)
	}
}

// client judges a server.
func (t *tester) client(ctx context.Context) int {
	report, err := autobahn.CheckServer(ctx, t.url, t.options())
	if err != nil {
		fmt.Fprintln(t.errs, err)
		return exitBad
	}
	return t.finish(report)
}

// server judges clients.
func (t *tester) server(ctx context.Context) int {
	l, err := net.Listen("tcp", t.listen)
	if err != nil {
		fmt.Fprintln(t.errs, "autobahn:", err)
		return exitBad
	}
	fmt.Fprintf(t.out, "ws://%s\n", l.Addr())
	report, err := autobahn.CheckClients(ctx, l, t.options())
	if err != nil {
		fmt.Fprintln(t.errs, "autobahn:", err)
		return exitBad
	}
	return t.finish(report)
}

// finish shows and writes the report, and says how to end.
func (t *tester) finish(report *autobahn.Report) int {
	code := exitGood
	if report.Bad() > 0 || len(report.Agents) == 0 {
		code = exitBad
	}
	if len(report.Agents) == 0 {
		fmt.Fprintln(t.errs, "autobahn: no case was played")
	}
	var different int
	for _, agent := range report.Agents {
		results := report.Results(agent)
		summary(t.out, agent, results)
		n, err := t.compare(results)
		if err != nil {
			fmt.Fprintln(t.errs, "autobahn:", err)
			return exitUsage
		}
		different += n
	}
	if t.expect != "" && len(report.Agents) > 0 {
		code = min(different, exitBad)
	}
	if t.report != "" {
		if err := report.WriteFiles(t.report); err != nil {
			fmt.Fprintln(t.errs, "autobahn:", err)
			return exitBad
		}
		fmt.Fprintf(t.out, "see %s/index.html\n", t.report)
	}
	return code
}

// compare shows the differences from what was expected.
func (t *tester) compare(results []autobahn.Result) (int, error) {
	if t.expect == "" {
		return 0, nil
	}
	want, err := autobahn.ReadExpected(t.expect)
	if err != nil {
		return 0, err
	}
	lines := want.Differences(results)
	for _, line := range lines {
		fmt.Fprintln(t.out, "different:", line)
	}
	fmt.Fprintf(t.out, "%d of %d are not as %s says\n", len(lines), len(results), t.expect)
	return len(lines), nil
}

// verdicts are all there are, the good ones first.
var verdicts = []autobahn.Verdict{
	autobahn.OK, autobahn.NonStrict, autobahn.Informational, autobahn.Unimplemented,
	autobahn.Failed, autobahn.WrongCode, autobahn.Unclean, autobahn.FailedByClient,
}

// summary counts the verdicts.
func summary(w io.Writer, agent string, results []autobahn.Result) {
	fmt.Fprintf(w, "%s: %d cases\n%-18s %9s %6s\n", agent, len(results), "", "behaviour", "close")
	for _, v := range verdicts {
		var behavior, end int
		for _, r := range results {
			if r.Behavior == v {
				behavior++
			}
			if r.BehaviorClose == v {
				end++
			}
		}
		if behavior+end > 0 {
			fmt.Fprintf(w, "%-18s %9d %6d\n", v, behavior, end)
		}
	}
}
