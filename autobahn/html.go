package autobahn

import (
	"embed"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed templates/*.html
var templateFiles embed.FS

// The pages need nothing from anywhere else.
var pages = template.Must(template.ParseFS(templateFiles, "templates/*.html"))

func writeHTML(dir, name, page string, data any) error {
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	if err := pages.ExecuteTemplate(f, page, data); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

// Class is the style of a verdict in a page.
func (v Verdict) Class() string {
	if v.bad() {
		return "v-bad"
	}
	return "v-" + strings.ToLower(string(v))
}

// A row is what both pages show of a result.
type row struct {
	ID, Page        string
	Behavior, Close Verdict
	Code, Millis    string
}

func newRow(r Result) row {
	code := "–"
	if r.RemoteCloseCode != nil {
		code = strconv.Itoa(*r.RemoteCloseCode)
	}
	return row{r.Case.ID, r.page(), r.Behavior, r.BehaviorClose, code,
		strconv.FormatInt(r.Duration.Milliseconds(), 10)}
}

// A casePage is the page of one case.
type casePage struct {
	row
	Agent, Problem           string
	Description, Expectation string
	Wire                     []entry
}

func newCasePage(r Result) casePage {
	return casePage{newRow(r), r.Agent, r.Problem, r.Case.Description(), r.Case.Expectation(), r.wire}
}

// Millis is the time of an entry in a page.
func (e entry) Millis() string { return fmt.Sprintf("%.2f", float64(e.At.Microseconds())/1000) }

// IsFrame reports whether the entry is a frame and not an event.
func (e entry) IsFrame() bool { return e.Size >= 0 }

// An indexPage is the page of all cases.
type indexPage struct {
	Made   string
	Agents []agentTable
}

type agentTable struct {
	Name   string
	Counts []count
	Groups []group
}

// A count says how often a verdict was given.
type count struct {
	Verdict         Verdict
	Behavior, Close int
}

// A group is the cases of one sub-section.
type group struct {
	Name    string
	Results []row
}

func newIndexPage(r *Report) indexPage {
	p := indexPage{Made: r.made.Format("2006-01-02 15:04")}
	for _, agent := range r.Agents {
		p.Agents = append(p.Agents, newAgentTable(agent, r.results[agent]))
	}
	return p
}

func newAgentTable(agent string, results []Result) agentTable {
	t := agentTable{Name: agent, Counts: counts(results)}
	last := ""
	for _, r := range results {
		prefix := r.Case.ID[:strings.LastIndexByte(r.Case.ID, '.')]
		if prefix != last {
			last = prefix
			t.Groups = append(t.Groups, group{Name: prefix + " " + r.Case.Title})
		}
		g := &t.Groups[len(t.Groups)-1]
		g.Results = append(g.Results, newRow(r))
	}
	return t
}

// counts says how often each verdict was given, those of use first.
func counts(results []Result) []count {
	var list []count
	for _, v := range []Verdict{OK, NonStrict, Informational, Unimplemented, Failed, WrongCode, Unclean, FailedByClient} {
		c := count{Verdict: v}
		for _, r := range results {
			if r.Behavior == v {
				c.Behavior++
			}
			if r.BehaviorClose == v {
				c.Close++
			}
		}
		if c.Behavior+c.Close > 0 {
			list = append(list, c)
		}
	}
	return list
}
