// Command autobahn plays the 517 WebSocket cases against a server, or waits
// for clients that want them played.
//
//	autobahn client -url ws://127.0.0.1:9001 -report report
//	autobahn server -listen 127.0.0.1:9002 -report report
//	autobahn list -cases '6.4.*'
//
// "autobahn help" says the rest.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/bellwire/bellwire/autobahn"
)

// What the command tells the shell.
const (
	exitGood  = 0
	exitBad   = 1 // a bad verdict, or nothing could be played
	exitUsage = 2
)

const usage = `autobahn judges WebSocket implementations by the 517 cases of the Autobahn test
suite, which it plays anew. The peer has to send every message back.

  autobahn client -url ws://host:port    be a client, and judge a server
  autobahn server -listen host:port      be a server, and judge clients
  autobahn list                          list the cases

Clients that were written for the suite's fuzzing server work with the second
form as they are: they ask for /getCaseCount, then for /runCase?case=1&agent=me
and so on, then for /updateReports?agent=me.

Each case gets two verdicts, on the behaviour and on the way the connection
ended: OK; NON-STRICT, allowed but not the best; INFORMATIONAL; UNIMPLEMENTED,
without permessage-deflate; and FAILED, WRONG CODE, UNCLEAN, FAILED BY CLIENT,
the bad ones. Look at report/index.html for what happened on the wire.

Exit status: 0, 1 if a verdict is bad or nothing could be played, 2 if the
command was not understood. With -expect it is 1 if a verdict is another than
the file says, and bad ones that it says are no longer a reason.

Flags:
`

// settings are the flags of all forms.
type settings struct {
	url, listen string
	cases       string
	exclude     string
	report      string
	agent       string
	parallel    int
	expect      string
	once        bool
	verbose     bool
}

// forms say which flags go with which form of the command.
var forms = map[string][]string{
	"client": {"url", "cases", "exclude", "report", "agent", "parallel", "expect", "v"},
	"server": {"listen", "cases", "exclude", "report", "agent", "once", "expect", "v"},
	"list":   {"cases", "exclude", "v"},
}

func (s *settings) define(fs *flag.FlagSet, names []string) {
	for _, name := range names {
		switch name {
		case "url":
			fs.StringVar(&s.url, name, "", "client: the server's `URL`, such as ws://127.0.0.1:9001/")
		case "listen":
			fs.StringVar(&s.listen, name, "127.0.0.1:9001", "server: the `address` to listen on")
		case "cases":
			fs.StringVar(&s.cases, name, "*", "play the cases that these `patterns` name, such as '1.*,5.1'")
		case "exclude":
			fs.StringVar(&s.exclude, name, "", "… but not those that these `patterns` name, such as '9.*,12.*,13.*'")
		case "report":
			fs.StringVar(&s.report, name, "", "write index.html and index.json into this `directory`")
		case "agent":
			fs.StringVar(&s.agent, name, "", "the peer's `name` in the report, in place of the one that it gives itself")
		case "parallel":
			fs.IntVar(&s.parallel, name, 1, "client: play this `number` of cases at a time; slow peers may then seem slower")
		case "once":
			fs.BoolVar(&s.once, name, false, "server: stop when a client asks for its report")
		case "expect":
			fs.StringVar(&s.expect, name, "", "compare with the verdicts in this JSON `file`: {\"1.1.1\": {\"behavior\": \"OK\", \"behaviorClose\": \"OK\"}}")
		case "v":
			fs.BoolVar(&s.verbose, name, false, "show a line for every case")
		}
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second Ctrl-C is an ordinary one
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the command; ctx ends when it is told to stop.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	if len(args) == 0 {
		help(errs)
		return exitUsage
	}
	form, rest := args[0], args[1:]
	switch form {
	case "help", "-h", "-help", "--help":
		help(out)
		return exitGood
	}
	names, ok := forms[form]
	if !ok {
		fmt.Fprintf(errs, "autobahn: there is no %q; try client, server, list or help\n", form)
		return exitUsage
	}
	var s settings
	fs := flag.NewFlagSet("autobahn "+form, flag.ContinueOnError)
	fs.SetOutput(errs)
	s.define(fs, names)
	switch err := fs.Parse(rest); {
	case errors.Is(err, flag.ErrHelp):
		return exitGood
	case err != nil:
		return exitUsage // the flag set has said why
	case fs.NArg() > 0:
		fmt.Fprintf(errs, "autobahn %s: what is %q?\n", form, fs.Arg(0))
		return exitUsage
	}
	cases, err := autobahn.Select(s.cases, s.exclude)
	if err == nil && form == "client" && s.url == "" {
		err = errors.New("autobahn client: where is the server? -url ws://host:port/")
	}
	if err != nil {
		fmt.Fprintln(errs, err)
		return exitUsage
	}
	t := &tester{settings: s, cases: cases, out: out, errs: errs}
	switch form {
	case "client":
		return t.client(ctx)
	case "server":
		return t.server(ctx)
	}
	t.list()
	return exitGood
}

// help says everything.
func help(w io.Writer) {
	fmt.Fprint(w, usage)
	var s settings
	fs := flag.NewFlagSet("autobahn", flag.ContinueOnError)
	fs.SetOutput(w)
	s.define(fs, []string{"url", "listen", "cases", "exclude", "report", "agent", "parallel", "once", "expect", "v"})
	fs.PrintDefaults()
}
