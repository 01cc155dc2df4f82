package autobahn

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// heard writes down what a receiver understands.
type heard struct{ lines []string }

func (h *heard) frame(header, []byte) {}
func (h *heard) message(binary bool, octets []byte) {
	h.lines = append(h.lines, fmt.Sprintf("%v %q", map[bool]string{true: "bin", false: "text"}[binary], octets))
}
func (h *heard) ping(p []byte)   { h.lines = append(h.lines, fmt.Sprintf("ping %q", p)) }
func (h *heard) pong(p []byte)   { h.lines = append(h.lines, fmt.Sprintf("pong %q", p)) }
func (h *heard) closed(p []byte) { h.lines = append(h.lines, fmt.Sprintf("close %x", p)) }
func (h *heard) violation(code int, _ string) {
	h.lines = append(h.lines, fmt.Sprintf("fail %d", code))
}

func always() bool { return true }

func TestTheReceiverForgivesNothingAndGoesOn(t *testing.T) {
	for _, row := range []struct{ wire, want string }{
		{"8100 8200 8900 8a00 8800", `text ""; bin ""; ping ""; pong ""; close `},
		{"0101c3 8900 8001a4", `ping ""; text "ä"`},
		{"c101 61 8900", `fail 1002; ping ""`},              // RSV1, and nothing was negotiated
		{"a100 9100 8900", `fail 1002; fail 1002; ping ""`}, // RSV2, RSV3
		{"8300 8b00 8900", `fail 1002; fail 1002; ping ""`}, // reserved opcodes
		{"0900 0800 8900", `fail 1002; fail 1002; ping ""`}, // fragmented control frames
		{"897e007e" + strings.Repeat("61", 126) + "8900", `fail 1002; ping ""`},
		{"8181000000004a 8900", `fail 1002; ping ""`}, // masked
		{"827e0001aa 827f0000000000000001aa 827f000000000000ffff", `fail 1002; fail 1002; fail 1002`},
		{"82ff800000000000000000000000", `fail 1002`}, // masked, and too long: one reason is enough
		{"827f8000000000000000 8900", `fail 1002`},
		{"8000 8900", `fail 1002; ping ""`},      // a continuation of nothing
		{"0100 8100 8000", `fail 1002; text ""`}, // a message inside another
		{"8101ff 8900", `fail 1007; ping ""`},
		{"8101c3 8900", `fail 1007; ping ""`},        // ends inside a character
		{"0101ff 800161 8900", `fail 1007; ping ""`}, // the rest is skipped
		{"8202c3ff", `bin "\xc3\xff"`},
	} {
		wire, err := hex.DecodeString(strings.ReplaceAll(row.wire, " ", ""))
		require.NoError(t, err)
		for size := range len(wire) + 1 { // how it is cut makes no difference
			var h heard
			r := receiver{to: &h}
			for rest := wire; len(rest) > 0; {
				n := min(max(size, 1), len(rest))
				r.feed(rest[:n], always)
				rest = rest[n:]
			}
			require.Equal(t, row.want, strings.Join(h.lines, "; "), "%s in pieces of %d", row.wire, size)
		}
	}
}

func TestTheReceiverWantsMasksOfClients(t *testing.T) {
	var h heard
	r := receiver{masked: true, to: &h}
	r.feed([]byte("\x81\x01a\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), always)
	require.Equal(t, []string{"fail 1002", `text "Hello"`}, h.lines)
}

func TestTheReceiverTakesRSV1WhereItWasNegotiated(t *testing.T) {
	var h heard
	r := receiver{to: &h, inflate: newInflate(direction{bits: 15})}
	hello := "\xf2\x48\xcd\xc9\xc9\x07\x00" // RFC 7692 §7.2.3.1
	r.feed([]byte("\xc1\x07"+hello), always)
	r.feed([]byte("\x41\x03"+hello[:3]+"\x80\x04"+hello[3:]), always)
	r.feed([]byte("\x81\x05plain"), always)
	r.feed([]byte("\x41\x00\xc0\x00"), always)                // not on a continuation
	r.feed([]byte("\xc9\x00\x80\x01\x00"), always)            // nor on a ping
	r.feed([]byte("\xc2\x02\xff\xff"), always)                // this is no deflate
	r.feed([]byte("\xc1\x04\x00\x01\x00\xfe"+"\xff"), always) // the beginning of a frame is left
	require.Equal(t, []string{
		`text "Hello"`, `text "Hello"`, `text "plain"`, "fail 1002", "fail 1002", `text ""`, "fail 1007",
	}, h.lines[:7])
}

func TestCloseCodesThatMayBeSent(t *testing.T) {
	good := map[int]bool{}
	for code := range 1 << 16 {
		got, wrong, _ := readClose(closePayload(code, "why"))
		require.Equal(t, code, *got)
		if wrong == 0 {
			good[code] = true
		}
	}
	for code := range 1 << 16 {
		want := code >= 1000 && code <= 1003 || code >= 1007 && code <= 1011 || code >= 3000 && code <= 4999
		require.Equal(t, want, good[code], "%d", code)
	}
	_, wrong, _ := readClose([]byte("\x03\xe8\xff"))
	require.Equal(t, 1007, wrong)
	_, wrong, _ = readClose([]byte("\x03"))
	require.Equal(t, 1002, wrong)
	code, wrong, _ := readClose(nil)
	require.Nil(t, code)
	require.Zero(t, wrong)
}

func TestTextIsCheckedAsEarlyAsItCanBe(t *testing.T) {
	for text, n := range map[string]int{ // octets up to and including the first that cannot be
		"a\xff": 2, "\xc0\xaf": 1, "\xed\xa0\x80": 2, "\xf4\x90\x80\x80": 2, "\xf5": 1, "\xe0\x80": 2, "\xce\xba\xe1\xbd\xb9\x80": 6,
	} {
		var c textCheck
		for i := range len(text) {
			ok := c.write([]byte{text[i]})
			require.Equal(t, i+1 < n, ok, "%q, octet %d", text, i+1)
			if !ok {
				break
			}
		}
	}
}
