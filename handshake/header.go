package handshake

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// appendFields appends header fields in the order of their names, so that the
// same header is always the same bytes. They have been checked.
func appendFields(dst []byte, h http.Header) []byte {
	for _, name := range sortedNames(h) {
		for _, value := range h[name] {
			dst = appendField(dst, name, value)
		}
	}
	return dst
}

func sortedNames(h http.Header) []string {
	if len(h) == 0 {
		return nil // and nothing allocated
	}
	return slices.Sorted(maps.Keys(h))
}

func appendField(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}

// checkFields says whether a header may be written into a handshake. A name or
// a value with a line end in it would be a header, or a body, of somebody
// else's making; and some fields are the handshake's own.
func checkFields(h http.Header) *Error {
	for _, name := range sortedNames(h) {
		if !httpguts.ValidHeaderFieldName(name) {
			return ruleFieldName.got(name)
		}
		if i := slices.IndexFunc(h[name], notAFieldValue); i >= 0 {
			return ruleFieldValue.got(name + ": ..." + firstBad(h[name][i]) + "...")
		}
		switch key := http.CanonicalHeaderKey(name); {
		case key == "Sec-Websocket-Protocol":
			return ruleFieldSubprotocol.got(name)
		// A 101 has no content, nor has the request before it.
		case key == "Upgrade", key == "Connection", key == "Content-Length",
			key == "Transfer-Encoding", strings.HasPrefix(key, "Sec-Websocket-"):
			return ruleFieldReserved.got(name)
		}
	}
	return nil
}

// firstBad is the byte that makes v no value. The rest of it is not for an
// error to repeat: it may be a password.
func firstBad(v string) string {
	for i := range len(v) {
		if b := v[i : i+1]; notAFieldValue(b) {
			return b
		}
	}
	return ""
}

// notAFieldValue reports control bytes, line ends above all. RFC 9110 §5.5.
func notAFieldValue(v string) bool { return !httpguts.ValidHeaderFieldValue(v) }
