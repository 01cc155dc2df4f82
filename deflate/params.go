package deflate

import "strconv"

// Name is how the extension is called in Sec-WebSocket-Extensions.
const Name = "permessage-deflate"

const (
	serverNoTakeover = "server_no_context_takeover"
	clientNoTakeover = "client_no_context_takeover"
	serverMaxBits    = "server_max_window_bits"
	clientMaxBits    = "client_max_window_bits"
)

// A Param is a parameter of an offer or of a response. Value is empty if it
// has none.
type Param struct{ Name, Value string }

// Params is what the two sides have agreed on.
type Params struct {
	Server, Client Agreed // for what the server sends, and the client
}

// Agreed is the agreement on one direction.
type Agreed struct {
	Takeover   bool // messages may point back into earlier ones
	WindowBits int  // 8 to 15: they may point back 2^WindowBits octets
}

// list is one offer or response, as it was written.
type list struct {
	serverNoTakeover, clientNoTakeover bool
	serverBits                         int // 0: absent
	clientBits                         int // 0: absent
	anyClientBits                      bool
}

// memory is how much a receiver keeps for its window between messages.
func (a Agreed) memory() int {
	if !a.Takeover {
		return 0
	}
	return 1 << a.WindowBits
}

// parse reads an offer or a response by the rules for both (RFC 7692 §7): no
// "extension parameter not defined for use" there, none "with an invalid
// value", and not "multiple extension parameters with the same name".
func parse(params []Param, response bool) (l list, err error) {
	for _, p := range params {
		var twice bool
		switch p.Name {
		case serverNoTakeover:
			twice, l.serverNoTakeover = l.serverNoTakeover, true
			if p.Value != "" {
				return l, errServerNCT
			}
		case clientNoTakeover:
			twice, l.clientNoTakeover = l.clientNoTakeover, true
			if p.Value != "" {
				return l, errClientNCT
			}
		case serverMaxBits:
			twice = l.serverBits != 0
			if l.serverBits = windowBits(p.Value); l.serverBits == 0 {
				return l, errServerMWB
			}
		case clientMaxBits:
			twice = l.clientBits != 0 || l.anyClientBits
			// It may stand without a value in an offer, where it says that
			// the client understands it; not in a response. §7.1.2.2.
			if l.clientBits = windowBits(p.Value); l.clientBits == 0 {
				if p.Value != "" || response {
					return l, errClientMWB
				}
				l.anyClientBits = true
			}
		default:
			return l, errUnknown
		}
		if twice {
			return l, errDuplicate
		}
	}
	return l, nil
}

// windowBits reads "a decimal integer value without leading zeroes between 8
// to 15, inclusive". RFC 7692 §7.1.2. It returns 0 for anything else.
func windowBits(s string) int {
	switch s {
	case "8":
		return 8
	case "9":
		return 9
	case "10", "11", "12", "13", "14", "15":
		return 10 + int(s[1]-'0')
	}
	return 0
}

// String writes l as it stands in the header field.
func (l *list) String() string {
	s := Name
	if l.serverNoTakeover {
		s += "; " + serverNoTakeover
	}
	if l.clientNoTakeover {
		s += "; " + clientNoTakeover
	}
	if l.serverBits != 0 {
		s += "; " + serverMaxBits + "=" + strconv.Itoa(l.serverBits)
	}
	if l.clientBits != 0 {
		s += "; " + clientMaxBits + "=" + strconv.Itoa(l.clientBits)
	} else if l.anyClientBits {
		s += "; " + clientMaxBits
	}
	return s
}
