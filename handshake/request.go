package handshake

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"strconv"
)

// A Request is an opening handshake that breaks no rule of its own: what is
// left to decide is the server's [Policy]. Its strings are copies; it keeps
// nothing that the caller of [Parser.Parse] owns.
type Request struct {
	Proto        int    // of HTTP: 1, or 2 and more for an extended CONNECT
	Path         string // what was asked for: path and query, never empty
	Host         string // the server's name as the client knows it, with a port if it is not the default
	Scheme       string // "http" or "https"
	Origin       string // of the page; empty if no browser sent the request
	Key          string // Sec-WebSocket-Key; empty in HTTP/2
	Subprotocols []string
	Extensions   []Extension

	// A server that runs its own TLS sets these, and Scheme, on a request
	// from a Parser, which sees bytes and no connection.
	TLS        *tls.ConnectionState
	RemoteAddr string

	old bool // HTTP/1.0, which only Policy.AllowHTTP10 lets pass
	src source
}

// source is where a Request came from: one of the two.
type source struct {
	http   *http.Request
	head   string      // the header fields, checked
	header http.Header // of head, once it has been asked for
}

// FromHTTP checks a request that net/http has read: in HTTP/1.1 by RFC 6455
// §4.2.1, in HTTP/2 the extended CONNECT of RFC 8441 §5. The error is an
// *Error. The Request refers to r and shares its header.
//
// net/http has already decided some matters: it refuses a request without Host
// or with two, and where the request line holds an absolute URL it takes the
// host from there.
func FromHTTP(r *http.Request) (*Request, error) {
	h := head{proto: max(r.ProtoMajor, 1), minor: r.ProtoMinor, method: r.Method}
	for f, name := range fieldNames {
		for _, value := range r.Header[name] {
			h.add(field(f), value)
		}
	}
	if p := r.Header[":protocol"]; len(p) > 0 {
		h.pseudo = p[0]
	}
	if r.Host != "" {
		host := &h.fields[fieldHost]
		host.first, host.count = r.Host, max(host.count, 1)
	}
	switch {
	case len(r.TransferEncoding) > 0:
		h.add(fieldTransferEncoding, r.TransferEncoding[0])
	case r.ContentLength != 0 && h.fields[fieldContentLength].count == 0:
		h.add(fieldContentLength, strconv.FormatInt(r.ContentLength, 10))
	}
	if err := h.check(); err != nil {
		if h.proto > 1 {
			err.leaveConnection()
		}
		return nil, err
	}
	req := h.request(r.URL.RequestURI())
	req.RemoteAddr, req.src.http = r.RemoteAddr, r
	if r.TLS != nil {
		req.TLS, req.Scheme = r.TLS, "https"
	}
	return req, nil
}

// Header returns the header fields of the request, without Host. The map
// belongs to the Request. On a request from a Parser the first call builds it:
// make that call before sharing the Request between goroutines.
func (r *Request) Header() http.Header {
	switch {
	case r.src.http != nil:
		return r.src.http.Header
	case r.src.header == nil:
		r.src.header = http.Header{}
		for name, value := range fieldsOf(r.src.head) {
			if !equalFold(name, "Host") {
				r.src.header.Add(name, value)
			}
		}
	}
	return r.src.header
}

// first returns the value of the first field with that name in its canonical
// form, without building the map.
func (r *Request) first(canonical string) string {
	if r.src.http != nil || r.src.header != nil {
		if values := r.Header()[canonical]; len(values) > 0 {
			return values[0]
		}
		return ""
	}
	for name, value := range fieldsOf(r.src.head) {
		if equalFold(name, canonical) {
			return value
		}
	}
	return ""
}

// URL returns what was asked for, parsed: Path and its query. Under net/http
// it is the request's own URL, as the handlers in front have left it.
func (r *Request) URL() *url.URL {
	if r.src.http != nil {
		return r.src.http.URL
	}
	u, err := url.ParseRequestURI(r.Path)
	if err != nil { // not from a Parser, which has checked it
		return new(url.URL)
	}
	return u
}

// PathValue returns what a wildcard in the pattern of an [http.ServeMux]
// matched, and nothing for a request from a Parser.
func (r *Request) PathValue(name string) string {
	if r.src.http == nil {
		return ""
	}
	return r.src.http.PathValue(name)
}
