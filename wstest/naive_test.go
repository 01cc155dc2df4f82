package wstest

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bellwire/bellwire/frame"
)

// naive is an echo server that keeps every rule in the simplest way, but one:
// the one that its fault names.
type naive struct{ fault string }

// dial connects to the server, which serves on a goroutine until the
// connection ends.
func (s naive) dial(context.Context) (net.Conn, error) {
	a, b := NetPipe()
	go func() {
		defer b.Close()
		r := bufio.NewReader(b)
		if head, status := s.open(r); status != 101 {
			fmt.Fprintf(b, "%s %d No\r\n%s\r\n", s.proto(), status, head)
		} else {
			fmt.Fprintf(b, "%s 101 Yes\r\n%s\r\n", s.proto(), head)
			s.serve(b, r)
		}
	}()
	return a, nil
}

func (s naive) proto() string {
	switch s.fault {
	case "another HTTP":
		return "HTTP/1.0"
	case "another protocol":
		return "SIP/2.0"
	}
	return "HTTP/1.1"
}

var extensionList = regexp.MustCompile(`^\s*(,\s*)*([\w-]+\s*(;\s*[\w-]+(=([\w-]+|"[\w-]+"))?\s*)*(,\s*|$)+)*$`)

// open reads a request and returns the fields of the answer and its status.
func (s naive) open(r *bufio.Reader) (fields string, status int) {
	in := textproto.NewReader(r)
	line, _ := in.ReadLine()
	h, err := in.ReadMIMEHeader()
	switch {
	case s.fault == "no handshake":
		return "", 404
	case err != nil:
		return "", 400
	}
	key := h["Sec-Websocket-Key"]
	origin := h["Origin"]
	switch {
	case !strings.HasPrefix(line, "GET "):
		if s.fault == "no Allow" {
			return "", 405
		}
		return "Allow: GET\r\n", 405
	case !strings.HasSuffix(line, " HTTP/1.1") && s.fault != "any HTTP":
		return "", 505
	case len(h["Host"]) != 1 && s.fault != "any host":
		return "", 400
	case (h.Get("Content-Length") != "" || h.Get("Transfer-Encoding") != "") && s.fault != "takes a body":
		return "", 400
	case !s.lists(h["Upgrade"], "websocket") || !s.lists(h["Connection"], "Upgrade"):
		return "", 400
	case (len(key) != 1 || len(decoded(key[0])) != 16) && s.fault != "any key":
		return "", 400
	case !slices.Equal(h["Sec-Websocket-Version"], []string{"13"}) && s.fault != "any version":
		switch s.fault {
		case "no version told":
			return "Upgrade: websocket\r\nConnection: Upgrade\r\n", 426
		case "bare 426":
			return "Sec-WebSocket-Version: 13\r\n", 426
		}
		return "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n", 426
	case len(origin) > 0 && !slices.Equal(origin, []string{"http://" + h.Get("Host")}) && s.fault != "any origin":
		return "", 403
	case !extensionList.MatchString(strings.Join(h["Sec-Websocket-Extensions"], ", ")) && s.fault != "any extension":
		return "", 400
	}
	sum := sha1.Sum([]byte(h.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fields = "Upgrade: websocket\r\nSec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n"
	if s.fault != "no Connection" {
		fields += "Connection: keep-alive, upgrade\r\n"
	}
	if list := h.Get("Sec-Websocket-Protocol"); list != "" && s.fault == "list of subprotocols" {
		fields += "Sec-WebSocket-Protocol: " + list + "\r\n"
	}
	if s.fault == "loses early frames" {
		r.Discard(r.Buffered())
	}
	return fields + answerFaults[s.fault], 101
}

func (s naive) lists(lines []string, token string) bool {
	switch {
	case s.fault == "first line only" && len(lines) > 0:
		lines = lines[:1]
	case s.fault == "tokens by substring":
		return strings.Contains(strings.ToLower(strings.Join(lines, ",")), strings.ToLower(token))
	}
	return slices.ContainsFunc(strings.Split(strings.Join(lines, ","), ","), func(item string) bool {
		item = strings.TrimSpace(item)
		return item == token || s.fault != "tokens by case" && strings.EqualFold(item, token)
	})
}

// answerFaults are fields that do not belong into a response.
var answerFaults = map[string]string{
	"second accept":         "Sec-WebSocket-Accept: x\r\n",
	"unasked extension":     "Sec-WebSocket-Extensions: permessage-deflate\r\n",
	"unasked subprotocol":   "Sec-WebSocket-Protocol: x\r\n",
	"length of nothing":     "Content-Length: 0\r\n",
	"second Upgrade":        "Upgrade: other\r\n",
	"second subprotocol":    "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n",
	"line without a colon":  "what\r\n",
	"a hundred lines":       strings.Repeat("X: x\r\n", 100),
	"a line without an end": strings.Repeat("x", 10_000),
}

func decoded(key string) []byte {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(key))
	if err != nil {
		return nil
	}
	return b
}

// A verdict is the code to close with.
type verdict frame.Code

func (v verdict) Error() string { return frame.Code(v).Error() }

// serve echoes until a Close frame comes or a rule is broken.
func (s naive) serve(nc net.Conn, r *bufio.Reader) {
	c := &naiveConn{naive: s, nc: nc, r: r}
	for {
		err := c.step()
		var v verdict
		if !errors.As(err, &v) {
			if err != nil {
				return
			}
			continue
		}
		switch {
		case s.fault == "hangs up without a word":
			return
		case s.fault == "wrong close code" && v == 1002:
			v = 1011
		}
		c.send(frame.Close, closePayload(frame.Code(v), ""))
		switch s.fault {
		case "goes on behind the end":
			continue
		case "speaks behind the end":
			c.send(frame.Pong, "late")
		case "does not hang up":
			io.Copy(io.Discard, nc)
		}
		return
	}
}

type naiveConn struct {
	naive
	nc      net.Conn
	r       *bufio.Reader
	message *raw   // begun and not ended
	char    []byte // begun and not ended
}

func (c *naiveConn) send(op frame.Opcode, payload string) error {
	f := newRaw(c.fault == "masks", op, payload)
	switch {
	case c.fault == "sets a bit":
		f.rsv = 1
	case c.fault == "long lengths":
		f.form = 8
	case c.fault == "fragments badly" && op == frame.Text && len(payload) > 1:
		// Both as if they began a message.
		b := newRaw(false, op, payload[:1]).part().append(nil)
		f = newRaw(false, op, payload[1:])
		c.nc.Write(b)
	case c.fault == "fragments" && op < 8 && len(payload) > 1:
		// Not a fault: with a ping and a pong in between.
		b := newRaw(false, op, payload[:1]).part().append(nil)
		b = newRaw(false, frame.Ping, "own").append(b)
		c.nc.Write(b)
		f = newRaw(false, frame.Continuation, payload[1:])
	}
	_, err := c.nc.Write(f.append(nil))
	return err
}

// step reads a frame, and judges its payload as it comes.
func (c *naiveConn) step() error {
	f, err := c.header()
	if err != nil {
		return err
	}
	textual := f.op == frame.Text || f.op == 0 && c.message != nil && c.message.op == frame.Text
	for n := uint64(0); n < f.length; n = uint64(len(f.payload)) {
		if _, err := c.r.Peek(1); err != nil {
			return err
		}
		b, _ := c.r.Peek(int(min(uint64(c.r.Buffered()), f.length-n)))
		for i := range b {
			b[i] ^= f.key[(n+uint64(i))%4]
		}
		f.payload = append(f.payload, b...)
		c.r.Discard(len(b))
		if textual && c.fault != "late UTF-8" && !c.takes(f.payload[n:]) {
			return verdict(1007)
		}
	}
	if f.op.IsControl() {
		return c.control(f)
	}
	if c.message == nil {
		c.message = &f
	} else {
		c.message.payload = append(c.message.payload, f.payload...)
	}
	if !f.fin {
		return nil
	}
	m := c.message
	c.message = nil
	if textual && !utf8.Valid(m.payload) && c.fault != "any text" {
		return verdict(1007)
	}
	switch {
	case c.fault == "drops empty messages" && len(m.payload) == 0:
		return nil
	case c.fault == "one type":
		m.op = frame.Text
	case c.fault == "cuts at 64 KiB":
		m.payload = m.payload[:min(len(m.payload), 65535)]
	}
	return c.send(m.op, string(m.payload))
}

// takes reports whether text may go on with b.
func (c *naiveConn) takes(b []byte) bool {
	c.char = append(c.char, b...)
	for len(c.char) > 0 && utf8.FullRune(c.char) {
		r, n := utf8.DecodeRune(c.char)
		if r == utf8.RuneError && n == 1 && c.fault != "any text" {
			return false
		}
		c.char = c.char[n:]
	}
	return true
}

// header reads a header and judges it.
func (c *naiveConn) header() (raw, error) {
	b, err := c.r.Peek(2)
	if err != nil {
		return raw{}, err
	}
	n := 2 + map[byte]int{126: 2, 127: 8}[b[1]&0x7f] + int(b[1]>>7)*4
	if b, err = c.r.Peek(n); err != nil {
		return raw{}, err
	}
	c.r.Discard(n)
	f := raw{fin: b[0]>>7 == 1, rsv: b[0] >> 4 & 7, op: frame.Opcode(b[0] & 15), masked: b[1]>>7 == 1}
	f.form = n - 2 - int(b[1]>>7)*4
	for _, o := range b[2 : 2+f.form] {
		f.length = f.length<<8 | uint64(o)
	}
	if f.form == 0 {
		f.length = uint64(b[1] & 0x7f)
	}
	copy(f.key[:], b[2+f.form:])
	rule := func(broken bool, tolerant string) bool { return broken && c.fault != tolerant }
	switch {
	case rule(!f.masked, "no mask check"),
		rule(f.rsv != 0, "any bit"),
		f.op.IsReserved() && c.fault != "any opcode",
		rule(f.form != shortest(f.length), "any form of a length"),
		rule(f.op.IsControl() && !f.fin, "fragmented control"),
		rule(f.op.IsControl() && f.length > 125, "long control"),
		rule(f.op == 0 && c.message == nil, "continuation of nothing"),
		rule((f.op == 1 || f.op == 2) && c.message != nil, "messages inside messages"),
		f.length>>63 != 0:
		return f, verdict(1002)
	case f.length > 1<<20:
		if c.fault == "no limit" {
			return f, io.EOF
		}
		return f, verdict(1009)
	}
	return f, nil
}

func (c *naiveConn) control(f raw) error {
	switch {
	case f.op == frame.Ping && c.fault == "no pongs inside messages" && c.message != nil:
		return nil
	case f.op == frame.Ping && c.fault == "one pong":
		return c.send(frame.Pong, "")
	case f.op == frame.Ping:
		return c.send(frame.Pong, string(f.payload))
	case f.op == frame.Pong && c.fault == "answers pongs":
		return c.send(frame.Pong, "")
	case f.op != frame.Close:
		return nil
	case len(f.payload) == 0:
		return verdict(frame.NoStatus)
	case len(f.payload) == 1:
		return verdict(1002)
	}
	code, ok := frame.Code(f.payload[0])<<8|frame.Code(f.payload[1]), false
	for _, known := range closeCodes {
		ok = ok || known.code == code && known.good
	}
	switch {
	case c.fault == "always 1000":
		return verdict(1000)
	case !ok && c.fault != "any close code":
		return verdict(1002)
	case !utf8.Valid(f.payload[2:]) && c.fault != "any reason":
		return verdict(1007)
	}
	return verdict(code)
}
