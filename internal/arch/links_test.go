package arch

import (
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

var (
	inlineLink = regexp.MustCompile(`\]\(<?([^)<>\s]+)>?(?:\s+"[^"]*")?\)`)
	referred   = regexp.MustCompile(`^\[[^\]]+\]:\s+(\S+)`)
	inlineCode = regexp.MustCompile("`[^`]*`")
	sourcePath = regexp.MustCompile("`([a-z0-9_.-]+/[a-z0-9_./-]*\\.go)`")
	hasScheme  = regexp.MustCompile(`^(?:[a-z][a-z0-9+.-]*:|//)`)
)

// prose gives the lines of a Markdown file with its code, fenced or inline,
// blanked out: a link in code is no link.
func prose(text string) []string {
	lines := strings.Split(text, "\n")
	fenced := false
	for i, line := range lines {
		fence := strings.HasPrefix(strings.TrimSpace(line), "```")
		if fence {
			fenced = !fenced
		}
		if fence || fenced {
			lines[i] = ""
		} else {
			lines[i] = inlineCode.ReplaceAllString(line, "")
		}
	}
	return lines
}

// anchors is the set of names that the headings of a Markdown file can be
// linked by: lower case, a hyphen for a space, other punctuation left out.
func anchors(text string) map[string]bool {
	names := map[string]bool{}
	fenced := false
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if fenced || !ok || !strings.HasPrefix(line, "#") {
			continue
		}
		names[strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(title))] = true
	}
	return names
}

// astray lists the internal links of the Markdown files that lead nowhere.
func astray(t *testing.T, fsys fs.FS) []string {
	var found []string
	for _, name := range files(t, fsys) {
		if path.Ext(name) != ".md" {
			continue
		}
		for i, line := range prose(read(t, fsys, name)) {
			links := inlineLink.FindAllStringSubmatch(line, -1)
			for _, link := range append(links, referred.FindAllStringSubmatch(line, -1)...) {
				if why := follow(t, fsys, name, link[1]); why != "" {
					found = append(found, fmt.Sprintf("%s:%d: %s: %s", name, i+1, link[1], why))
				}
			}
		}
	}
	return found
}

// follow goes where a link in the named file leads and says what is wrong, if
// anything is. Links to other hosts are not followed.
func follow(t *testing.T, fsys fs.FS, name, link string) string {
	if hasScheme.MatchString(link) {
		return ""
	}
	u, err := url.Parse(link)
	if err != nil {
		return err.Error()
	}
	target := name
	switch {
	case strings.HasPrefix(u.Path, "/"):
		target = path.Clean(u.Path[1:])
	case u.Path != "":
		target = path.Join(path.Dir(name), u.Path)
	}
	switch info, err := fs.Stat(fsys, target); {
	case err != nil:
		return "no such file in this repository"
	case u.Fragment == "" || info.IsDir() || path.Ext(target) != ".md":
		return ""
	case !anchors(read(t, fsys, target))[u.Fragment]:
		return "no such heading in " + target
	}
	return ""
}

// ghosts lists the Go files that a page names, by their path from the top, and
// that do not exist.
func ghosts(t *testing.T, fsys fs.FS) []string {
	var found []string
	for _, name := range files(t, fsys) {
		if path.Ext(name) != ".md" {
			continue
		}
		for i, line := range strings.Split(read(t, fsys, name), "\n") {
			for _, m := range sourcePath.FindAllStringSubmatch(line, -1) {
				if _, err := fs.Stat(fsys, m[1]); err != nil {
					found = append(found, fmt.Sprintf("%s:%d: no file %s", name, i+1, m[1]))
				}
			}
		}
	}
	return found
}

func TestNoPageNamesAFileThatIsGone(t *testing.T) { none(t, ghosts(t, house)) }

func TestAFileThatIsGoneIsSeen(t *testing.T) {
	with := map[string]string{"a.md": "`frame/a.go`, `a.go`, `frame/b.go:1`, frame/c.go, `go test ./frame`", "frame/a.go": ""}
	require.Empty(t, ghosts(t, tree(with)))
	with["docs/b.md"] = "see `frame/a.go`, `internal/x/d.go` or `frame/e.go`"
	require.Len(t, ghosts(t, tree(with)), 2)
}

func TestNoLinkLeadsNowhere(t *testing.T) { none(t, astray(t, house)) }

func TestALinkThatLeadsNowhereIsSeen(t *testing.T) {
	there := map[string]string{
		"README.md":      "# What it is: a map\n\n```\n# no heading [x](nowhere)\n```\n`[x](nowhere)`\n",
		"docs/a.md":      "## Where do I change…?\n[up](../README.md) [here](b.md#deep-end) [home](/README.md#what-it-is-a-map)\n",
		"docs/b.md":      "# Deep end\n[dir](../frame) ![p](p%20q.png) [w](https://example.com/x) [s](#deep-end)\n\n[ref]: a.md#where-do-i-change\n",
		"docs/p q.png":   "",
		"frame/frame.go": "",
	}
	require.Empty(t, astray(t, tree(there)))
	for _, bad := range []string{
		"[x](b.md)",
		"[x](../../outside.md)",
		"[x](docs/b.md#shallow-end)",
		"[x](docs/b.md \"title\") [y](frame/none.go)",
		"[x]: docs/c.md",
		"[x](README.md#no-heading-xnowhere)",
		"[x](#nothing)",
	} {
		with := map[string]string{"bad.md": bad}
		for name, text := range there {
			with[name] = text
		}
		require.Len(t, astray(t, tree(with)), 1, bad)
	}
}
