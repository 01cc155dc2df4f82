package conn_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
)

// A conversation is one line of testdata/conversations.txt.
type conversation struct{ id, frames, answers, end string }

func conversations(t *testing.T) (all []conversation) {
	f, err := os.Open("testdata/conversations.txt")
	require.NoError(t, err)
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if line := lines.Text(); !strings.HasPrefix(line, "#") {
			col := strings.Split(line, " | ")
			require.Len(t, col, 4, line)
			all = append(all, conversation{col[0], col[1], col[2], col[3]})
		}
	}
	require.Len(t, all, 247)
	return all
}

// How the octets of a conversation are cut must not matter.
var cuts = map[string]int{"whole": 1 << 30, "in ones": 1, "in 997s": 997}

func TestConversationsEndAsTheyShould(t *testing.T) {
	for _, role := range []conn.Role{conn.Server, conn.Client} {
		for name, cut := range cuts {
			for _, cv := range conversations(t) {
				if cut == 1 && strings.Contains(cv.frames, "262144") {
					continue // 7.1.6 has nothing to find in ones
				}
				t.Run(fmt.Sprintf("%v/%s/%s", role, name, cv.id), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { cv.play(t, role, cut) })
				})
			}
		}
	}
}

// play holds the conversation with an echo of the given role.
func (cv conversation) play(t *testing.T, role conn.Role, cut int) {
	c, p := against(t, role, nil)
	ended := async(func() error { return echo(c) })
	heard := make(chan string, 2000) // what the peer hears: messages, pongs, the Close frame
	go listen(p, heard)

	sent := &script{peer: p}
	got := cv.say(sent, cut, func() bool { return c.Err() != nil || len(heard) > 0 })
	if cv.end == "N" {
		p.flood(p.wire(frame.Close, true, closePayload(1000, "")), 1)
		synctest.Wait()
	}
	_ = p.nc.(interface{ CloseWrite() error }).CloseWrite()
	end := ""
	for h := range heard {
		if strings.HasPrefix(h, "close") {
			end = h
			break
		}
		got = append(got, h)
	}
	if cv.id == "7.1.6" { // which asks for nothing but order
		require.Len(t, got, 2)
		require.Equal(t, "close 1000", end)
		return
	}
	require.Equal(t, clipAll(cv.want(sent)), clipAll(got))
	switch cv.end {
	case "N", "N!":
		require.Contains(t, []string{"close 1000", "close"}, end)
	case "E":
		require.Equal(t, strings.Join(strings.Fields(cv.frames)[:2], " "), end)
	case "P", "I":
		require.Equal(t, "close 1002", end)
	case "U", "V":
		require.Equal(t, "close 1007", end)
	}
	require.Error(t, <-ended)
}

// say sends the frames. Those of 6.4 must be refused between two waits: it
// returns a mark for each wait before refused reports that.
func (cv conversation) say(sent *script, cut int, refused func() bool) (marks []string) {
	early := strings.HasPrefix(cv.id, "6.4")
	for _, step := range strings.Split(cv.frames, "; ") {
		if step != "wait" {
			sent.add(step)
			continue
		}
		sent.peer.flood(sent.take(), cut)
		time.Sleep(second)
		synctest.Wait()
		if early {
			if refused() {
				return marks
			}
			marks = append(marks, string(rune('A'+len(marks))))
		}
	}
	sent.peer.flood(sent.take(), cut)
	synctest.Wait()
	return marks
}

// want spells out the answers.
func (cv conversation) want(sent *script) (want []string) {
	for _, a := range strings.Fields(cv.answers) {
		switch {
		case a == "echo":
			want = append(want, sent.message)
		case strings.HasPrefix(a, "pong"):
			n, _ := strconv.Atoi(a[4:])
			want = append(want, "pong "+sent.pings[n-1])
		case a != "nothing":
			want = append(want, a)
		}
	}
	return want
}

// listen reports what the peer hears, until the connection ends.
func listen(p *peer, heard chan<- string) {
	defer close(heard)
	for {
		h, payload, err := readFrame(p.nc)
		if err != nil {
			return
		}
		switch h.Opcode {
		case frame.Close:
			if len(payload) < 2 {
				heard <- "close"
				continue
			}
			heard <- fmt.Sprintf("close %d", int(payload[0])<<8|int(payload[1]))
		default:
			heard <- strings.ToLower(h.Opcode.String()) + " " + payload
		}
	}
}

// flood sends b in pieces, as far as the other end takes them.
func (p *peer) flood(b []byte, cut int) {
	for len(b) > 0 {
		n := min(cut, len(b))
		if _, err := p.nc.Write(b[:n]); err != nil {
			return
		}
		b = b[n:]
		if cut == 1 && len(b) < 200 {
			synctest.Wait() // the receiver sees each octet alone
		}
	}
}

// script collects the octets of a conversation, and what they say.
type script struct {
	peer    *peer
	wire    []byte
	message string   // the first whole message: "text ..." or "binary ..."
	pings   []string // payloads
	open    string   // a message so far
	pos     int      // within a payload that is sent in parts
}

func (s *script) take() []byte {
	b := s.wire
	s.wire = nil
	return b
}

var opcodes = map[string]frame.Opcode{
	"text": frame.Text, "bin": frame.Binary, "cont": frame.Continuation,
	"ping": frame.Ping, "pong": frame.Pong, "close": frame.Close,
}

// add draws what a step says, in the notation of the file.
func (s *script) add(step string) {
	word, rest, _ := strings.Cut(step, " ")
	switch word {
	case "ones":
		p := payloadOf(rest)
		for i := range len(p) {
			op := frame.Continuation
			if i == 0 {
				op = frame.Text
			}
			s.frame(op, 0, false, p[i:i+1])
		}
		s.frame(frame.Continuation, 0, true, "")
		return
	case "frags":
		col := strings.Fields(rest)
		n, _ := strconv.Atoi(col[0])
		p, op := payloadOf(col[2]), opcodes[col[1]]
		for ; len(p) > n; p = p[n:] {
			s.frame(op, 0, false, p[:n])
			op = frame.Continuation
		}
		s.frame(op, 0, true, p)
		return
	case "head": // a header alone, its payload follows in parts
		b := s.peer.wire(frame.Text, false, strings.Repeat("\x00", 21))
		s.wire, s.pos = append(s.wire, b[:len(b)-21]...), 0
		return
	case "part":
		b := []byte(payloadOf(rest))
		if s.peer.masked {
			s.pos = frame.Mask(b, key, s.pos)
		}
		s.wire = append(s.wire, b...)
		return
	}
	s.addFrame(word, rest)
}

func (s *script) addFrame(word, rest string) {
	rsv := uint8(0)
	if word[0] == 'r' {
		rsv, word = word[1]-'0', word[3:]
	}
	name := strings.TrimSuffix(word, "-")
	op, ok := opcodes[name]
	if !ok {
		n, _ := strconv.Atoi(strings.TrimPrefix(name, "op"))
		op = frame.Opcode(n)
	}
	payload := payloadOf(rest)
	if op == frame.Close && rest != "" && rest[0] != 'x' {
		code, reason, _ := strings.Cut(rest, " ")
		n, _ := strconv.Atoi(code)
		payload = closePayload(frame.Code(n), payloadOf(reason))
	}
	s.frame(op, rsv, name == word, payload)
}

func (s *script) frame(op frame.Opcode, rsv uint8, fin bool, payload string) {
	h := frame.Header{Fin: fin, RSV: rsv, Opcode: op, Length: int64(len(payload))}
	if s.peer.masked {
		h.Masked, h.Key = true, key
	}
	s.wire = append(s.wire, wireOf(h, payload)...)
	switch {
	case op == frame.Ping:
		s.pings = append(s.pings, payload)
	case op == frame.Text || op == frame.Binary:
		s.open = strings.ToLower(op.String()) + " " + payload
	case op == frame.Continuation:
		s.open += payload
	}
	if !op.IsControl() && fin && s.message == "" {
		s.message = s.open
	}
}

// payloadOf reads "ascii", xHEX, N×HH, N~"pattern" and N~xHEX.
func payloadOf(s string) string {
	if n, unit, ok := strings.Cut(s, "×"); ok {
		count, _ := strconv.Atoi(n)
		return strings.Repeat(payloadOf("x"+unit), count)
	}
	if n, unit, ok := strings.Cut(s, "~"); ok {
		count, _ := strconv.Atoi(n)
		return string(bytes.Repeat([]byte(payloadOf(unit)), count)[:count])
	}
	if strings.HasPrefix(s, "x") {
		b, err := hex.DecodeString(s[1:])
		if err != nil {
			panic(err)
		}
		return string(b)
	}
	return strings.Trim(s, `"`)
}

func clipAll(all []string) (short []string) {
	for _, s := range all {
		if len(s) > 1000 {
			s = fmt.Sprintf("%s… (%d)", s[:80], len(s))
		}
		short = append(short, s)
	}
	return short
}
