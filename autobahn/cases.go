package autobahn

import (
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed cases/*.txt
var caseFiles embed.FS

// Cases returns all 517 cases, in the order in which they are played.
func Cases() []*Case { return slices.Clone(allCases()) }

// A mistake in the files is found by the first test, not by a user.
var allCases = sync.OnceValue(func() []*Case {
	all, err := readCases()
	if err != nil {
		panic(err)
	}
	return all
})

func readCases() ([]*Case, error) {
	files, err := caseFiles.ReadDir("cases")
	if err != nil {
		return nil, err
	}
	var all []*Case
	for _, f := range files {
		text, err := caseFiles.ReadFile("cases/" + f.Name())
		if err != nil {
			return nil, err
		}
		parse := parseCases
		if strings.HasSuffix(f.Name(), "-deflate.txt") {
			parse = parseMatrix
		}
		cases, err := parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		all = append(all, cases...)
	}
	slices.SortFunc(all, func(a, b *Case) int { return compareIDs(a.ID, b.ID) })
	return all, nil
}

// parseCases reads a file of cases.
func parseCases(text string) ([]*Case, error) {
	var cases []*Case
	var title, common string
	note := &common
	for i, line := range strings.Split(text, "\n") {
		switch {
		case line == "" || line[0] == '#':
		case strings.HasPrefix(line, "== "):
			_, title, _ = strings.Cut(line[3:], " ")
			common, note = "", &common
		case strings.HasPrefix(line, "  "):
			*note = strings.TrimSpace(line)
		default:
			c, err := parseCase(line)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
			c.Title, c.Note = title, common
			cases, note = append(cases, c), &c.Note
		}
	}
	return cases, nil
}

// parseCase reads the line of one case.
func parseCase(line string) (*Case, error) {
	cells := cellsOf(line)
	if len(cells) != 7 {
		return nil, fmt.Errorf("%d cells, not 7", len(cells))
	}
	c := &Case{ID: cells[0], line: cells[1]}
	var err error
	if c.script.steps, c.script.repeat, err = parseScript(cells[1]); err != nil {
		return nil, err
	}
	if c.script.write, err = parseWriting(cells[2]); err != nil {
		return nil, err
	}
	if c.script.timer, err = parseTimer(cells[3]); err != nil {
		return nil, err
	}
	if cells[4] == "size" {
		c.expect.size = true
	} else {
		for i, v := range []Verdict{OK, NonStrict} {
			if cell := cells[4+i]; cell != "" {
				c.expect.outcomes = append(c.expect.outcomes, parseOutcome(v, cell))
			}
		}
	}
	for _, o := range c.expect.outcomes {
		if _, err := o.items(c.script.steps); err != nil {
			return nil, err
		}
	}
	c.rule, err = parseRule(cells[6])
	return c, err
}

// compareIDs orders ids by their numbers: 2.9 comes before 2.10.
func compareIDs(a, b string) int {
	return slices.Compare(numbers(a), numbers(b))
}

func numbers(id string) []int {
	var list []int
	for part := range strings.SplitSeq(id, ".") {
		n, _ := strconv.Atoi(part)
		list = append(list, n)
	}
	return list
}
