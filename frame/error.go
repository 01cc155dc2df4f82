package frame

// Error says that a rule of RFC 6455 was broken. There is one value for each
// rule, shared by all who break it and not to be modified.
type Error struct {
	Code    Code   // the status to close the connection with
	Section string // of RFC 6455, such as "5.5.1"
	Rule    string // what was done that must not be
}

// Error returns, for instance, "RFC 6455 §5.1: a client's frame is not masked".
func (e *Error) Error() string {
	return "RFC 6455 §" + e.Section + ": " + e.Rule
}

// Is makes errors.Is(err, frame.ProtocolError) true if that is e.Code.
func (e *Error) Is(target error) bool {
	c, ok := target.(Code)
	return ok && c == e.Code
}
