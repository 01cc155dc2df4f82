package handshake

import "net/http"

// The fields that decide a handshake, by their canonical names.
type field uint8

const (
	fieldHost field = iota
	fieldUpgrade
	fieldConnection
	fieldVersion
	fieldKey
	fieldContentLength
	fieldTransferEncoding
	fieldOrigin
	fieldSubprotocol
	fieldExtensions
	fieldCount
)

var fieldNames = [fieldCount]string{
	fieldHost:             "Host",
	fieldUpgrade:          "Upgrade",
	fieldConnection:       "Connection",
	fieldVersion:          "Sec-Websocket-Version",
	fieldKey:              "Sec-Websocket-Key",
	fieldContentLength:    "Content-Length",
	fieldTransferEncoding: "Transfer-Encoding",
	fieldOrigin:           "Origin",
	fieldSubprotocol:      "Sec-Websocket-Protocol",
	fieldExtensions:       "Sec-Websocket-Extensions",
}

// head is a request as the rules read it, whichever way it came in.
type head struct {
	proto, minor int
	method       string
	pseudo       string // :protocol of HTTP/2
	fields       [fieldCount]seen
	subprotocols subprotocolList
	extensions   extensionList
}

// seen is what the rules know of a field.
type seen struct {
	first string // the value of its first line
	count int    // of its lines
	named bool   // a list in one of them names what must be named
}

// add takes one line of a field.
func (h *head) add(f field, value string) {
	s := &h.fields[f]
	if s.count++; s.count == 1 {
		s.first = value
	}
	switch f {
	case fieldUpgrade:
		s.named = s.named || hasToken(value, "websocket")
	case fieldConnection:
		s.named = s.named || hasToken(value, "upgrade")
	case fieldSubprotocol:
		h.subprotocols.add(value)
	case fieldExtensions:
		h.extensions.add(value)
	}
}

// check holds every rule that a request can break by itself. The order is that
// of RFC 6455 §4.2.1, with the version before the key: a client of another
// version is to hear of it, whatever its key looks like.
func (h *head) check() *Error {
	err := h.checkStart()
	if err == nil {
		err = h.checkFields()
	}
	// What else is wrong with HTTP/1.0 mostly comes of it: the proxy that
	// speaks it has also dropped Upgrade and Connection.
	if err != nil && h.proto == 1 && h.minor == 0 {
		err = ruleHTTP10.because(err)
	}
	return err
}

// checkStart decides whether this is a handshake at all.
func (h *head) checkStart() *Error {
	f, http2 := &h.fields, h.proto >= 2
	switch {
	// Key, Upgrade and Connection have no part in HTTP/2: what they say is
	// said by :method CONNECT and :protocol websocket. RFC 8441 §5.
	case http2 && h.method == http.MethodConnect && h.pseudo == "websocket":

	// The status is that which RFC 9220 §3 recommends for HTTP/3.
	case http2 && h.method == http.MethodConnect && h.pseudo != "":
		return rulePseudo.got(h.pseudo)
	case http2 && h.method == http.MethodConnect:
		return rulePlainConnect.broken()
	case http2 && h.method == http.MethodGet:
		return ruleNotConnect.got(h.method)

	// "The method of the request MUST be GET, and the HTTP version MUST be at
	// least 1.1." RFC 6455 §4.1(2).
	case h.method != http.MethodGet:
		return ruleMethod.got(h.method)
	}
	switch {
	// "A |Host| header field containing the server's authority." §4.2.1(2).
	case f[fieldHost].count == 0:
		return ruleHostMissing.broken()
	case f[fieldHost].count > 1:
		return ruleHostTwice.broken()
	case !validAuthority(f[fieldHost].first):
		return ruleHost.got(f[fieldHost].first)

	// "An |Upgrade| header field containing the value "websocket", treated as
	// an ASCII case-insensitive value." §4.2.1(3).
	case !http2 && !f[fieldUpgrade].named:
		return ruleUpgrade.got(f[fieldUpgrade].first)

	// "A |Connection| header field that includes the token "Upgrade", treated
	// as an ASCII case-insensitive value." §4.2.1(4).
	case !http2 && !f[fieldConnection].named:
		return ruleConnection.got(f[fieldConnection].first)
	}
	return nil
}

// checkFields holds the rules for the rest of a handshake's fields.
func (h *head) checkFields() *Error {
	f, http2 := &h.fields, h.proto >= 2
	switch {
	// "A |Sec-WebSocket-Version| header field, with a value of 13."
	// §4.2.1(6). It "MUST NOT appear more than once". §11.3.5.
	case f[fieldVersion].count == 0:
		return ruleVersionMissing.broken()
	case f[fieldVersion].count > 1:
		return ruleVersionTwice.broken()
	case f[fieldVersion].first != version:
		return ruleVersion.got(f[fieldVersion].first)

	// "A |Sec-WebSocket-Key| header field with a base64-encoded [...] value
	// that, when decoded, is 16 bytes in length." §4.2.1(5). It "MUST NOT appear
	// more than once". §11.3.1.
	case !http2 && f[fieldKey].count == 0:
		return ruleKeyMissing.broken()
	case !http2 && f[fieldKey].count > 1:
		return ruleKeyTwice.broken()
	case !http2 && !validKey(f[fieldKey].first):
		return ruleKey.got(f[fieldKey].first)

	// "The presence of a message body in a request is signaled by a
	// Content-Length or Transfer-Encoding header field." RFC 9112 §6. In
	// HTTP/2 the stream behind the header is no body.
	case !http2 && f[fieldTransferEncoding].count > 0:
		return ruleTransfer.got(f[fieldTransferEncoding].first)
	case !http2 && (f[fieldContentLength].count > 1 ||
		f[fieldContentLength].count == 1 && f[fieldContentLength].first != "0"):
		return ruleLength.got(f[fieldContentLength].first)

	// "The user agent MUST NOT include more than one Origin header field in
	// any HTTP request." RFC 6454 §7.3.
	case f[fieldOrigin].count > 1:
		return ruleOriginTwice.broken()
	case f[fieldOrigin].count == 1 && f[fieldOrigin].first == "":
		return ruleOriginEmpty.broken()
	}
	if err := h.subprotocols.end(f[fieldSubprotocol].count); err != nil {
		return err
	}
	return h.extensions.end(f[fieldExtensions].count)
}

// request makes the Request of a head that has been checked.
func (h *head) request(path string) *Request {
	return &Request{
		Proto:        h.proto,
		Path:         path,
		Host:         h.fields[fieldHost].first,
		Scheme:       "http",
		Origin:       h.fields[fieldOrigin].first,
		Key:          h.fields[fieldKey].first,
		Subprotocols: h.subprotocols.names,
		Extensions:   h.extensions.parsed,
		old:          h.proto == 1 && h.minor == 0,
	}
}
