package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
)

var versionCommand = subcommand{
	name: "version",
	line: "say which version this is",
	text: "It prints the version of the command, of Go, and of what it was built from.\n",
}

func init() { versionCommand.run = version }

func version(_ context.Context, args []string, t terminal) int {
	fs := flag.NewFlagSet("version", flag.ContinueOnError)
	rest, code, ok := parse(versionCommand, fs, args, t)
	if !ok {
		return code
	}
	if len(rest) > 0 {
		return misused(versionCommand, t, "it takes no arguments")
	}
	info, _ := debug.ReadBuildInfo()
	fmt.Fprintln(t.out, describe(info))
	return exitClean
}

// describe is the version in one line; info may be nil.
func describe(info *debug.BuildInfo) string {
	name, revision := "(unknown)", ""
	if info != nil {
		if info.Main.Version != "" {
			name = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = ", revision " + s.Value
			}
		}
	}
	return fmt.Sprintf("bellwire %s (%s %s/%s%s)", name, runtime.Version(), runtime.GOOS, runtime.GOARCH, revision)
}
