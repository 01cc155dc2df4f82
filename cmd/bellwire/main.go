// Command bellwire talks WebSocket from a terminal or a script, and serves an
// echo to talk to.
//
//	bellwire connect wss://example.com/chat
//	printf '%s\n' one two | bellwire connect -n 2 ws://127.0.0.1:9001
//	bellwire serve -listen 127.0.0.1:9001
//
// "bellwire help" says the rest.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// What the command tells the shell.
const (
	exitClean    = 0
	exitAbnormal = 1 // the connection did not end well, or a server could not run
	exitUsage    = 2
	exitDial     = 3 // there was no connection
)

// terminal is what the command reads and writes.
type terminal struct {
	in       io.Reader
	out, err io.Writer
	live     bool // a person sits in front of in and out
}

// subcommand is one word behind "bellwire".
type subcommand struct {
	name string
	args string // behind the name, in the usage line
	line string // what it does, in one line
	text string // what there is to say about it
	run  func(ctx context.Context, args []string, t terminal) int
}

func subcommands() []subcommand {
	return []subcommand{connectCommand, serveCommand, versionCommand}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second Ctrl-C is an ordinary one
	os.Exit(run(ctx, os.Args[1:], terminal{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		live: isTerminal(os.Stdin) && isTerminal(os.Stdout),
	}))
}

// isTerminal reports whether a person may sit behind f.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// run is the command; ctx ends when it is told to stop.
func run(ctx context.Context, args []string, t terminal) int {
	t.out, t.err = &lockedWriter{w: t.out}, &lockedWriter{w: t.err}
	if len(args) == 0 {
		overview(t.err)
		return exitUsage
	}
	name, args := args[0], args[1:]
	switch name {
	case "help", "-h", "-help", "--help":
		return help(args, t)
	case "-version", "--version":
		name = "version"
	}
	for _, c := range subcommands() {
		if c.name == name {
			return c.run(ctx, args, t)
		}
	}
	fmt.Fprintf(t.err, "bellwire: there is no command %q\n", name)
	if strings.Contains(name, "://") {
		fmt.Fprintf(t.err, "Did you mean: bellwire connect %s\n", name)
	}
	fmt.Fprintln(t.err, "Run 'bellwire help' for what there is.")
	return exitUsage
}
