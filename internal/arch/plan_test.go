package arch

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const plan = "docs/architecture.md"

// planned reads the table that begins with "| package | ours |": what each
// package may import of this module.
func planned(t *testing.T, fsys fs.FS) map[string][]string {
	rows := map[string][]string{}
	inside := false
	for line := range strings.SplitSeq(read(t, fsys, plan), "\n") {
		cells := strings.Split(line, "|")
		switch {
		case len(cells) < 4:
			inside = false
		case strings.TrimSpace(cells[2]) == "ours":
			inside = true
		case inside && strings.Contains(cells[1], "`"):
			ours := []string{}
			if strings.TrimSpace(cells[2]) == "public packages" {
				ours = slices.Clone(public)
			}
			for _, m := range quoted.FindAllStringSubmatch(cells[2], -1) {
				ours = append(ours, m[1])
			}
			rows[quoted.FindStringSubmatch(cells[1])[1]] = ours
		}
	}
	return rows
}

// unlike lists the walls that the page does not show as they are.
func unlike(t *testing.T, fsys fs.FS, walls map[string]wall) []string {
	var found []string
	rows := planned(t, fsys)
	for _, dir := range slices.Sorted(maps.Keys(walls)) {
		row, ok := rows[dir]
		want := slices.Sorted(slices.Values(walls[dir].ours))
		if got := slices.Sorted(slices.Values(row)); !ok || !slices.Equal(got, want) {
			found = append(found, fmt.Sprintf("%s: lets %s import %v, the wall %v", plan, dir, got, want))
		}
		delete(rows, dir)
	}
	for _, dir := range slices.Sorted(maps.Keys(rows)) {
		found = append(found, plan+": shows "+dir+", which has no wall")
	}
	return found
}

func TestThePlanShowsTheWallsAsTheyAre(t *testing.T) { none(t, unlike(t, house, walls)) }

func TestAPlanThatDiffersIsSeen(t *testing.T) {
	page := tree(map[string]string{plan: "| package | what |\n|---|---|\n| `x` | `y` |\n\n" +
		"| package | ours | others |\n|---|---|---|\n| `a` | `b`, `c` | `d` |\n| `b` | – | `c` |\n| `e/...` | public packages | |\n"})
	same := func() map[string]wall {
		return map[string]wall{"a": {ours: []string{"c", "b"}}, "b": {}, "e/...": {ours: public}}
	}
	require.Empty(t, unlike(t, page, same()))
	more, less, other := same(), same(), same()
	more["c"] = wall{}
	delete(less, "b")
	other["a"] = wall{ours: []string{"b"}}
	for _, bad := range []map[string]wall{more, less, other} {
		require.Len(t, unlike(t, page, bad), 1)
	}
}
