package autobahn

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	openWait = 5 * time.Second // for the whole opening handshake
	maxHead  = 64 << 10
)

// readHead reads up to the empty line. rest is what came behind it.
func readHead(nc net.Conn) (head, rest []byte, err error) {
	var b []byte
	piece := make([]byte, 4096)
	for {
		n, err := nc.Read(piece)
		b = append(b, piece[:n]...)
		if i := bytes.Index(b, []byte("\r\n\r\n")); i >= 0 {
			return b[:i+4], b[i+4:], nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("no HTTP head: %w", err)
		}
		if len(b) > maxHead {
			return nil, nil, errors.New("the HTTP head does not end")
		}
	}
}

// acceptOf is the Sec-WebSocket-Accept that belongs to a key.
func acceptOf(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// hasToken reports whether a header of comma-separated words has a word.
func hasToken(h http.Header, name, token string) bool {
	for _, line := range h.Values(name) {
		for word := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(word), token) {
				return true
			}
		}
	}
	return false
}

// knock is the client's opening handshake. offers are of permessage-deflate.
// The deal is what was agreed of it; nil: nothing.
func knock(nc net.Conn, u *url.URL, offers []offer) (resp *http.Response, d *deal, early []byte, err error) {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // never fails
	key := base64.StdEncoding.EncodeToString(raw)
	var b strings.Builder
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bellwire-autobahn\r\n", u.RequestURI(), u.Host)
	fmt.Fprintf(&b, "Upgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n", key)
	if len(offers) > 0 {
		var list []string
		for _, o := range offers {
			list = append(list, o.header())
		}
		fmt.Fprintf(&b, "Sec-WebSocket-Extensions: %s\r\n", strings.Join(list, ", "))
	}
	b.WriteString("\r\n")

	_ = nc.SetDeadline(time.Now().Add(openWait))
	defer func() { _ = nc.SetDeadline(time.Time{}) }()
	if _, err := nc.Write([]byte(b.String())); err != nil {
		return nil, nil, nil, err
	}
	head, early, err := readHead(nc)
	if err != nil {
		return nil, nil, nil, err
	}
	resp, err = http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), nil)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := verify(resp, key); err != nil {
		return resp, nil, nil, err
	}
	d, err = readAnswer(resp.Header.Values("Sec-WebSocket-Extensions"), len(offers) > 0)
	return resp, d, early, err
}

// verify holds a server's answer against RFC 6455 §4.1. Extensions are looked
// at elsewhere.
func verify(resp *http.Response, key string) error {
	h := resp.Header
	accept := h.Values("Sec-WebSocket-Accept")
	switch {
	case resp.Proto != "HTTP/1.1" || resp.StatusCode != http.StatusSwitchingProtocols:
		return fmt.Errorf("the answer is %s %s, not HTTP/1.1 101", resp.Proto, resp.Status)
	case !strings.EqualFold(h.Get("Upgrade"), "websocket"):
		return fmt.Errorf("the field Upgrade is %q", h.Get("Upgrade"))
	case !hasToken(h, "Connection", "upgrade"):
		return fmt.Errorf("the field Connection is %q", h.Get("Connection"))
	case len(accept) != 1 || strings.TrimSpace(accept[0]) != acceptOf(key):
		return fmt.Errorf("Sec-WebSocket-Accept is %q", accept)
	case len(h.Values("Sec-WebSocket-Protocol")) > 0:
		return errors.New("a subprotocol was chosen that nobody has offered")
	}
	return nil
}

// readRequest reads a client's request. early is what came behind it.
func readRequest(nc net.Conn) (r *http.Request, early []byte, err error) {
	_ = nc.SetDeadline(time.Now().Add(openWait))
	defer func() { _ = nc.SetDeadline(time.Time{}) }()
	head, early, err := readHead(nc)
	if err != nil {
		return nil, nil, err
	}
	r, err = http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
	return r, early, err
}

// checkRequest holds a client's request against RFC 6455 §4.2.1.
func checkRequest(r *http.Request) error {
	key, err := base64.StdEncoding.DecodeString(r.Header.Get("Sec-WebSocket-Key"))
	switch {
	case r.Method != http.MethodGet || !r.ProtoAtLeast(1, 1):
		return fmt.Errorf("the request is %s %s, not GET HTTP/1.1", r.Method, r.Proto)
	case r.Host == "":
		return errors.New("no Host")
	case !hasToken(r.Header, "Upgrade", "websocket"):
		return fmt.Errorf("the field Upgrade is %q", r.Header.Get("Upgrade"))
	case !hasToken(r.Header, "Connection", "upgrade"):
		return fmt.Errorf("the field Connection is %q", r.Header.Get("Connection"))
	case err != nil || len(key) != 16 || len(r.Header.Values("Sec-WebSocket-Key")) != 1:
		return fmt.Errorf("Sec-WebSocket-Key is %q", r.Header.Values("Sec-WebSocket-Key"))
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		return fmt.Errorf("Sec-WebSocket-Version is %q", r.Header.Get("Sec-WebSocket-Version"))
	}
	return nil
}

// answer makes the head that accepts a request.
func answer(r *http.Request, d *deal) []byte {
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 101 Switching Protocols\r\nServer: bellwire-autobahn\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n")
	fmt.Fprintf(&b, "Sec-WebSocket-Accept: %s\r\n", acceptOf(r.Header.Get("Sec-WebSocket-Key")))
	if d != nil {
		fmt.Fprintf(&b, "Sec-WebSocket-Extensions: %s\r\n", d.header)
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// refuse answers a request that is none of the tester's.
func refuse(nc net.Conn, status int, why string) {
	_ = nc.SetWriteDeadline(time.Now().Add(openWait))
	_, _ = fmt.Fprintf(nc, "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s\n",
		status, http.StatusText(status), len(why)+1, why)
	_ = nc.Close()
}
