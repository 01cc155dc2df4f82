package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// module is the import path of the main module; a directory's import path is
// module, a slash and the directory.
const module = "github.com/bellwire/bellwire"

// house is the repository as it is, seen from this package's directory, where
// go test runs.
var house = os.DirFS("../..")

// none fails the test once for every complaint.
func none(t *testing.T, complaints []string) {
	t.Helper()
	for _, c := range complaints {
		t.Error(c)
	}
}

// tree makes a file tree from names and contents.
func tree(contents map[string]string) fs.FS {
	fsys := fstest.MapFS{}
	for name, text := range contents {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// files lists the files of a tree by their path, in order. It leaves out what
// was not written for a reader: hidden directories except our own scripts,
// other people's code, test data.
func files(t *testing.T, fsys fs.FS) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if left(name) {
				return fs.SkipDir
			}
			return nil
		}
		if d.Type().IsRegular() {
			names = append(names, name)
		}
		return nil
	})
	require.NoError(t, err)
	return names
}

// left reports whether a directory is left out of every check.
func left(dir string) bool {
	switch base := path.Base(dir); {
	case dir == "." || dir == ".ci" || dir == ".github":
		return false
	case dir == "bin" || dir == ".ci/work":
		return true // made by a build
	default:
		return strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") ||
			base == "node_modules" || base == "testdata" || base == "vendor"
	}
}

// read gives the content of one file.
func read(t *testing.T, fsys fs.FS, name string) string {
	t.Helper()
	b, err := fs.ReadFile(fsys, name)
	require.NoError(t, err)
	return string(b)
}

// A source is one parsed Go file.
type source struct {
	name  string // path within the tree
	dir   string // its directory, "." at the top
	test  bool   // whether the name ends in _test.go
	lines int
	fset  *token.FileSet
	file  *ast.File
}

// line gives the line that a position stands on.
func (s *source) line(p token.Pos) int { return s.fset.Position(p).Line }

// parsed keeps the house's own sources, which most checks read.
var parsed []*source

// sources parses every Go file of a tree, whatever its build constraints.
func sources(t *testing.T, fsys fs.FS) []*source {
	t.Helper()
	if fsys != house {
		return parse(t, fsys)
	}
	if parsed == nil {
		parsed = parse(t, house)
	}
	return parsed
}

func parse(t *testing.T, fsys fs.FS) []*source {
	t.Helper()
	var all []*source
	for _, name := range files(t, fsys) {
		if path.Ext(name) != ".go" {
			continue
		}
		text := read(t, fsys, name)
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
		require.NoError(t, err)
		all = append(all, &source{
			name:  name,
			dir:   path.Dir(name),
			test:  strings.HasSuffix(name, "_test.go"),
			lines: strings.Count(text, "\n"),
			fset:  fset,
			file:  file,
		})
	}
	return all
}

// modules lists the directories that hold a go.mod, except hidden ones: the
// top is ".".
func modules(t *testing.T, fsys fs.FS) []string {
	t.Helper()
	var dirs []string
	for _, name := range files(t, fsys) {
		if path.Base(name) == "go.mod" && !strings.HasPrefix(name, ".") {
			dirs = append(dirs, path.Dir(name))
		}
	}
	return dirs
}

// nested reports whether a directory belongs to a module below the top one.
func nested(dir string, modules []string) bool {
	for _, m := range modules {
		if m != "." && (dir == m || strings.HasPrefix(dir, m+"/")) {
			return true
		}
	}
	return false
}

func TestATreeIsListedWithoutWhatNobodyWrote(t *testing.T) {
	fsys := tree(map[string]string{
		"go.mod": "", "frame/a.go": "", "interop/go.mod": "", ".ci/run": "",
		".git/config": "", ".ci/work/x": "", "bin/x": "", "interop/node_modules/y.js": "",
		"frame/testdata/z": "", "_old/q.go": "", ".ci/tools/go.mod": "",
	})
	require.Equal(t, []string{
		".ci/run", ".ci/tools/go.mod", "frame/a.go", "go.mod", "interop/go.mod",
	}, files(t, fsys))
	require.Equal(t, []string{".", "interop"}, modules(t, fsys))
	require.True(t, nested("interop/x", modules(t, fsys)))
	require.False(t, nested("interoperate", modules(t, fsys)))
}
