package frame

import "strconv"

// Code is a status code in a Close frame, RFC 6455 §7.4.
//
// It implements error so that errors.Is(err, frame.GoingAway) can be asked of
// an error that has such a code inside.
type Code uint16

// The codes of RFC 6455 §7.4.1, and three that were registered with IANA
// later.
const (
	Normal         Code = 1000 // the purpose of the connection is fulfilled
	GoingAway      Code = 1001 // a server goes down, a browser leaves the page
	ProtocolError  Code = 1002
	Unsupported    Code = 1003 // a type of data that cannot be accepted
	NoStatus       Code = 1005 // a Close frame without a code; never on the wire
	Abnormal       Code = 1006 // no Close frame came; never on the wire
	InvalidPayload Code = 1007 // such as text that is not UTF-8
	Policy         Code = 1008 // when no other code fits, or none is to be told
	TooBig         Code = 1009
	MandatoryExt   Code = 1010 // a client misses an extension it has asked for
	Internal       Code = 1011
	ServiceRestart Code = 1012
	TryAgainLater  Code = 1013
	BadGateway     Code = 1014
)

// codes says of every code there is what it means and whether it may stand on
// the wire. Each row begins where the one before it ends.
//
// Each of 1005, 1006 and 1015 "is a reserved value and MUST NOT be set as a
// status code in a Close control frame by an endpoint"; 1004 is reserved and
// has no meaning to this day. RFC 6455 §7.4.1. Of the ranges, §7.4.2 leaves
// 3000-3999 to whoever registers and 4000-4999 to everybody; the rest of
// 1000-2999 is the protocol's own, and below and above no code is defined.
var codes = [...]struct {
	last  Code
	valid bool
	name  string
}{
	{999, false, "not used"},
	{Normal, true, "normal closure"},
	{GoingAway, true, "going away"},
	{ProtocolError, true, "protocol error"},
	{Unsupported, true, "unsupported data"},
	{1004, false, "reserved"},
	{NoStatus, false, "no status received"},
	{Abnormal, false, "abnormal closure"},
	{InvalidPayload, true, "invalid payload data"},
	{Policy, true, "policy violation"},
	{TooBig, true, "message too big"},
	{MandatoryExt, true, "mandatory extension"},
	{Internal, true, "internal error"},
	{ServiceRestart, true, "service restart"},
	{TryAgainLater, true, "try again later"},
	{BadGateway, true, "bad gateway"},
	{1015, false, "TLS handshake"},
	{2999, false, "reserved"},
	{3999, true, "registered"},
	{4999, true, "private use"},
	{65535, false, "undefined"},
}

// Valid reports whether the code may be sent, and accepted, in a Close frame:
// 1000-1003, 1007-1014, 3000-4999.
func (c Code) Valid() bool { return codes[c.row()].valid }

// Error returns the code and its meaning, such as "1001 going away".
func (c Code) Error() string {
	return strconv.Itoa(int(c)) + " " + codes[c.row()].name
}

func (c Code) row() int {
	i := 0
	for c > codes[i].last {
		i++
	}
	return i
}
