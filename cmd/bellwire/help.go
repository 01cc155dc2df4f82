package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
)

// help is "bellwire help" and "bellwire help COMMAND".
func help(args []string, t terminal) int {
	if len(args) == 0 {
		overview(t.out)
		return exitClean
	}
	for _, c := range subcommands() {
		if c.name == args[0] {
			return c.run(context.Background(), []string{"-h"}, t)
		}
	}
	fmt.Fprintf(t.err, "bellwire help: there is no command %q\n", args[0])
	return exitUsage
}

func overview(w io.Writer) {
	fmt.Fprint(w, "bellwire talks WebSocket (RFC 6455).\n\nUsage:\n\n")
	for _, c := range subcommands() {
		fmt.Fprintf(w, "  bellwire %-16s %s\n", c.name+" "+c.args, c.line)
	}
	fmt.Fprint(w, "\n'bellwire help COMMAND' tells more, and lists the flags.\n")
}

// usage prints all there is to say about c, whose flags are fs.
func usage(w io.Writer, c subcommand, fs *flag.FlagSet) {
	line := "Usage: bellwire " + c.name
	fs.VisitAll(func(*flag.Flag) { line = "Usage: bellwire " + c.name + " [flags]" })
	fmt.Fprintf(w, "%s\n\n%s", strings.TrimSpace(line+" "+c.args), c.text)
	first := true
	fs.VisitAll(func(f *flag.Flag) {
		if first {
			fmt.Fprint(w, "\nFlags:\n\n")
			first = false
		}
		value, text := flag.UnquoteUsage(f)
		head := strings.TrimRight("-"+f.Name+" "+value, " ")
		if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "0s" && f.DefValue != "false" {
			text += " (default " + f.DefValue + ")"
		}
		for i, line := range wrap(text, 52) {
			if i > 0 {
				head = ""
			}
			fmt.Fprintf(w, "  %-24s %s\n", head, line)
		}
	})
}

// wrap cuts text into lines of at most width characters, between words.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimLeft(line+" "+word, " ")
	}
	return append(lines, line)
}
