package frame

import "github.com/bellwire/bellwire/internal/utf8x"

// UTF8 validates the text of one message as its octets come in, cut anywhere.
// The zero value is ready for use.
//
// "Note that a particular text frame might include a partial UTF-8 sequence;
// however, the whole message MUST contain valid UTF-8." RFC 6455 §5.6.
type UTF8 struct {
	v utf8x.Validator
}

// Write looks at the next octets, borrowed for the call. It returns false as
// soon as nothing that may follow can make the text valid, and from then on
// until Reset.
func (u *UTF8) Write(p []byte) bool { return u.v.Write(p) }

// Complete reports whether the text is valid if it ends here.
func (u *UTF8) Complete() bool { return u.v.Complete() }

// Reset makes u ready for the next message.
func (u *UTF8) Reset() { u.v.Reset() }
