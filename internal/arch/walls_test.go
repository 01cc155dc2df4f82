package arch

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A wall says what one package may lean on. A pattern ends in "/..." where
// everything below counts too, itself included.
type wall struct {
	ours  []string // packages of this module, by directory
	only  []string // the standard library: nothing else; nil: all of it
	never []string // the standard library: these not
	deps  []string // packages of other modules
	tests []string // packages of this module that only its tests may use
	why   string
}

// public is what a user of this module can import.
var public = []string{"frame", "handshake", "conn", "server", "client", "wstest"}

// words is the part of the standard library that computes and does nothing
// else: no socket, no clock, no lock, no file.
var words = []string{
	"bytes", "cmp", "encoding/base64", "encoding/binary", "errors", "fmt", "iter", "maps",
	"math", "math/bits", "slices", "strconv", "strings", "unicode", "unicode/utf8",
}

// walls is the table of docs/architecture.md, "What may import what". A
// package without a line here fails the test: write the line first.
var walls = map[string]wall{
	"internal/mask": {
		only: []string{"encoding/binary", "math/bits", "unsafe"},
		deps: []string{"golang.org/x/sys/cpu"},
		why:  "a loop over bytes knows nothing of the protocol",
	},
	"internal/utf8x": {
		only: []string{"encoding/binary", "math/bits", "unicode/utf8", "unsafe"},
		deps: []string{"golang.org/x/sys/cpu"},
		why:  "a loop over bytes knows nothing of the protocol",
	},
	"internal/invariant": {
		only: []string{},
		why:  "a check that everybody may call leans on nobody",
	},
	"internal/pool": {
		ours: []string{"internal/invariant"},
		only: []string{"sync"},
		why:  "it lends memory and does not ask what for",
	},
	"internal/arch": {
		only:  []string{},
		tests: []string{},
		why:   "the walls lean on nobody, or they could not judge",
	},
	"frame": {
		ours: []string{"internal/mask", "internal/utf8x"},
		only: []string{"encoding/binary", "errors", "math/bits", "strconv", "unicode/utf8"},
		why:  "bits and rules: bytes in, values out, no I/O, no clock, no lock",
	},
	"handshake": {
		only: append([]string{"crypto/...", "net/http", "net/textproto", "net/url"}, words...),
		deps: []string{"golang.org/x/net/http/httpguts", "golang.org/x/net/idna"},
		why:  "HTTP words: no socket, no clock, no lock, and no frame yet",
	},
	"conn": {
		ours:  []string{"frame", "internal/invariant", "internal/pool"},
		never: []string{"net/http/..."},
		tests: []string{"wstest"},
		why:   "conn begins where HTTP ends",
	},
	"server": {
		ours:  []string{"conn", "handshake", "frame"},
		tests: []string{"client", "wstest"},
		why:   "the front door does not need the back door",
	},
	"client": {
		ours:  []string{"conn", "handshake", "frame"},
		deps:  []string{"golang.org/x/net/http/httpguts", "golang.org/x/net/http/httpproxy", "golang.org/x/net/http2", "golang.org/x/net/idna", "golang.org/x/net/proxy"},
		tests: []string{"server", "wstest"},
		why:   "the back door does not need the front door",
	},
	"wstest": {
		ours:  []string{"frame", "handshake", "conn", "client"},
		deps:  []string{"github.com/stretchr/testify/require"},
		tests: []string{"server"},
		why:   "what a user tests with leans on what a user has",
	},
	"autobahn": {
		tests: []string{"autobahn/testee", "wstest"},
		why:   "the judge shares nothing with the judged, or it would make their mistakes",
	},
	"autobahn/testee": {
		ours: public,
		why:  "the judged are what a user has",
	},
	"autobahn/cmd/...": {
		ours: []string{"autobahn", "autobahn/testee"},
		why:  "a command has the judge or the judged, and nothing behind them",
	},
	".":            {only: []string{}, tests: public, why: "the top is a map of the house, not a room"},
	"examples/...": {ours: public, why: "an example shows what a user can do with what a user may import"},
	"cmd/...":      {ours: public, why: "a command shows what a user can do with what a user may import"},
}

// wallOf finds the line for a directory, the pattern with "/..." last.
func wallOf(dir string) (wall, bool) {
	if w, ok := walls[dir]; ok {
		return w, true
	}
	for pattern, w := range walls {
		if strings.HasSuffix(pattern, "/...") && matches(pattern, dir) {
			return w, true
		}
	}
	return wall{}, false
}

// matches reports whether a pattern covers a path.
func matches(pattern, path string) bool {
	below, all := strings.CutSuffix(pattern, "/...")
	return path == pattern || all && (path == below || strings.HasPrefix(path, below+"/"))
}

// covers reports whether any of the patterns covers the path.
func covers(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, path) })
}

// ourDir gives the directory of an import path of the main module.
func ourDir(path string) (string, bool) {
	if path == module {
		return ".", true
	}
	return strings.CutPrefix(path, module+"/")
}

// allows reports whether a file of the package in dir may import path.
func (w wall) allows(dir, path string, test bool) bool {
	host, _, _ := strings.Cut(path, "/")
	switch ours, ok := ourDir(path); {
	case ok && test:
		// A test in package x_test imports x.
		return ours == dir || covers(w.ours, ours) || covers(w.tests, ours)
	case ok:
		return covers(w.ours, ours)
	case test:
		return true // the standard library and testify are everybody's
	case strings.Contains(host, "."):
		return covers(w.deps, path)
	case w.only != nil:
		return covers(w.only, path)
	default:
		return !covers(w.never, path)
	}
}

// outside is the wall around every nested module: what it does with other
// people's packages is its own affair.
var outside = wall{
	ours: append([]string{"autobahn", "autobahn/testee"}, public...),
	why:  "another module sees the public packages alone",
}

// breaches lists the imports that reach over a wall, and the packages that
// have none.
func breaches(t *testing.T, fsys fs.FS) []string {
	var found []string
	mods := modules(t, fsys)
	for _, s := range sources(t, fsys) {
		guest := nested(s.dir, mods)
		w, listed := wallOf(s.dir)
		if guest {
			w, listed = outside, true
		}
		if !listed {
			found = append(found, s.name+": no wall is written for "+s.dir+
				"; add a line to walls in internal/arch and to docs/architecture.md")
			continue
		}
		for _, spec := range s.file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			if ours, ok := ourDir(path); guest && (!ok || nested(ours, mods)) {
				continue
			}
			if !w.allows(s.dir, path, s.test) {
				found = append(found, fmt.Sprintf("%s:%d: %s must not import %s: %s",
					s.name, s.line(spec.Pos()), s.dir, path, w.why))
			}
		}
	}
	return found
}

func TestNoPackageReachesOverItsWall(t *testing.T) { none(t, breaches(t, house)) }

func TestAReachOverAWallIsSeen(t *testing.T) {
	imports := func(paths ...string) string {
		return "package p\nimport (\n\"" + strings.Join(paths, "\"\n\"") + "\"\n)\n"
	}
	clean := map[string]string{
		"go.mod":                  "module " + module,
		"frame/a.go":              imports("encoding/binary", module+"/internal/mask"),
		"frame/a_test.go":         imports("time", module+"/frame", "github.com/stretchr/testify/require"),
		"handshake/a.go":          imports("crypto/sha1", "net/http", "golang.org/x/net/http/httpguts"),
		"conn/a.go":               imports("net", "time", module+"/frame"),
		"conn/a_test.go":          imports(module+"/wstest", module+"/conn"),
		"server/a_test.go":        imports(module + "/client"),
		"examples/chat/a.go":      imports("net/http", module+"/server"),
		"interop/go.mod":          "module " + module + "/interop",
		"interop/a.go":            imports("example.com/other", module+"/client"),
		"interop/internal/x/a.go": imports("os"),
		"interop/b.go":            imports(module + "/interop/internal/x"),
	}
	require.Empty(t, breaches(t, tree(clean)))
	for name, path := range map[string]string{
		"frame/b.go":        "net",
		"frame/c.go":        module + "/conn",
		"frame/d_test.go":   module + "/conn",
		"frame/e.go":        "github.com/stretchr/testify/require",
		"handshake/b.go":    "net",
		"handshake/c.go":    module + "/frame",
		"conn/b.go":         "net/http/httptrace",
		"conn/c.go":         module + "/handshake",
		"conn/d_test.go":    module + "/server",
		"server/b.go":       module + "/client",
		"client/b.go":       module + "/server",
		"examples/b.go":     module + "/internal/mask",
		"interop/c.go":      module + "/internal/mask",
		"interop/d_test.go": module + "/internal/mask",
		"util/b.go":         "strings",
	} {
		bad := map[string]string{name: imports(path)}
		for n, text := range clean {
			bad[n] = text
		}
		require.Len(t, breaches(t, tree(bad)), 1, "%s imports %s", name, path)
	}
}
