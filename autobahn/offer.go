package autobahn

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// An offer is what a sub-section of 12 and 13 asks of the peer's direction:
// of a server in the tester's offer, of a client in the tester's answer.
type offer struct {
	noTakeover bool
	bits       int // of the window; 0: says nothing
}

// header is the offer that the tester makes to a server.
func (o offer) header() string {
	s := "permessage-deflate; client_no_context_takeover; client_max_window_bits"
	if o.noTakeover {
		s += "; server_no_context_takeover"
	}
	if o.bits > 0 {
		s += fmt.Sprintf("; server_max_window_bits=%d", o.bits)
	}
	return s
}

// A deal is what was agreed of permessage-deflate.
type deal struct {
	mine, theirs direction
	header       string // the tester's answer to a client
}

// A direction is how one end compresses.
type direction struct {
	noTakeover bool
	bits       int
}

// parameters are those of one extension, as they stand.
type parameters struct {
	name  string
	value map[string]string // "" where there is none
	order []string
}

// parseExtensions reads Sec-WebSocket-Extensions.
func parseExtensions(lines []string) ([]parameters, error) {
	var list []parameters
	for entry := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		if strings.TrimSpace(entry) == "" {
			continue
		}
		words := strings.Split(entry, ";")
		p := parameters{name: strings.TrimSpace(words[0]), value: map[string]string{}}
		for _, word := range words[1:] {
			name, value, _ := strings.Cut(word, "=")
			name = strings.ToLower(strings.TrimSpace(name))
			if _, twice := p.value[name]; twice {
				return nil, fmt.Errorf("%s: %s stands there twice", p.name, name)
			}
			p.value[name] = strings.Trim(strings.TrimSpace(value), `"`)
			p.order = append(p.order, name)
		}
		list = append(list, p)
	}
	return list, nil
}

// window reads a number of window bits.
func window(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 8 || n > 15 || len(value) > 2 {
		return 0, fmt.Errorf("%q is no number of window bits", value)
	}
	return n, nil
}

// readAnswer reads what a server has accepted. offered says whether the
// tester has made an offer.
func readAnswer(lines []string, offered bool) (*deal, error) {
	list, err := parseExtensions(lines)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	p := list[0]
	if len(list) > 1 || p.name != "permessage-deflate" || !offered {
		return nil, fmt.Errorf("the server accepts extensions that nobody has offered: %s", strings.Join(lines, ", "))
	}
	d := &deal{mine: direction{bits: 15}, theirs: direction{bits: 15}}
	for _, name := range p.order {
		value := p.value[name]
		switch name {
		case "client_no_context_takeover":
			d.mine.noTakeover = true
		case "server_no_context_takeover":
			d.theirs.noTakeover = true
		case "client_max_window_bits":
			d.mine.bits, err = window(value)
		case "server_max_window_bits":
			d.theirs.bits, err = window(value)
		default:
			err = errors.New("there is no such parameter")
		}
		if err == nil && value != "" && strings.HasSuffix(name, "takeover") {
			err = errors.New("it has a value")
		}
		if err != nil {
			return nil, fmt.Errorf("permessage-deflate: %s: %w", name, err)
		}
	}
	return d, nil
}

// accept answers a client's offers: the first that can be used for what is
// asked, by preference. nil: none can.
func accept(lines []string, asked []offer) (*deal, error) {
	list, err := parseExtensions(lines)
	if err != nil {
		return nil, err
	}
	for _, ask := range asked {
		for _, p := range list {
			if d := p.accept(ask); d != nil {
				return d, nil
			}
		}
	}
	return nil, nil
}

// accept makes the tester's answer to one offer, nil if it cannot be used.
func (p parameters) accept(ask offer) *deal {
	_, limited := p.value["client_max_window_bits"]
	if p.name != "permessage-deflate" || ask.bits > 0 && !limited {
		return nil
	}
	d := &deal{header: "permessage-deflate", mine: direction{bits: 15}, theirs: direction{bits: 15}}
	for _, name := range p.order {
		value := p.value[name]
		switch name {
		case "server_no_context_takeover":
			d.mine.noTakeover = true
			d.header += "; server_no_context_takeover"
		case "server_max_window_bits":
			n, err := window(value)
			if err != nil {
				return nil
			}
			d.mine.bits = n
			d.header += fmt.Sprintf("; server_max_window_bits=%d", n)
		case "client_no_context_takeover", "client_max_window_bits":
			// What the client limits by itself needs no answer.
		default:
			return nil
		}
	}
	if ask.noTakeover {
		d.theirs.noTakeover = true
		d.header += "; client_no_context_takeover"
	}
	if ask.bits > 0 {
		d.theirs.bits = ask.bits
		d.header += fmt.Sprintf("; client_max_window_bits=%d", ask.bits)
	}
	return d
}
