package autobahn

import (
	"fmt"
	"path"
	"strings"
)

// Select returns the cases that a list of patterns names, without those that
// a second list names. A list is separated by commas; in a pattern * stands
// for anything, dots included: "1.*,5.1". An empty list names all cases at
// first, and none to leave out. A pattern that names no case is an error.
func Select(include, exclude string) ([]*Case, error) {
	if include == "" {
		include = "*"
	}
	in, err := named(include)
	if err != nil {
		return nil, err
	}
	out, err := named(exclude)
	if err != nil {
		return nil, err
	}
	var list []*Case
	for _, c := range allCases() {
		if in[c.ID] && !out[c.ID] {
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("autobahn: %q without %q leaves no case", include, exclude)
	}
	return list, nil
}

// named is the set of ids that the patterns name.
func named(patterns string) (map[string]bool, error) {
	ids := map[string]bool{}
	for pattern := range strings.SplitSeq(patterns, ",") {
		if pattern = strings.TrimSpace(pattern); pattern == "" {
			continue
		}
		hit := false
		for _, c := range allCases() {
			ok, err := path.Match(pattern, c.ID)
			if err != nil {
				return nil, fmt.Errorf("autobahn: %q is no pattern", pattern)
			}
			if ok {
				ids[c.ID], hit = true, true
			}
		}
		if !hit {
			return nil, fmt.Errorf("autobahn: no case is called %q", pattern)
		}
	}
	return ids, nil
}
