package arch

import (
	"bytes"
	"fmt"
	"go/ast"
	"io/fs"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// rude lists what a test must not do: sleep on the real clock, which is slow
// and proves nothing, or skip, which is a test that silently says yes. In a
// file that imports testing/synctest a sleep is on the fake clock.
func rude(t *testing.T, fsys fs.FS) []string {
	var found []string
	for _, s := range sources(t, fsys) {
		imports := s.imports()
		if !imports["testing"] {
			continue
		}
		ast.Inspect(s.file, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			on, _ := sel.X.(*ast.Ident)
			switch name := sel.Sel.Name; {
			case name == "Sleep" && on != nil && on.Name == "time" && !imports["testing/synctest"]:
				found = append(found, fmt.Sprintf("%s:%d: a sleep on the real clock: use testing/synctest", s.name, s.line(call.Pos())))
			case name == "Skip" || name == "Skipf" || name == "SkipNow":
				found = append(found, fmt.Sprintf("%s:%d: a test that skips itself says yes without looking", s.name, s.line(call.Pos())))
			}
			return true
		})
	}
	return found
}

// imports is the set of paths that a file imports.
func (s *source) imports() map[string]bool {
	paths := map[string]bool{}
	for _, spec := range s.file.Imports {
		if path, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths[path] = true
		}
	}
	return paths
}

// unwanted are words that no file of the tree may hold. They are put together
// here from halves, so that this file does not hold them either.
var unwanted = []struct {
	word *regexp.Regexp
	why  string
}{
	{regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME)\b`), "finish it or write an issue"},
	{regexp.MustCompile(`\bnot ` + `implemented\b`), "finish it or say what it does instead"},
	{regexp.MustCompile("(?m)(^|[\\s\"'`(=:,])/(work|ro" + "ot|ho" + "me|Us" + "ers|tmp/b" + `w)/`), "a path of somebody's machine"},
	{regexp.MustCompile(`\b(proxy\.go` + `lang\.org|sum\.go` + `lang\.org|registry\.npm` + `js\.org|deb\.deb` + `ian\.org)\b`), "the host of a registry: the environment names it"},
}

// untidy lists the lines that hold an unwanted word, in every file of text.
func untidy(t *testing.T, fsys fs.FS) []string {
	var found []string
	for _, name := range files(t, fsys) {
		text := []byte(read(t, fsys, name))
		if bytes.IndexByte(text, 0) >= 0 {
			continue
		}
		for _, u := range unwanted {
			for _, at := range u.word.FindAllIndex(text, -1) {
				found = append(found, fmt.Sprintf("%s:%d: %q: %s", name,
					1+bytes.Count(text[:at[0]], []byte("\n")), text[at[0]:at[1]], u.why))
			}
		}
	}
	return found
}

func TestNoTestSleepsOrSkips(t *testing.T)       { none(t, rude(t, house)) }
func TestNoFileHoldsAnUnwantedWord(t *testing.T) { none(t, untidy(t, house)) }

func TestASleepOrASkipIsSeen(t *testing.T) {
	text := func(imports, body string) string {
		return "package p\nimport (\n\"testing\"\n" + imports + ")\nfunc f(t *testing.T) {\n" + body + "\n}\n"
	}
	require.Empty(t, rude(t, tree(map[string]string{
		"a_test.go": text("\"time\"\n\"testing/synctest\"\n", "time.Sleep(1)"),
		"b.go":      "package p\nimport \"time\"\nfunc f() { time.Sleep(1); p.Skip() }\n",
		"c_test.go": text("", "print(`t.Skip()`)"),
	})))
	for _, bad := range []string{
		text("\"time\"\n", "time.Sleep(1)"),
		text("", "t.Skip()"),
		text("", "t.Run(``, func(tt *testing.T) { tt.Skipf(``) })"),
		text("\"testing/synctest\"\n", "t.SkipNow()"),
	} {
		require.Len(t, rude(t, tree(map[string]string{"a_test.go": bad})), 1, bad)
	}
	require.Len(t, rude(t, tree(map[string]string{"wstest/a.go": text("", "t.Skip()")})), 1)
}

func TestAnUnwantedWordIsSeen(t *testing.T) {
	require.Empty(t, untidy(t, tree(map[string]string{
		"a.go":  "package p // methods, ws://host/work/1, todo",
		"b.bin": "\x00 TO" + "DO",
	})))
	for name, text := range map[string]string{
		"a.go":              "package p // TO" + "DO: later",
		"b.md":              "a FIX" + "ME",
		"c.md":              "HTTP/4 is not " + "implemented",
		"d_test.go":         `package p; const dir = "/wo` + `rk/main"`,
		".ci/run":           "cd /ro" + "ot/x",
		"interop/lock.json": `"https://registry.npm` + `js.org/ws"`,
	} {
		require.Len(t, untidy(t, tree(map[string]string{name: text})), 1, name)
	}
}
