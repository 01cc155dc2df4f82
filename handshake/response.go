package handshake

import "net/http"

// A Result is what the two sides have agreed on.
type Result struct {
	Request     *Request // on a server
	Subprotocol string   // empty for none

	// Header is, on a server, what Authorize adds to the answer; on a client,
	// the header of the server's answer.
	Header http.Header

	// Status is that of the answer: 101, or 200 in HTTP/2.
	Status int
}

// AppendResponse appends the answer that ends the handshake: what follows on
// the connection are frames. It is an error, an *Error with dst as it was, when
// Header holds something that must not be written, or when the request came in
// HTTP/2, where the stream has its own way to answer.
func (res *Result) AppendResponse(dst []byte) ([]byte, error) {
	if res.Request == nil || res.Status != http.StatusSwitchingProtocols {
		return dst, ruleNoRequest.broken()
	}
	if err := checkFields(res.Header); err != nil {
		return dst, err
	}
	if res.Subprotocol != "" && !isToken(res.Subprotocol) {
		return dst, ruleOfferSubprotocol.got(res.Subprotocol)
	}
	// RFC 6455 §4.2.2(5).
	dst = append(dst, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "...)
	var key [keyLength]byte
	dst = AppendAccept(dst, append(key[:0], res.Request.Key...))
	dst = append(dst, "\r\n"...)
	if res.Subprotocol != "" {
		dst = appendField(dst, "Sec-WebSocket-Protocol", res.Subprotocol)
	}
	dst = appendFields(dst, res.Header)
	return append(dst, "\r\n"...), nil
}
