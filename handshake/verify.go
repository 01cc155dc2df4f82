package handshake

import (
	"net/http"
	"slices"
	"strings"
)

// Verify checks the server's answer to the request that was sent with key, by
// the second list of RFC 6455 §4.1. The error is an *Error with the status of
// the answer; when that is not 101 it has the header of the answer too, for a
// client that can do something about it, such as log in or go elsewhere.
// Verify does not read the body. The Result shares the header of resp.
func (o *Offer) Verify(resp *http.Response, key string) (*Result, error) {
	name, err := o.verify(resp, key)
	if err != nil {
		err.Status = resp.StatusCode
		return nil, err
	}
	return &Result{Subprotocol: name, Header: resp.Header, Status: resp.StatusCode}, nil
}

func (o *Offer) verify(resp *http.Response, key string) (subprotocol string, err *Error) {
	h := resp.Header
	upgrade := strings.Join(h["Upgrade"], ", ")
	accepts, names, extensions := h["Sec-Websocket-Accept"], h["Sec-Websocket-Protocol"], h["Sec-Websocket-Extensions"]
	switch {
	// "If the status code received from the server is not 101, the client
	// handles the response per HTTP [...] procedures."
	case resp.StatusCode != http.StatusSwitchingProtocols:
		err := ruleAnswerStatus.got(resp.Status)
		err.Header = h
		return "", err
	case !resp.ProtoAtLeast(1, 1):
		return "", ruleAnswerVersion.got(resp.Proto)

	// "If the response lacks an |Upgrade| header field or the |Upgrade| header
	// field contains a value that is not an ASCII case-insensitive match for
	// the value "websocket"".
	case !equalFold(trimOWS(upgrade), "websocket"):
		return "", ruleAnswerUpgrade.got(upgrade)

	// "... doesn't contain a token that is an ASCII case-insensitive match for the
	// value "Upgrade"".
	case !hasTokenIn(h, "Connection", "upgrade"):
		return "", ruleAnswerConnection.got(strings.Join(h["Connection"], ", "))

	// "... a value other than the base64-encoded SHA-1 of the concatenation [...]
	// but ignoring any leading and trailing whitespace". It "MUST NOT appear
	// more than once". §11.3.3.
	case len(accepts) != 1:
		return "", ruleAnswerAcceptCount.got(strings.Join(accepts, ", "))
	case trimOWS(accepts[0]) != accept(key):
		return "", ruleAnswerAccept.got(accepts[0])

	// "... the use of a subprotocol that was not present in the client's
	// handshake". It "MUST NOT appear more than once in an HTTP response".
	// §11.3.4.
	case len(names) > 1:
		return "", ruleAnswerTwice.got(strings.Join(names, ", "))
	case len(names) == 1 && !slices.Contains(o.Subprotocols, trimOWS(names[0])):
		return "", ruleAnswerSubprotocol.got(names[0])
	}

	// "... the use of an extension that was not present in the client's
	// handshake": this one offers none.
	if _, err := ParseExtensions(extensions); err != nil {
		return "", ruleAnswerExtensions.got(strings.Join(extensions, ", "))
	}
	if len(extensions) > 0 {
		return "", ruleAnswerUnoffered.got(strings.Join(extensions, ", "))
	}
	if len(names) == 1 {
		subprotocol = trimOWS(names[0])
	}
	return subprotocol, nil
}
