package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// parse parses the flags of c, which may stand before, between and behind the
// arguments, and returns those. It fails with an exit code for the command to
// return: help was asked for, or something is wrong and has been told.
func parse(c subcommand, fs *flag.FlagSet, args []string, t terminal) (rest []string, code int, ok bool) {
	fs.SetOutput(io.Discard)
	for {
		err := fs.Parse(args)
		switch {
		case errors.Is(err, flag.ErrHelp):
			usage(t.out, c, fs)
			return nil, exitClean, false
		case err != nil:
			return nil, misused(c, t, "%v", err), false
		case fs.NArg() == 0:
			return rest, 0, true
		}
		if used := len(args) - fs.NArg(); used > 0 && args[used-1] == "--" {
			return append(rest, fs.Args()...), 0, true
		}
		rest = append(rest, fs.Arg(0))
		args = fs.Args()[1:]
	}
}

// misused tells what is wrong with the words behind the command.
func misused(c subcommand, t terminal, format string, args ...any) int {
	fmt.Fprintf(t.err, "bellwire %s: %s\n", c.name, fmt.Sprintf(format, args...))
	fmt.Fprintf(t.err, "Run 'bellwire help %s' for what there is.\n", c.name)
	return exitUsage
}

// list is a flag that may be given several times, and hold several values
// between commas.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(s string) error {
	for v := range strings.SplitSeq(s, ",") {
		if v = strings.TrimSpace(v); v == "" {
			return errors.New("an empty value")
		}
		*l = append(*l, v)
	}
	return nil
}

// fields is a flag that adds a header field each time.
type fields http.Header

func (f fields) String() string { return "" }

func (f fields) Set(s string) error {
	name, value, ok := strings.Cut(s, ":")
	if name = strings.TrimSpace(name); !ok || name == "" {
		return errors.New("want 'Name: value'")
	}
	http.Header(f).Add(name, strings.TrimSpace(value))
	return nil
}

// patience is a flag with a duration, or "forever".
type patience time.Duration

const forever patience = -1

func (p *patience) String() string {
	if *p == forever {
		return "forever"
	}
	return time.Duration(*p).String()
}

func (p *patience) Set(s string) error {
	if s == "forever" || s == "-1" {
		*p = forever
		return nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return errors.New(`want a duration such as 2s, or "forever"`)
	}
	*p = patience(d)
	return nil
}

// choice is a flag with one of a few values.
type choice struct {
	value string
	among []string
}

func (c *choice) String() string { return c.value }

func (c *choice) Set(s string) error {
	if !slices.Contains(c.among, s) {
		return fmt.Errorf("want one of %s", strings.Join(c.among, ", "))
	}
	c.value = s
	return nil
}
