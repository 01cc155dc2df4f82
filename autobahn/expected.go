package autobahn

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

// Expected is what is known of a peer: for each case by its id the two
// verdicts. As a file it is JSON.
type Expected map[string]Verdicts

// Verdicts are those of one case.
type Verdicts struct {
	Behavior      Verdict `json:"behavior"`
	BehaviorClose Verdict `json:"behaviorClose"`
}

// ReadExpected reads a file.
func ReadExpected(name string) (Expected, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var x Expected
	if err := json.Unmarshal(b, &x); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return x, nil
}

// Differences lists where results are not what was expected, one line each.
// Cases without a result do not count.
func (x Expected) Differences(results []Result) []string {
	var lines []string
	for _, r := range results {
		got := Verdicts{r.Behavior, r.BehaviorClose}
		want, known := x[r.Case.ID]
		switch {
		case !known:
			lines = append(lines, fmt.Sprintf("%s: %s, %s; nothing is expected", r.Case.ID, got.Behavior, got.BehaviorClose))
		case got != want:
			lines = append(lines, fmt.Sprintf("%s: %s, %s; expected is %s, %s", r.Case.ID,
				got.Behavior, got.BehaviorClose, want.Behavior, want.BehaviorClose))
		}
	}
	return lines
}

// WriteExpected writes what results say into a file, one line for each case.
func WriteExpected(name string, results []Result) error {
	results = slices.Clone(results)
	slices.SortFunc(results, func(a, b Result) int { return compareIDs(a.Case.ID, b.Case.ID) })
	b := []byte("{\n")
	for i, r := range results {
		line, err := json.Marshal(Verdicts{r.Behavior, r.BehaviorClose})
		if err != nil {
			return err
		}
		end := ",\n"
		if i == len(results)-1 {
			end = "\n"
		}
		b = fmt.Appendf(b, "  %q: %s%s", r.Case.ID, line, end)
	}
	return os.WriteFile(name, append(b, "}\n"...), 0o644)
}
