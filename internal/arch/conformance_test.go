package arch

import (
	"fmt"
	"go/ast"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const claims = "docs/conformance.md"

// The cells of a row: paths and tests stand in backquotes, and a row that no
// test can show says why in parentheses.
var (
	levels    = map[string]bool{"M": true, "S": true, "–": true}
	quotedAll = regexp.MustCompile("^`[^`]+`(?:, `[^`]+`)*$")
	quoted    = regexp.MustCompile("`([^`]+)`")
	excused   = regexp.MustCompile(`^– \(.+\)$`)
	testName  = regexp.MustCompile(`^(.+)\.((?:Test|Fuzz|Example)\w*)$`)
)

// A claim is one row: a requirement, who decides it and what shows it.
type claim struct {
	line                              int
	section, level, asks, file, shown string
}

// claimed reads the rows of every table; all of them have five columns.
func claimed(t *testing.T, fsys fs.FS) []claim {
	var rows []claim
	for i, line := range strings.Split(read(t, fsys, claims), "\n") {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		cells := strings.Split(line, "|")
		require.Len(t, cells, 7, "%s:%d: a row has five cells", claims, i+1)
		for j := range cells {
			cells[j] = strings.TrimSpace(cells[j])
		}
		if cells[1] == "§" || strings.Trim(cells[1], ":-") == "" {
			continue // the head of the table and the rule below it
		}
		rows = append(rows, claim{i + 1, cells[1], cells[2], cells[3], cells[4], cells[5]})
	}
	return rows
}

// tests is the set of test functions of a tree, by directory and name:
// "internal/arch.TestX".
func tests(t *testing.T, fsys fs.FS) map[string]bool {
	names := map[string]bool{}
	for _, s := range sources(t, fsys) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.test && f.Recv == nil {
				names[s.dir+"."+f.Name.Name] = true
			}
		}
	}
	return names
}

// unproven lists what is wrong with the claims: a row without a test, a test
// or a file that does not exist, a cell out of form.
func unproven(t *testing.T, fsys fs.FS) []string {
	var found []string
	have := tests(t, fsys)
	rows := claimed(t, fsys)
	if len(rows) == 0 {
		return []string{claims + ": no rows"}
	}
	for _, row := range rows {
		complain := func(format string, args ...any) {
			found = append(found, fmt.Sprintf("%s:%d: §%s, %s: ", claims, row.line, row.section, row.asks)+
				fmt.Sprintf(format, args...))
		}
		if !levels[row.level] || row.section == "" || row.asks == "" {
			complain("a row has a section, a level (M, S or –) and a requirement")
		}
		switch {
		case quotedAll.MatchString(row.file):
			for _, m := range quoted.FindAllStringSubmatch(row.file, -1) {
				if _, err := fs.Stat(fsys, m[1]); err != nil {
					complain("no file %s", m[1])
				}
			}
		case row.file != "–" || !excused.MatchString(row.shown):
			complain("where it is decided is a list of `path/of/file`, not %q", row.file)
		}
		switch {
		case excused.MatchString(row.shown):
		case !quotedAll.MatchString(row.shown):
			complain("what shows it is a list of `package.TestName` or – (reason), not %q", row.shown)
		default:
			for _, m := range quoted.FindAllStringSubmatch(row.shown, -1) {
				if !testName.MatchString(m[1]) || !have[m[1]] {
					complain("no test %s", m[1])
				}
			}
		}
	}
	return found
}

func TestEveryClaimOfConformanceNamesATestThatExists(t *testing.T) { none(t, unproven(t, house)) }

func TestAClaimWithoutATestIsSeen(t *testing.T) {
	const head = "# Claims\n\n| § | level | what it asks | decided in | shown by |\n|---|---|---|---|---|\n"
	with := func(rows string) fs.FS {
		return tree(map[string]string{
			"frame/rules.go":      "package frame\nfunc TestNotOne() {}\n",
			"frame/rules_test.go": "package frame\nfunc TestMask() {}\nfunc FuzzMask() {}\nfunc helper() {}\n",
			"interop/x_test.go":   "package interop\nfunc TestWS() {}\n",
			claims:                head + rows,
		})
	}
	require.Empty(t, unproven(t, with(
		"| 5.1 | M | masked | `frame/rules.go` | `frame.TestMask`, `frame.FuzzMask` |\n"+
			"| 5.2 | – | both | `frame/rules.go`, `frame` | `interop.TestWS` |\n"+
			"| 4.1 | S | one at a time | – | – (the caller decides) |\n")))
	require.Len(t, unproven(t, with("")), 1)
	for _, bad := range []string{
		"| 5.1 | M | no test | `frame/rules.go` | |",
		"| 5.1 | M | no reason | `frame/rules.go` | – |",
		"| 5.1 | M | no test function | `frame/rules.go` | `frame.helper` |",
		"| 5.1 | M | not in a test file | `frame/rules.go` | `frame.TestNotOne` |",
		"| 5.1 | M | no such test | `frame/rules.go` | `frame.TestMask`, `frame.TestNone` |",
		"| 5.1 | M | no such package | `frame/rules.go` | `conn.TestMask` |",
		"| 5.1 | M | no such file | `frame/none.go` | `frame.TestMask` |",
		"| 5.1 | M | no file | – | `frame.TestMask` |",
		"| 5.1 | X | no such level | `frame/rules.go` | `frame.TestMask` |",
		"|  | M | no section | `frame/rules.go` | `frame.TestMask` |",
		"| 5.1 | M | not in form | frame/rules.go | `frame.TestMask` |",
		"| 5.1 | M | not in form | `frame/rules.go` | frame.TestMask |",
	} {
		require.Len(t, unproven(t, with(bad)), 1, bad)
	}
}
