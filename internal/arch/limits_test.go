package arch

import (
	"fmt"
	"go/ast"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a reader can keep in mind.
const (
	maxFile   = 400 // lines
	maxTest   = 600 // lines of a test file
	maxFunc   = 60  // a function has fewer lines than this, a test's tables not counted
	maxFields = 12  // of a struct
)

// tooLong lists the files with too many lines.
func tooLong(t *testing.T, fsys fs.FS) []string {
	var found []string
	for _, s := range sources(t, fsys) {
		limit := maxFile
		if s.test {
			limit = maxTest
		}
		if s.lines > limit {
			found = append(found, fmt.Sprintf("%s: %d lines, at most %d: split it by concern", s.name, s.lines, limit))
		}
	}
	return found
}

// tooTall lists the functions with too many lines.
func tooTall(t *testing.T, fsys fs.FS) []string {
	var found []string
	for _, s := range sources(t, fsys) {
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := s.height(f); n >= maxFunc {
				found = append(found, fmt.Sprintf("%s:%d: %s has %d lines, and fewer than %d fit a page",
					s.name, s.line(f.Pos()), f.Name.Name, n, maxFunc))
			}
		}
	}
	return found
}

// height counts the lines of a function. In a test file the tables, literals
// of a slice, an array or a map over several lines, do not count: a table is
// read row by row.
func (s *source) height(f *ast.FuncDecl) int {
	n := s.line(f.End()) - s.line(f.Pos()) + 1
	if !s.test || f.Body == nil {
		return n
	}
	ast.Inspect(f.Body, func(node ast.Node) bool {
		lit, ok := node.(*ast.CompositeLit)
		if !ok {
			return true
		}
		switch lit.Type.(type) {
		case *ast.ArrayType, *ast.MapType:
			n -= s.line(lit.Rbrace) - s.line(lit.Lbrace)
			return false
		}
		return true
	})
	return n
}

// tooWide lists the structs with too many fields.
func tooWide(t *testing.T, fsys fs.FS) []string {
	var found []string
	for _, s := range sources(t, fsys) {
		ast.Inspect(s.file, func(node ast.Node) bool {
			st, ok := node.(*ast.StructType)
			if !ok {
				return true
			}
			n := 0
			for _, field := range st.Fields.List {
				n += max(1, len(field.Names)) // an embedded field has no name
			}
			if n > maxFields {
				found = append(found, fmt.Sprintf("%s:%d: a struct of %d fields, at most %d: group some",
					s.name, s.line(st.Pos()), n, maxFields))
			}
			return true
		})
	}
	return found
}

func TestNoFileIsLongerThanAReaderLikes(t *testing.T)      { none(t, tooLong(t, house)) }
func TestNoFunctionIsTallerThanAPage(t *testing.T)         { none(t, tooTall(t, house)) }
func TestNoStructHasMoreFieldsThanAReaderCan(t *testing.T) { none(t, tooWide(t, house)) }

func TestALongFileIsSeen(t *testing.T) {
	text := func(lines int) string { return "package p\n" + strings.Repeat("\n", lines-1) }
	require.Empty(t, tooLong(t, tree(map[string]string{"a.go": text(400), "a_test.go": text(600)})))
	require.Len(t, tooLong(t, tree(map[string]string{"a.go": text(401)})), 1)
	require.Len(t, tooLong(t, tree(map[string]string{"interop/a_test.go": text(601)})), 1)
}

func TestATallFunctionIsSeen(t *testing.T) {
	text := func(lines int) string {
		return "package p\nfunc f() {\n" + strings.Repeat("\n", lines-2) + "}\n"
	}
	require.Empty(t, tooTall(t, tree(map[string]string{"a.go": text(59), "a_test.go": text(59)})))
	require.Len(t, tooTall(t, tree(map[string]string{"a.go": text(60), "a_test.go": text(60)})), 2)
}

func TestATableMakesATestNoTaller(t *testing.T) {
	text := "package p\nfunc f() {\nfor range []int{" + strings.Repeat("1,\n", 80) + "} {\n}\n}\n"
	require.Empty(t, tooTall(t, tree(map[string]string{"a_test.go": text})))
	require.Len(t, tooTall(t, tree(map[string]string{"a.go": text})), 1)
}

func TestAWideStructIsSeen(t *testing.T) {
	text := func(more string) string {
		return "package p\ntype s struct {\na, b, c, d, e, f int\ng, h, i, j, k int\n" + more + "\n}\n"
	}
	require.Empty(t, tooWide(t, tree(map[string]string{"a.go": text("l int")})))
	require.Len(t, tooWide(t, tree(map[string]string{"a.go": text("l int\nsync.Mutex")})), 1)
}
