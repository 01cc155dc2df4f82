package arch

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// budgets is the number of names each package may show: top-level constants,
// variables, functions and types. Methods and fields are not counted, each
// constant of a group is. Raising a number needs a sentence in the commit.
var budgets = map[string]int{
	"frame":     45,
	"handshake": 40,
	"conn":      55,
	"server":    40,
	"client":    20,
	"wstest":    20,
	"autobahn":  30,

	"autobahn/testee": 5,
}

// overspent lists the packages that show too many names, and the public ones
// without a budget.
func overspent(t *testing.T, fsys fs.FS) []string {
	shown := map[string]map[string]bool{}
	mods := modules(t, fsys)
	for _, s := range sources(t, fsys) {
		if s.test || s.file.Name.Name == "main" || nested(s.dir, mods) || strings.HasPrefix(s.dir, "internal/") {
			continue
		}
		if shown[s.dir] == nil {
			shown[s.dir] = map[string]bool{}
		}
		// A set: a file for one platform repeats the names of another.
		for _, name := range s.exported() {
			shown[s.dir][name] = true
		}
	}
	var found []string
	for _, dir := range slices.Sorted(maps.Keys(shown)) {
		if n := len(shown[dir]); n > budgets[dir] {
			found = append(found, fmt.Sprintf("%s: shows %d names, its budget is %d: %s",
				dir, n, budgets[dir], strings.Join(slices.Sorted(maps.Keys(shown[dir])), " ")))
		}
	}
	return found
}

// exported lists the top-level names of a file that other packages can see.
func (s *source) exported() []string {
	var names []*ast.Ident
	for _, d := range s.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				names = append(names, d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					names = append(names, spec.Name)
				case *ast.ValueSpec:
					names = append(names, spec.Names...)
				}
			}
		}
	}
	var seen []string
	for _, name := range names {
		if token.IsExported(name.Name) {
			seen = append(seen, name.Name)
		}
	}
	return seen
}

func TestNoPackageShowsMoreNamesThanItsBudget(t *testing.T) { none(t, overspent(t, house)) }

func TestANameOverTheBudgetIsSeen(t *testing.T) {
	names := func(n int) string {
		text := "package p\nconst (\nA0 = iota\n"
		for i := 1; i < n-3; i++ {
			text += fmt.Sprintf("A%d\n", i)
		}
		return text + ")\nvar B, b int\nfunc C() {}\nfunc c() {}\ntype D struct{ E int }\nfunc (D) F() {}\n"
	}
	require.Empty(t, overspent(t, tree(map[string]string{
		"client/a.go":         names(20),
		"client/a_linux.go":   names(20), // the same names again
		"client/a_test.go":    "package p\nfunc G() {}\n",
		"internal/mask/a.go":  names(99),
		"interop/go.mod":      "module x",
		"interop/a.go":        names(99),
		"examples/chat/a.go":  "package main\nfunc G() {}\n",
		"examples/chat/b.txt": "",
	})))
	require.Len(t, overspent(t, tree(map[string]string{"client/a.go": names(21)})), 1)
	require.Len(t, overspent(t, tree(map[string]string{"unknown/a.go": "package p\nfunc G() {}\n"})), 1)
}
