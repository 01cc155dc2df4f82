package handshake

// A Reason says in one word why a handshake failed, for a program to act on.
// It implements error only so that errors.Is(err, handshake.BadOrigin) reads
// well. An [Error] that does not come from this package may have none: 0.
type Reason uint8

const (
	MalformedHead  Reason = iota + 1 // not HTTP/1.1: line ends, request line, header fields
	HeadTooLarge                     // over one of the Limits
	BadHTTPVersion                   // older than HTTP/1.1, or another protocol
	BadMethod                        // not GET; on HTTP/2, a CONNECT for something else
	BadHost                          // Host is missing, repeated or malformed
	BadUpgrade                       // Upgrade does not name websocket
	BadConnection                    // Connection does not name upgrade
	BadVersion                       // Sec-WebSocket-Version is not 13
	BadKey                           // Sec-WebSocket-Key is not 16 bytes in base64
	HasBody                          // the request announces content
	BadOrigin                        // the page's origin is not allowed
	BadSubprotocol                   // malformed, repeated, not offered, or none suits
	BadExtensions                    // malformed, or not offered
	NotAuthorized                    // Policy.Authorize said no
	Overloaded                       // no room for another connection; see Unavailable
	BadHeader                        // a header that must not be written
	BadURL                           // an Offer's URL is none for a WebSocket
	BadStatus                        // the server did not answer 101
	BadAccept                        // Sec-WebSocket-Accept does not answer the key
)

var reasons = [...]string{
	MalformedHead:  "malformed head",
	HeadTooLarge:   "head too large",
	BadHTTPVersion: "bad HTTP version",
	BadMethod:      "bad method",
	BadHost:        "bad host",
	BadUpgrade:     "bad upgrade",
	BadConnection:  "bad connection",
	BadVersion:     "bad version",
	BadKey:         "bad key",
	HasBody:        "has body",
	BadOrigin:      "bad origin",
	BadSubprotocol: "bad subprotocol",
	BadExtensions:  "bad extensions",
	NotAuthorized:  "not authorized",
	Overloaded:     "overloaded",
	BadHeader:      "bad header",
	BadURL:         "bad URL",
	BadStatus:      "bad status",
	BadAccept:      "bad accept",
}

// String returns the name of the reason in words, such as "bad origin".
func (r Reason) String() string {
	if r == 0 || int(r) >= len(reasons) {
		return "unknown reason"
	}
	return reasons[r]
}

// Error is String.
func (r Reason) Error() string { return r.String() }
