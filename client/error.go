package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bellwire/bellwire/handshake"
)

// A Stage is how far a dial got.
type Stage uint8

// The stages, in their order.
const (
	Setup       Stage = iota // the URL and the options are checked; nothing has been sent
	DNS                      // the server's name is looked up
	Connect                  // TCP, or a Unix socket
	Proxy                    // the proxy is reached, and asked for a tunnel
	TLS                      // with the server
	Response                 // the request is sent, and the server answers
	Negotiation              // the answer is 101, and is checked
)

// String returns the name of the stage, such as "connect".
func (s Stage) String() string {
	names := [...]string{"setup", "DNS", "connect", "proxy", "TLS", "response", "negotiation"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("Stage(%d)", uint8(s))
}

// A DialError is a dial that failed.
type DialError struct {
	Stage Stage

	// URL is where the dial went: after redirects the last one. A user name
	// and password are left out, the query is not. Empty if it does not parse.
	URL string

	// What the server answered or, at the stage Proxy, the proxy: 0 and nil
	// if that was nothing.
	Status int
	Header http.Header
	Body   []byte // as much of its first 4 KiB as came soon

	// Err is the cause: an error of the network, of TLS or of a context; a
	// *handshake.Error for a wrong option, a wrong URL and a wrong answer.
	Err error
}

// at is the error of a stage; where the dial went is added in the end.
func at(s Stage, err error) *DialError { return &DialError{Stage: s, Err: err} }

// Error describes the error in one line.
func (e *DialError) Error() string {
	text := "websocket: dial "
	if e.URL != "" {
		text += e.URL + ": "
	}
	text += e.Stage.String()
	if e.refused() {
		text += ": " + strings.TrimSpace(strconv.Itoa(e.Status)+" "+http.StatusText(e.Status))
		if location := e.Header.Get("Location"); location != "" {
			text += ", Location " + strconv.QuoteToASCII(clip(location))
		}
		if line := excerpt(e.Body); line != "" {
			text += ": " + line
		}
	}
	// The status has said it.
	if e.Err != nil && !errors.Is(e.Err, handshake.BadStatus) {
		text += ": " + strings.TrimPrefix(e.Err.Error(), "websocket: ")
	}
	return text
}

// Unwrap returns e.Err.
func (e *DialError) Unwrap() error { return e.Err }

// Temporary reports whether the same dial may succeed later: after an error of
// the network, a time-out, or an answer that asks for patience (408, 425, 429
// and 5xx). Another refusal, a certificate that does not hold, a server that
// does not speak the protocol, a wrong option and a cancelled context are not
// temporary.
func (e *DialError) Temporary() bool {
	switch {
	case e.refused():
		switch e.Status {
		case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
			return true
		}
		return e.Status >= 500
	case e.Stage == Setup, e.Stage == Negotiation, errors.Is(e.Err, context.Canceled):
		return false
	}
	return e.Stage == DNS || ofNetwork(e.Err)
}

// refused reports whether there was an answer other than 101.
func (e *DialError) refused() bool {
	return e.Status != 0 && e.Status != http.StatusSwitchingProtocols
}

// ofNetwork reports whether it was the network that failed, and not somebody
// who was reached.
func ofNetwork(err error) bool {
	if _, ok := errors.AsType[unreachable](err); ok {
		return true
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		// crypto/tls dresses up alerts as such.
		return op.Op != "remote error" && op.Op != "local error"
	}
	if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() {
		return true
	}
	for _, end := range []error{io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}

// whyEnded is the error of a context that has ended, or nil.
func whyEnded(ctx context.Context) error {
	if t, ok := ctx.Deadline(); ok && !time.Now().Before(t) {
		// Who takes over a deadline from a context, as a socket does, can be
		// a moment ahead of its timer.
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
			return context.DeadlineExceeded
		}
	}
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause != err {
		return fmt.Errorf("%w: %w", err, cause)
	}
	return err
}

// maxQuote is how many bytes of what a server said an error repeats.
const maxQuote = 200

func clip(s string) string {
	if len(s) > maxQuote {
		return s[:maxQuote] + "..."
	}
	return s
}

// excerpt is the first line of a body that is text for people, not a page.
func excerpt(body []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
	line = strings.TrimSpace(line)
	if strings.HasPrefix(line, "<") || !utf8.ValidString(line) ||
		strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return ""
	}
	return strings.ToValidUTF8(clip(line), "")
}
