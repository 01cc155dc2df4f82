package deflate

import "errors"

// Errors that say that a peer asks too much of this side. The data may well
// be valid; the connection is to be closed with 1009.
var (
	// ErrTooBig is returned when a message inflates to more than its limit.
	ErrTooBig = errors.New("deflate: the message inflates to more than the limit")

	// ErrRatio is returned when a message has inflated to more than
	// Options.MaxRatio times its size, and to more than 64 KiB.
	ErrRatio = errors.New("deflate: the message inflates out of proportion")
)

// Error says that a peer broke a rule: of the negotiation, or of the format of
// compressed data, in which case the connection is to be closed with 1007.
// There is one value for each rule, shared and not to be modified.
type Error struct {
	Section string // such as "RFC 7692 §7.1.2.1"
	Rule    string // what was done that must not be
}

// Error returns, for instance, "RFC 7692 §7: a parameter of
// permessage-deflate is there twice".
func (e *Error) Error() string { return e.Section + ": " + e.Rule }

// What a list of parameters can do wrong. RFC 7692 §7.
var (
	errUnknown   = &Error{"RFC 7692 §7", "a parameter of permessage-deflate is unknown"}
	errDuplicate = &Error{"RFC 7692 §7", "a parameter of permessage-deflate is there twice"}
	errServerNCT = &Error{"RFC 7692 §7.1.1.1", "server_no_context_takeover has a value"}
	errClientNCT = &Error{"RFC 7692 §7.1.1.2", "client_no_context_takeover has a value"}
	errServerMWB = &Error{"RFC 7692 §7.1.2.1", "server_max_window_bits is not an integer from 8 to 15"}
	errClientMWB = &Error{"RFC 7692 §7.1.2.2", "client_max_window_bits is not an integer from 8 to 15"}
)

// What a server's answer can do wrong besides.
var (
	errNotServerNCT = &Error{"RFC 7692 §7.1.1.1", "the server does not agree to server_no_context_takeover"}
	errNotServerMWB = &Error{"RFC 7692 §7.1.2.1", "the server does not agree to server_max_window_bits as offered"}
	errNotClientMWB = &Error{"RFC 7692 §7.1.2.2", "the server allows a larger client_max_window_bits than was offered"}
)

// What compressed data can do wrong.
var (
	errBlockType = &Error{"RFC 1951 §3.2.3", "a block has the reserved type"}
	errStored    = &Error{"RFC 1951 §3.2.4", "the length of a stored block is not confirmed by its complement"}
	errLengths   = &Error{"RFC 1951 §3.2.7", "the code lengths of a block make no prefix code"}
	errSymbol    = &Error{"RFC 1951 §3.2.5", "a block has a code that stands for nothing"}
	errDistance  = &Error{"RFC 7692 §7.2.2", "a distance reaches back further than the agreed window"}
	errTruncated = &Error{"RFC 7692 §7.2.1", "a message does not end with an empty stored block"}
)
