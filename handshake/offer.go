package handshake

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/idna"
)

// An Offer is a client's side of a handshake.
type Offer struct {
	// URL has the scheme ws or wss; http and https mean the same. A user name
	// in it becomes an Authorization field, unless Header has one.
	URL *url.URL

	// Header is sent too. It may hold Host, which then stands in place of the
	// URL's, but nothing else that belongs to the handshake.
	Header http.Header

	// Subprotocols that the client speaks, the preferred one first.
	Subprotocols []string
}

// Check says whether the offer may be sent. The error is an *Error.
func (o *Offer) Check() error {
	if err := o.check(); err != nil {
		return err
	}
	return nil
}

func (o *Offer) check() *Error {
	if err := checkURL(o.URL); err != nil {
		return err
	}
	host, header := o.splitHeader()
	if err := checkFields(header); err != nil {
		return err
	}
	if len(host) > 1 || len(host) == 1 && !validAuthority(host[0]) {
		return ruleOfferHost.got(strings.Join(host, ", "))
	}
	for i, name := range o.Subprotocols {
		if !isToken(name) {
			return ruleOfferSubprotocol.got(name)
		}
		if slices.Contains(o.Subprotocols[:i], name) {
			return ruleOfferTwice.got(name)
		}
	}
	return nil
}

// checkURL holds the rules of RFC 6455 §3:
//
//	ws-URI = "ws:" "//" host [ ":" port ] path [ "?" query ]
//	wss-URI = "wss:" "//" host [ ":" port ] path [ "?" query ]
func checkURL(u *url.URL) *Error {
	if u == nil {
		return ruleURLScheme.got("")
	}
	switch u.Scheme {
	case "ws", "wss", "http", "https":
	default:
		return ruleURLScheme.got(u.Scheme)
	}
	switch {
	case u.Opaque != "":
		return ruleURLHost.got(u.Opaque)
	case !validAuthority(hostOf(u)):
		return ruleURLHost.got(u.Host)
	// "Fragment identifiers are meaningless in the context of WebSocket URIs
	// and MUST NOT be used on these URIs."
	case u.Fragment != "":
		return ruleURLFragment.got(u.Fragment)
	case !validPath(resourceName(u)):
		return ruleURLPath.got(resourceName(u))
	}
	if u.User != nil {
		// Control bytes have no place in a field, even in base64. The error
		// does not repeat them: one of the two is a secret.
		password, _ := u.User.Password()
		if strings.Contains(u.User.Username(), ":") || !httpguts.ValidHeaderFieldValue(u.User.Username()+password) {
			return ruleURLUser.broken()
		}
	}
	return nil
}

// Secure reports whether the connection is to be TLS. Check must have passed.
func (o *Offer) Secure() bool { return o.URL.Scheme == "wss" || o.URL.Scheme == "https" }

// Addr is where to connect to, as host:port. "The port component is OPTIONAL;
// the default for "ws" is port 80, while the default for "wss" is port 443."
// RFC 6455 §3. Check must have passed.
func (o *Offer) Addr() string {
	host, port, _ := splitAuthority(hostOf(o.URL))
	if port == "" {
		port = defaultPort(o.scheme())
	}
	if zone := o.URL.Hostname(); strings.Contains(zone, "%") {
		host = "[" + zone + "]" // the zone is of this machine: for dialling, not for Host
	}
	return host + ":" + port
}

// scheme is that of HTTP below the WebSocket.
func (o *Offer) scheme() string {
	if o.Secure() {
		return "https"
	}
	return "http"
}

// AppendRequest appends the request for one handshake with a key of its own
// from [NewKey]. On an error, which is an *Error, dst is as it was.
func (o *Offer) AppendRequest(dst []byte, key string) ([]byte, error) {
	if err := o.check(); err != nil {
		return dst, err
	}
	if !validKey(key) {
		return dst, ruleOfferKey.got(key)
	}
	host, header := o.splitHeader()
	if len(host) == 0 {
		host = []string{o.host()}
	}
	dst = append(dst, "GET "...)
	dst = append(dst, resourceName(o.URL)...)
	dst = append(dst, " HTTP/1.1\r\n"...)
	dst = appendField(dst, "Host", host[0])
	dst = append(dst, "Upgrade: websocket\r\nConnection: Upgrade\r\n"...)
	dst = appendField(dst, "Sec-WebSocket-Key", key)
	dst = appendField(dst, "Sec-WebSocket-Version", version)
	if len(o.Subprotocols) > 0 {
		dst = appendField(dst, "Sec-WebSocket-Protocol", strings.Join(o.Subprotocols, ", "))
	}
	if _, set := header["Authorization"]; !set && o.URL.User != nil {
		dst = appendField(dst, "Authorization", basic(o.URL.User))
	}
	dst = appendFields(dst, header)
	return append(dst, "\r\n"...), nil
}

// host is what Host says: the port only "when not using the default port".
// RFC 6455 §4.1(4).
func (o *Offer) host() string {
	host, port, _ := splitAuthority(hostOf(o.URL))
	if port == "" || port == defaultPort(o.scheme()) {
		return host
	}
	return host + ":" + port
}

// splitHeader takes Host out of the header, and writes the other names in
// their canonical form so that each is there once.
func (o *Offer) splitHeader() (host []string, header http.Header) {
	header = make(http.Header, len(o.Header))
	for name, values := range o.Header {
		name = http.CanonicalHeaderKey(name)
		header[name] = append(header[name], values...)
	}
	host = header["Host"]
	delete(header, "Host")
	return host, header
}

// hostOf is the host and port of a URL as they go into Host: in ASCII, without
// the zone of an IPv6 address, and empty if that cannot be.
func hostOf(u *url.URL) string {
	host := u.Host
	if !isASCII(host) {
		name, err := idna.Lookup.ToASCII(u.Hostname())
		if err != nil {
			return ""
		}
		if host = name; u.Port() != "" {
			host += ":" + u.Port()
		}
	}
	if i, j := strings.IndexByte(host, '%'), strings.IndexByte(host, ']'); 0 < i && i < j {
		host = host[:i] + host[j:]
	}
	return host
}

// resourceName is the path, or a slash if there is none, and the query if there
// is one. RFC 6455 §3. Unlike a path, net/url does not escape a query.
func resourceName(u *url.URL) string {
	name := u.RequestURI()
	if isASCII(name) && !strings.Contains(name, " ") {
		return name
	}
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; c == ' ' || c >= 0x80 {
			const hex = "0123456789ABCDEF"
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// basic is the user's name and password for Authorization. RFC 7617 §2.
func basic(u *url.Userinfo) string {
	password, _ := u.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password))
}
