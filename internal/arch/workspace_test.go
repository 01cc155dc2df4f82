package arch

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mayDepend is what the main module may require, directly; anything else
// belongs to a module of its own.
var mayDepend = []string{
	"github.com/klauspost/compress",
	"github.com/stretchr/testify",
	"golang.org/x/net",
	"golang.org/x/sys",
}

// heavy lists the direct requirements of the main module that it may not have.
func heavy(t *testing.T, fsys fs.FS) []string {
	var found []string
	for line := range strings.SplitSeq(read(t, fsys, "go.mod"), "\n") {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(words) == 2 && strings.HasPrefix(words[1], "v") && !slices.Contains(mayDepend, words[0]) {
			found = append(found, "go.mod: requires "+words[0]+"; what needs it is a module of its own")
		}
	}
	return found
}

// homeless lists the modules that go.work does not use, so that a command for
// the whole workspace would leave them out.
func homeless(t *testing.T, fsys fs.FS) []string {
	uses := map[string]bool{}
	for line := range strings.SplitSeq(read(t, fsys, "go.work"), "\n") {
		dir := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "use "))
		if strings.HasPrefix(dir, ".") {
			uses[path.Clean(dir)] = true
		}
	}
	var found []string
	for _, m := range modules(t, fsys) {
		if !uses[m] {
			found = append(found, m+": go.work does not use this module: go work use ./"+m)
		}
	}
	return found
}

func TestTheMainModuleStaysLean(t *testing.T)      { none(t, heavy(t, house)) }
func TestTheWorkspaceUsesEveryModule(t *testing.T) { none(t, homeless(t, house)) }

func TestAHeavyRequirementIsSeen(t *testing.T) {
	mod := "module x\n\ngo 1.25.0\n\nrequire golang.org/x/sys v0.1.0\n\nrequire (\n" +
		"\tgithub.com/stretchr/testify v1.0.0\n\tgithub.com/some/indirect v1.0.0 // indirect\n"
	require.Empty(t, heavy(t, tree(map[string]string{"go.mod": mod + ")\n"})))
	require.Len(t, heavy(t, tree(map[string]string{"go.mod": mod + "\texample.com/big v1.0.0\n)\n"})), 1)
	require.Len(t, heavy(t, tree(map[string]string{"go.mod": "require example.com/big v1.0.0\n"})), 1)
}

func TestAModuleOutsideTheWorkspaceIsSeen(t *testing.T) {
	with := map[string]string{"go.mod": "", "interop/go.mod": "", "go.work": "go 1.25.0\n\nuse (\n\t.\n\t./interop\n)\n"}
	require.Empty(t, homeless(t, tree(with)))
	with["bench/go.mod"] = ""
	require.Len(t, homeless(t, tree(with)), 1)
	with["go.work"] = "go 1.25.0\n\nuse .\n"
	require.Len(t, homeless(t, tree(with)), 2)
}
