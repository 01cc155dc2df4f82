package autobahn

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// matrixMessages is how many messages a case of sections 12 and 13 has.
const matrixMessages = 1000

// A matrixCase is what a case of sections 12 and 13 adds to a Case.
type matrixCase struct {
	set      string  // the data set
	units    int     // of each message: octets, or characters of text
	fragment int     // octets of a fragment after compression; 0: one frame
	offers   []offer // made to a server, in one header
	asks     []offer // asked of a client, by preference
}

// parseMatrix reads the file of sections 12 and 13: sub-sections, on lines
// that begin with =, are multiplied with rows, on lines that begin with +.
func parseMatrix(text string) ([]*Case, error) {
	var cases []*Case
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		sub, ok := strings.CutPrefix(line, "= ")
		if !ok {
			continue
		}
		for j, line := range lines {
			row, ok := strings.CutPrefix(line, "+ ")
			if !ok {
				continue
			}
			c, err := parseProduct(cellsOf(sub), cellsOf(row))
			if err != nil {
				return nil, fmt.Errorf("lines %d and %d: %w", i+1, j+1, err)
			}
			cases = append(cases, c)
		}
	}
	return cases, nil
}

func cellsOf(line string) []string {
	cells := strings.Split(line, "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}

// parseProduct makes the case of a sub-section and a row.
func parseProduct(sub, row []string) (*Case, error) {
	if len(sub) != 4 || len(row) != 4 {
		return nil, fmt.Errorf("%d and %d cells, not 4 and 4", len(sub), len(row))
	}
	m := &matrixCase{set: sub[1]}
	var err error
	if m.offers, err = parseOffers(sub[2]); err != nil {
		return nil, err
	}
	if m.asks, err = parseOffers(sub[3]); err != nil {
		return nil, err
	}
	var seconds int
	for i, n := range []*int{&m.units, &seconds, &m.fragment} {
		if *n, err = strconv.Atoi(row[i+1]); err != nil {
			return nil, err
		}
	}
	c := &Case{ID: sub[0] + "." + row[0], deflate: m}
	c.Title = "permessage-deflate: " + dataTitles[m.set]
	if !strings.HasPrefix(c.ID, "12.") {
		c.Title = "permessage-deflate: a server is offered " + sub[2] + ", a client is asked for " + sub[3]
	}
	c.line = fmt.Sprintf("%d messages of %d units of the set %q", matrixMessages, m.units, m.set)
	if m.fragment > 0 {
		c.line += fmt.Sprintf(", compressed and cut into fragments of %d octets", m.fragment)
	}
	c.script.timer = runTimer{after: time.Duration(seconds) * time.Second}
	c.rule, err = parseRule("N")
	if _, ok := dataTitles[m.set]; !ok && err == nil {
		err = fmt.Errorf("no data set is called %q", m.set)
	}
	return c, err
}

// parseOffers reads a list such as "nct bits 9, nct, plain".
func parseOffers(s string) ([]offer, error) {
	var list []offer
	for entry := range strings.SplitSeq(s, ",") {
		var o offer
		words := strings.Fields(entry)
		for i := 0; i < len(words); i++ {
			switch {
			case words[i] == "plain":
			case words[i] == "nct":
				o.noTakeover = true
			case words[i] == "bits" && i+1 < len(words):
				i++
				n, err := window(words[i])
				if err != nil {
					return nil, err
				}
				o.bits = n
			default:
				return nil, fmt.Errorf("%q is no offer", entry)
			}
		}
		list = append(list, o)
	}
	return list, nil
}
