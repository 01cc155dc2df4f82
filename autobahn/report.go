package autobahn

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A Report is what came of all cases, in their order, by agent.
type Report struct {
	Agents  []string // in alphabetical order
	results map[string][]Result
	made    time.Time
}

// newReport makes a report of results in the order of their cases.
func newReport(results []Result) *Report {
	r := &Report{results: map[string][]Result{}, made: time.Now()}
	for _, one := range results {
		r.results[one.Agent] = append(r.results[one.Agent], one)
	}
	r.Agents = slices.Sorted(maps.Keys(r.results))
	return r
}

// Results are those of an agent.
func (r *Report) Results(agent string) []Result { return slices.Clone(r.results[agent]) }

// Bad counts the results that are Bad.
func (r *Report) Bad() int {
	n := 0
	for _, list := range r.results {
		for _, one := range list {
			if one.Bad() {
				n++
			}
		}
	}
	return n
}

// An indexEntry is what index.json says of a case.
type indexEntry struct {
	Behavior        Verdict `json:"behavior"`
	BehaviorClose   Verdict `json:"behaviorClose"`
	Duration        int64   `json:"duration"` // ms
	RemoteCloseCode *int    `json:"remoteCloseCode"`
	ReportFile      string  `json:"reportfile"`
}

// WriteFiles writes the report into a directory, which it makes if need be:
// index.json for programs, index.html for people, and both for every case.
func (r *Report) WriteFiles(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	index := map[string]map[string]indexEntry{}
	for _, agent := range r.Agents {
		index[agent] = map[string]indexEntry{}
		for _, one := range r.results[agent] {
			e := one.indexEntry()
			index[agent][one.Case.ID] = e
			if err := writeJSON(dir, e.ReportFile, one.detail(e)); err != nil {
				return err
			}
			if err := writeHTML(dir, one.page(), "case", newCasePage(one)); err != nil {
				return err
			}
		}
	}
	if err := writeJSON(dir, "index.json", index); err != nil {
		return err
	}
	return writeHTML(dir, "index.html", "index", newIndexPage(r))
}

func (r Result) indexEntry() indexEntry {
	return indexEntry{r.Behavior, r.BehaviorClose, r.Duration.Milliseconds(), r.RemoteCloseCode, r.stem() + ".json"}
}

// A detail is the file of one case.
type detail struct {
	indexEntry
	ID          string  `json:"id"`
	Agent       string  `json:"agent"`
	Description string  `json:"description"`
	Expectation string  `json:"expectation"`
	Problem     string  `json:"problem,omitempty"`
	Wire        []entry `json:"wire"`
}

func (r Result) detail(e indexEntry) detail {
	return detail{e, r.Case.ID, r.Agent, r.Case.Description(), r.Case.Expectation(), r.Problem, r.wire}
}

// stem is the name of the files of a result, without an extension.
func (r Result) stem() string {
	clean := func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-':
			return c
		}
		return '_'
	}
	return strings.Map(clean, r.Agent) + "_case_" + strings.ReplaceAll(r.Case.ID, ".", "_")
}

func (r Result) page() string { return r.stem() + ".html" }

func writeJSON(dir, name string, v any) error {
	b, err := json.MarshalIndent(v, "", "   ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), append(b, '\n'), 0o644)
}
