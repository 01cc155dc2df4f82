package handshake

import (
	"net/http"
	"slices"
	"strconv"

	"golang.org/x/net/http/httpguts"
)

// An Error is a handshake that failed.
//
// On a server it is the answer to give: it is an [http.Handler], and
// AppendResponse writes it without net/http. On a client it says what was
// wrong with the [Offer] (Status is 0) or with the server's answer (Status is
// the server's).
type Error struct {
	// Status is that of the answer. On a server, anything that does not
	// refuse (below 300 or above 599) is answered as 500.
	Status int

	// Header is sent with the answer. Refusals of this package carry what
	// their status demands, such as Allow for 405.
	Header http.Header

	Reason Reason

	// Msg is for people: which rule, what was received, what to do. It is
	// the body of the answer, so it must not tell secrets.
	Msg string

	// Err is the cause, if there is one. It is not sent to the peer.
	Err error
}

// Unavailable is the refusal of a server that has no room for the connection:
// 503, with a Retry-After unless retryAfterSeconds is negative.
func Unavailable(retryAfterSeconds int, msg string) *Error {
	e := &Error{Status: http.StatusServiceUnavailable, Reason: Overloaded, Msg: msg}
	if retryAfterSeconds >= 0 {
		e.Header = http.Header{"Retry-After": {strconv.Itoa(retryAfterSeconds)}}
	}
	return e
}

// Error returns Msg, and the cause behind it.
func (e *Error) Error() string {
	msg := e.text()
	if e.Err != nil {
		msg += ": " + e.Err.Error()
	}
	return msg
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(err, handshake.BadOrigin) true if that is e.Reason.
func (e *Error) Is(target error) bool {
	r, ok := target.(Reason)
	return ok && r == e.Reason
}

// ServeHTTP answers a request with the refusal. What belongs to a connection
// of HTTP/1.1 is left out of the answer to a request in HTTP/2.
func (e *Error) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for name, values := range e.answer() {
		if r.ProtoMajor >= 2 && (name == "Upgrade" || name == "Connection") {
			continue
		}
		h[name] = values
	}
	w.WriteHeader(e.status())
	// The peer may be gone, and there is nobody else to tell.
	_, _ = w.Write(e.body())
}

// AppendResponse appends the refusal as a whole HTTP/1.1 response, after which
// the connection is to be closed.
func (e *Error) AppendResponse(dst []byte) []byte {
	status, body := e.status(), e.body()
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(status), 10)
	dst = append(dst, ' ')
	dst = append(dst, http.StatusText(status)...)
	dst = append(dst, "\r\n"...)
	h := e.answer()
	h["Connection"] = append(slices.Clip(h["Connection"]), "close")
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	dst = appendFields(dst, h)
	dst = append(dst, "\r\n"...)
	return append(dst, body...)
}

// answer is the header to send: e.Header as far as it is fit to be, on top of
// what every refusal has. Most values come from this package, but Authorize
// may put anything there.
func (e *Error) answer() http.Header {
	h := http.Header{
		"Content-Type":           {"text/plain; charset=utf-8"},
		"X-Content-Type-Options": {"nosniff"},
	}
	for _, name := range sortedNames(e.Header) {
		key := http.CanonicalHeaderKey(name)
		framing := key == "Content-Length" || key == "Transfer-Encoding"
		if framing || !httpguts.ValidHeaderFieldName(name) ||
			slices.ContainsFunc(e.Header[name], notAFieldValue) {
			continue
		}
		h[key] = e.Header[name]
	}
	return h
}

func (e *Error) status() int {
	if e.Status < 300 || e.Status > 599 {
		return http.StatusInternalServerError
	}
	return e.Status
}

func (e *Error) text() string {
	if e.Msg != "" {
		return e.Msg
	}
	return http.StatusText(e.status())
}

func (e *Error) body() []byte { return append([]byte(e.text()), '\n') }

// leaveConnection takes out of a refusal what HTTP/2 does not have: "An
// endpoint MUST NOT generate an HTTP/2 message containing connection-specific
// header fields." RFC 9113 §8.2.2. A 426 would have to carry them.
func (e *Error) leaveConnection() {
	if e.Status == http.StatusUpgradeRequired {
		e.Status = http.StatusBadRequest
	}
	delete(e.Header, "Upgrade")
	delete(e.Header, "Connection")
}
