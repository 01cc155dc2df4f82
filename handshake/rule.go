package handshake

import (
	"net/http"
	"strconv"
)

// A rule is something that one side of a handshake must do, and what happens
// when it does not.
type rule struct {
	status  int // of the answer; 0 where none is given
	reason  Reason
	section string // where the rule stands
	says    string // what was broken
	advice  string // what to do about it
}

// What a server asks of a request, in the order of RFC 6455 §4.2.1.
var (
	ruleHTTP10      = rule{505, BadHTTPVersion, "RFC 6455 §4.2.1(1)", "the request is HTTP/1.0", "A proxy in front of this server may have to be told to use HTTP/1.1 (nginx: proxy_http_version 1.1) and to pass on Upgrade and Connection."}
	ruleHTTPVersion = rule{505, BadHTTPVersion, "RFC 6455 §4.2.1(1)", "the request is not HTTP/1.1", "This port speaks HTTP/1.1 alone."}
	ruleMethod      = rule{405, BadMethod, "RFC 6455 §4.2.1(1)", "an opening handshake is a GET request", "Connect with a WebSocket client."}
	ruleTarget      = rule{400, MalformedHead, "RFC 9112 §3.2", "the request target is neither a path nor an http URL", "Send a path that begins with a slash, with everything but printable ASCII percent-encoded."}
	ruleTargetHost  = rule{400, BadHost, "RFC 6455 §4.2.1(1)", "the authority in the request target is not that in Host", "Send the same in both, or only the path."}

	ruleHostMissing = rule{400, BadHost, "RFC 6455 §4.2.1(2)", "Host is missing", "Send the name of the server."}
	ruleHostTwice   = rule{400, BadHost, "RFC 9112 §3.2", "Host is there more than once", "Send one."}
	ruleHost        = rule{400, BadHost, "RFC 9112 §3.2", "Host is not a name or an address with an optional port", "Send it as in the URL."}

	ruleUpgrade    = rule{426, BadUpgrade, "RFC 6455 §4.2.1(3)", "Upgrade does not name websocket", "There is a WebSocket at this address: connect with a WebSocket client. A proxy on the way must pass on Upgrade and Connection."}
	ruleConnection = rule{400, BadConnection, "RFC 6455 §4.2.1(4)", "Connection does not name upgrade", "Send Connection: Upgrade. A proxy on the way must pass it on."}

	ruleVersionMissing = rule{426, BadVersion, "RFC 6455 §4.2.1(6)", "Sec-WebSocket-Version is missing", "Send 13."}
	ruleVersionTwice   = rule{400, BadVersion, "RFC 6455 §11.3.5", "Sec-WebSocket-Version is there more than once", "Send one: 13."}
	ruleVersion        = rule{426, BadVersion, "RFC 6455 §4.2.1(6)", "Sec-WebSocket-Version is not 13", "Send 13, which is all that this server speaks."}

	ruleKeyMissing = rule{400, BadKey, "RFC 6455 §4.2.1(5)", "Sec-WebSocket-Key is missing", "Send 16 random bytes in base64."}
	ruleKeyTwice   = rule{400, BadKey, "RFC 6455 §11.3.1", "Sec-WebSocket-Key is there more than once", "Send one."}
	ruleKey        = rule{400, BadKey, "RFC 6455 §4.2.1(5)", "Sec-WebSocket-Key is not 16 bytes in base64", "Send 16 random bytes in base64: 24 characters, the last two of them \"=\"."}

	// RFC 6455 does not speak of a body. Were there one, its bytes would be
	// taken for the first frames.
	ruleLength   = rule{400, HasBody, "RFC 9112 §6", "the request announces a body", "Send no Content-Length, or 0."}
	ruleTransfer = rule{400, HasBody, "RFC 9112 §6", "the request announces a body with Transfer-Encoding", "Send none."}

	ruleOriginTwice = rule{403, BadOrigin, "RFC 6454 §7.3", "Origin is there more than once", "Send one, or none if you are not a browser."}
	ruleOriginEmpty = rule{403, BadOrigin, "RFC 6454 §7.1", "Origin is empty", "Send scheme, host and port, or no Origin if you are not a browser."}

	ruleSubprotocol      = rule{400, BadSubprotocol, "RFC 6455 §4.1(10)", "Sec-WebSocket-Protocol is not a list of tokens", "Separate the names with commas; a name has no spaces and no separators."}
	ruleSubprotocolTwice = rule{400, BadSubprotocol, "RFC 6455 §4.1(10)", "Sec-WebSocket-Protocol offers the same subprotocol twice", "Send each name once."}
	ruleExtensions       = rule{400, BadExtensions, "RFC 6455 §9.1", "Sec-WebSocket-Extensions is malformed", "Send tokens: name; parameter=value, name; ..."}
)

// What a server asks of a request in HTTP/2, besides. RFC 8441.
var (
	ruleNotConnect   = rule{400, BadUpgrade, "RFC 8441 §5", "a WebSocket in HTTP/2 begins with an extended CONNECT", "Connect with a WebSocket client."}
	rulePseudo       = rule{501, BadMethod, "RFC 8441 §4", ":protocol is not websocket", "Send websocket."}
	rulePlainConnect = rule{405, BadMethod, "RFC 8441 §4", "a CONNECT without :protocol asks for a proxy", "Send :protocol websocket."}
)

// What the parser of raw requests asks of their bytes.
var (
	ruleFirstByte   = rule{400, MalformedHead, "RFC 9112 §3.1", "the first byte cannot begin a request", "This port speaks HTTP; a first byte 0x16 is that of a TLS handshake."}
	ruleLineEnd     = rule{400, MalformedHead, "RFC 9112 §2.2", "a line does not end in CR LF", "Send CR LF behind every line."}
	ruleRequestLine = rule{400, MalformedHead, "RFC 9112 §3", "the request line is not a method, a target and a version with one space between them", "Send, for instance, GET /path HTTP/1.1"}
	ruleFold        = rule{400, MalformedHead, "RFC 9112 §5.2", "a header field goes on in the next line", "Send every field in one line."}
	ruleField       = rule{400, MalformedHead, "RFC 9112 §5", "a line is not a header field", "Send a name, a colon and a value, with no space before the colon."}
	ruleValue       = rule{400, MalformedHead, "RFC 9110 §5.5", "a header field has a control byte in it", "Send none."}

	ruleLineTooLong    = rule{414, HeadTooLarge, "RFC 9112 §3", "the request line is longer than this server reads", "Send a shorter path and query."}
	ruleHeadTooLong    = rule{431, HeadTooLarge, "RFC 6585 §5", "the request's header is longer than this server reads", "Send less, such as fewer cookies."}
	ruleTooManyHeaders = rule{431, HeadTooLarge, "RFC 6585 §5", "the request has more header fields than this server reads", "Send fewer."}
)

// What a policy asks of a request.
var (
	ruleOriginNull   = rule{403, BadOrigin, "RFC 6455 §10.2", "the page has no origin of its own", "It is sandboxed, or a file. Serve it over HTTP."}
	ruleOriginForm   = rule{403, BadOrigin, "RFC 6454 §7.1", "Origin is not a scheme, a host and an optional port", "Send it as a browser does, or not at all."}
	ruleOriginSite   = rule{403, BadOrigin, "RFC 6455 §10.2", "the browser says that the page is of another origin", "The server may allow the page's origin by a pattern."}
	ruleOriginOther  = rule{403, BadOrigin, "RFC 6455 §10.2", "the page's origin is not this server's", "The server may allow it by a pattern. If a proxy in front changes Host, let it send X-Forwarded-Host and set TrustForwarded."}
	ruleOriginScheme = rule{403, BadOrigin, "RFC 6455 §10.2", "the page's origin has the host of this server, but another scheme or port", "If a proxy in front ends TLS or changes Host, let it send X-Forwarded-Proto and X-Forwarded-Host and set TrustForwarded on the server, or allow the page's origin by a pattern."}

	ruleAuthorize = rule{403, NotAuthorized, "RFC 9110 §15.5.4", "the server does not authorize this connection", "Ask whoever runs it."}
	ruleNoneSuits = rule{400, BadSubprotocol, "RFC 6455 §4.2.2(4)", "none of the subprotocols offered suits the server", "Offer one that it speaks."}
	ruleSelected  = rule{500, BadSubprotocol, "RFC 6455 §4.2.2(5)", "the server chose a subprotocol that was not offered", "SelectSubprotocol must return one of the request's, or none."}
)

// What a server or a client must not write.
var (
	ruleFieldName        = rule{0, BadHeader, "RFC 9110 §5.1", "the name of a header field is not a token", "Use letters, digits and hyphens."}
	ruleFieldValue       = rule{0, BadHeader, "RFC 9110 §5.5", "a header field has a line end or another control byte in it", "Take it out."}
	ruleFieldReserved    = rule{0, BadHeader, "RFC 6455 §4", "the header field belongs to the handshake", "Leave it out: it is written as it must be."}
	ruleFieldSubprotocol = rule{0, BadHeader, "RFC 6455 §4", "the header field belongs to the handshake", "Use Subprotocols instead."}
	ruleNoRequest        = rule{0, BadStatus, "RFC 8441 §5", "there is no HTTP/1.1 request to answer with 101", "Answer a request in HTTP/2 with status 200 on its stream."}

	ruleURLScheme   = rule{0, BadURL, "RFC 6455 §3", "the URL's scheme is neither ws nor wss", "Write ws://host/path or wss://host/path."}
	ruleURLHost     = rule{0, BadURL, "RFC 6455 §3", "the URL's host is not a name or an address with an optional port", "Write ws://host:port/path."}
	ruleURLFragment = rule{0, BadURL, "RFC 6455 §3", "a WebSocket's URL has no fragment", "Leave it out, or write %23 for a # in the path."}
	ruleURLPath     = rule{0, BadURL, "RFC 6455 §3", "the URL's path or query has a byte that cannot be sent", "Escape it, for instance with url.PathEscape or url.QueryEscape."}
	ruleURLUser     = rule{0, BadURL, "RFC 7617 §2", "the URL's user name has a colon or a control byte in it, or its password a control byte", "Set Authorization in Header instead."}

	ruleOfferHost        = rule{0, BadHeader, "RFC 9112 §3.2", "Host in Header is not one name or address with an optional port", "Set one value, such as example.com:8080."}
	ruleOfferSubprotocol = rule{0, BadSubprotocol, "RFC 6455 §4.1(10)", "a subprotocol is not a token", "Use a name without spaces and separators."}
	ruleOfferTwice       = rule{0, BadSubprotocol, "RFC 6455 §4.1(10)", "a subprotocol is there twice", "Name it once."}
	ruleOfferKey         = rule{0, BadKey, "RFC 6455 §4.1(7)", "the key is not 16 bytes in base64", "Use NewKey, once for every handshake."}
)

// What a client asks of the server's answer. RFC 6455 §4.1, the second list.
var (
	ruleAnswerStatus      = rule{0, BadStatus, "RFC 6455 §4.1", "the server did not switch protocols", "See its answer for why."}
	ruleAnswerVersion     = rule{0, BadHTTPVersion, "RFC 9112 §2.3", "the server switched protocols in a version that cannot", "Something on the way may speak HTTP/1.0."}
	ruleAnswerUpgrade     = rule{0, BadUpgrade, "RFC 6455 §4.1", "the server's Upgrade is not websocket", "It does not speak the WebSocket protocol here."}
	ruleAnswerConnection  = rule{0, BadConnection, "RFC 6455 §4.1", "the server's Connection does not name upgrade", "Something on the way may have taken it out."}
	ruleAnswerAccept      = rule{0, BadAccept, "RFC 6455 §4.1", "the server's Sec-WebSocket-Accept does not answer the key", "Something on the way may have answered from a cache."}
	ruleAnswerAcceptCount = rule{0, BadAccept, "RFC 6455 §11.3.3", "the server did not send Sec-WebSocket-Accept once", "It does not speak the WebSocket protocol here."}
	ruleAnswerExtensions  = rule{0, BadExtensions, "RFC 6455 §9.1", "the server's Sec-WebSocket-Extensions is malformed", "It is at fault."}
	ruleAnswerUnoffered   = rule{0, BadExtensions, "RFC 6455 §4.1", "the server chose an extension that was not offered", "It is at fault."}
	ruleAnswerSubprotocol = rule{0, BadSubprotocol, "RFC 6455 §4.1", "the server chose a subprotocol that was not offered", "Offer it, or ask for none."}
	ruleAnswerTwice       = rule{0, BadSubprotocol, "RFC 6455 §11.3.4", "the server sent Sec-WebSocket-Protocol more than once", "It is at fault."}
)

// broken is the Error for a rule.
func (r rule) broken() *Error {
	return &Error{
		Status: r.status,
		Header: demanded(r.status),
		Reason: r.reason,
		Msg:    r.section + ": " + r.says + ". " + r.advice,
	}
}

// got is the Error for a rule broken by what was received, or was about to be
// sent.
func (r rule) got(what string) *Error {
	r.says += ", got " + quote(what)
	return r.broken()
}

// differs is the Error for a rule broken by a value that is not another.
func (r rule) differs(what, from string) *Error {
	r.says += ": " + quote(what) + " is not " + quote(from)
	return r.broken()
}

// because is the Error for a rule with a cause behind it.
func (r rule) because(err error) *Error {
	e := r.broken()
	e.Err = err
	return e
}

// demanded is what an answer must carry for its status.
func demanded(status int) http.Header {
	switch status {
	case http.StatusMethodNotAllowed:
		// "The origin server MUST generate an Allow header field in a 405
		// response". RFC 9110 §15.5.6.
		return http.Header{"Allow": {http.MethodGet}}
	case http.StatusUpgradeRequired:
		// "The server MUST send an Upgrade header field in a 426 response to
		// indicate the required protocol(s)". RFC 9110 §15.5.22. "A sender of
		// Upgrade MUST also send an "Upgrade" connection option". §7.8. And
		// the "|Sec-WebSocket-Version| header field indicating the version(s)
		// the server is capable of understanding". RFC 6455 §4.2.2.
		return http.Header{
			"Upgrade":               {"websocket"},
			"Connection":            {"Upgrade"},
			"Sec-Websocket-Version": {version},
		}
	}
	return nil
}

// version is the only Sec-WebSocket-Version there is. RFC 6455 §4.1.
const version = "13"

// maxQuote is how many bytes of what was received an Error repeats.
const maxQuote = 64

// quote makes something from the peer safe to print and to log.
func quote(s string) string {
	if len(s) > maxQuote {
		return strconv.QuoteToASCII(s[:maxQuote]) + "..."
	}
	return strconv.QuoteToASCII(s)
}
