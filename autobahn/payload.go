package autobahn

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// A payload is a pattern, repeated and cut at n octets. Cases keep patterns
// and not octets: together they would be 150 MiB.
type payload struct {
	unit []byte
	n    int
}

// octets makes the payload. The caller owns it.
func (p payload) octets() []byte {
	b := make([]byte, p.n)
	for i := 0; i < p.n && len(p.unit) > 0; {
		i += copy(b[i:], p.unit)
	}
	return b
}

// parsePayload reads a payload in the notation of the cases: nothing, "ascii",
// xHEX, 125×2a, or 65536~"pattern".
func parsePayload(s string) (payload, error) {
	if s == "" {
		return payload{}, nil
	}
	if count, octet, ok := strings.Cut(s, "×"); ok {
		return repeated(count, "x"+octet)
	}
	if count, pattern, ok := strings.Cut(s, "~"); ok && s[0] != '"' {
		return repeated(count, pattern)
	}
	b, err := parseLiteral(s)
	return payload{b, len(b)}, err
}

func repeated(count, pattern string) (payload, error) {
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 {
		return payload{}, fmt.Errorf("%q is no number of octets", count)
	}
	unit, err := parseLiteral(pattern)
	if err == nil && len(unit) == 0 {
		err = fmt.Errorf("an empty pattern")
	}
	return payload{unit, n}, err
}

// parseLiteral reads "ascii" or xHEX.
func parseLiteral(s string) ([]byte, error) {
	if digits, ok := strings.CutPrefix(s, "x"); ok {
		return hex.DecodeString(digits)
	}
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return []byte(s[1 : len(s)-1]), nil
	}
	return nil, fmt.Errorf("%q is no payload", s)
}

// parseClose reads what stands behind the word close: nothing, a payload as
// it is, or a code and a reason.
func parseClose(s string) (payload, error) {
	word, reason, _ := strings.Cut(s, " ")
	code, err := strconv.ParseUint(word, 10, 16)
	if err != nil {
		return parsePayload(s)
	}
	p, err := parsePayload(reason)
	b := append(binary.BigEndian.AppendUint16(nil, uint16(code)), p.octets()...)
	return payload{b, len(b)}, err
}
