package conn

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/bellwire/bellwire/frame"
)

// Errors that leave the connection as it was.
var (
	// ErrQueueFull is returned by TryWrite when the message found no room in
	// the queue and the policy is Block. Nothing was sent.
	ErrQueueFull = errors.New("websocket: the outgoing queue is full")

	// ErrDropped is returned when a policy threw the message away: DropNewest,
	// or DropOldest when nothing older was left. Nothing was sent.
	ErrDropped = errors.New("websocket: message dropped: the outgoing queue is full")

	// ErrConcurrentRead is returned to the second of two reads at a time.
	// The first goes on undisturbed.
	ErrConcurrentRead = errors.New("websocket: another read is in progress")
)

var (
	errType         = errors.New("websocket: a message is Text or Binary")
	errCloseTimeout = fmt.Errorf("the peer did not finish the closing handshake in time: %w", os.ErrDeadlineExceeded)
	errKeepalive    = fmt.Errorf("the peer did not answer a keepalive ping: %w", os.ErrDeadlineExceeded)
	errWriteTimeout = fmt.Errorf("the peer took no bytes for too long: %w", os.ErrDeadlineExceeded)
	errTooSlow      = errors.New("the peer is too slow: the outgoing queue is full")
	errCloseNow     = errors.New("closed without a closing handshake")
	errAbandoned    = errors.New("a streamed message was not finished")
)

// A rule about the whole of a message, which no single frame can break.
var errUTF8 = &frame.Error{Code: frame.InvalidPayload, Section: "8.1", Rule: "a text message is not valid UTF-8"}

// CloseError says how a connection ended. It is the one error that every
// method returns from then on. errors.Is finds net.ErrClosed in it, the
// frame.Code it carries, and whatever is in Cause.
type CloseError struct {
	// Code and Reason are those of the Close frame that was received (RFC
	// 6455 §7.1.5, §7.1.6): frame.NoStatus if it had no code,
	// frame.Abnormal if none came. Before the connection has ended, they are
	// those of the Close frame that started the closing handshake.
	Code   frame.Code
	Reason string

	Remote bool // the peer started it
	Clean  bool // both Close frames were exchanged (§7.1.4)

	// Cause is what ended the connection other than a Close frame: a
	// *frame.Error, a *LimitError, an error of the transport or of a context;
	// nil after a clean closing handshake.
	Cause error
}

// Error describes the end of the connection in one line.
func (e *CloseError) Error() string {
	var b strings.Builder
	b.WriteString("websocket: connection closed")
	if e.Remote {
		b.WriteString(" by the peer")
	}
	if e.Code != frame.Abnormal || e.Cause == nil {
		b.WriteString(": ")
		b.WriteString(e.Code.Error())
	}
	if e.Reason != "" {
		b.WriteString(" ")
		b.WriteString(strconv.Quote(e.Reason))
	}
	if e.Cause != nil {
		b.WriteString(": ")
		b.WriteString(strings.TrimPrefix(e.Cause.Error(), "websocket: "))
	}
	return b.String()
}

// Unwrap returns e.Cause.
func (e *CloseError) Unwrap() error { return e.Cause }

// Is reports whether target is net.ErrClosed or e.Code.
func (e *CloseError) Is(target error) bool {
	return target == net.ErrClosed || target == error(e.Code)
}

// quiet reports whether the end is the ordinary end of a conversation.
func (e *CloseError) quiet() bool {
	return e.Clean && (e.Code == frame.Normal || e.Code == frame.GoingAway || e.Code == frame.NoStatus)
}

// LimitError says which of the Limits the peer exceeded.
type LimitError struct {
	Limit string // the field of Limits, such as "MaxMessage"
	Max   int64  // its value
}

// Error names the limit and how to raise it.
func (e *LimitError) Error() string {
	return fmt.Sprintf("websocket: the peer exceeded Limits.%s (%d); raise it in conn.Options if this is wanted", e.Limit, e.Max)
}

// AbortError is what a handler returns to choose the close code; see Abort.
type AbortError struct {
	Code   frame.Code
	Reason string
}

// Abort returns an error that tells a server how to close the connection when
// a handler returns it. The reason is sent to the peer.
//
//	return conn.Abort(frame.Policy, "quota exceeded")
func Abort(code frame.Code, reason string) error {
	return &AbortError{Code: code, Reason: reason}
}

// Error describes the code and the reason.
func (e *AbortError) Error() string {
	return "websocket: abort: " + e.Code.Error() + " " + strconv.Quote(e.Reason)
}
