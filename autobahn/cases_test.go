package autobahn

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestThereAreAsManyCasesAsThereShouldBe(t *testing.T) {
	sections := map[string]int{}
	var last string
	for _, c := range Cases() {
		section, _, _ := strings.Cut(c.ID, ".")
		sections[section]++
		require.Negative(t, compareIDs(last, c.ID), "%s comes behind %s", c.ID, last)
		require.NotEmpty(t, c.Title, c.ID)
		require.NotEmpty(t, c.Expectation(), c.ID)
		require.Contains(t, c.Description(), "Sent: ", c.ID)
		last = c.ID
	}
	require.Equal(t, map[string]int{
		"1": 16, "2": 11, "3": 7, "4": 10, "5": 20, "6": 145, "7": 37, "9": 54, "10": 1, "12": 90, "13": 126,
	}, sections)
}

// The cases that ask for an echo and those that ask for a failure agree with
// what text is.
func TestBadTextIsBadAndGoodTextIsGood(t *testing.T) {
	for _, c := range Cases() {
		if !strings.HasPrefix(c.ID, "6.") || strings.HasPrefix(c.ID, "6.4.") {
			continue
		}
		var text []byte
		for _, st := range c.script.steps {
			text = append(text, st.body.octets()...)
		}
		require.Equal(t, utf8.Valid(text), c.rule.name == "N", c.ID)
		require.Equal(t, utf8.Valid(text), len(c.expect.outcomes[0].words) == 1, c.ID)
	}
}

func TestTimersAreAsLongAsTheyShouldBe(t *testing.T) {
	for id, want := range map[string]runTimer{
		"1.1.1": {true, time.Second}, "1.1.6": {true, 10 * time.Second}, "2.10": {false, 3 * time.Second},
		"5.19": {false, 2 * time.Second}, "6.4.1": {true, 3 * time.Second}, "6.5.1": {true, 500 * time.Millisecond},
		"9.5.1": {false, 1000 * time.Second}, "12.1.4": {false, 240 * time.Second},
	} {
		cases, err := Select(id, "")
		require.NoError(t, err)
		require.Equal(t, want, cases[0].script.timer, id)
	}
}

func TestCasesAreSelectedByPatterns(t *testing.T) {
	ids := func(include, exclude string) string {
		cases, err := Select(include, exclude)
		if err != nil {
			return err.Error()
		}
		var list []string
		for _, c := range cases {
			list = append(list, c.ID)
		}
		return strings.Join(list, " ")
	}
	require.Equal(t, "2.9 2.10 2.11 5.1", ids("2.9,2.1?, 5.1", ""))
	require.Equal(t, "7.13.1 7.13.2", ids("7.1*", "7.1.*"))
	require.Equal(t, 517, len(strings.Fields(ids("", ""))))
	require.Equal(t, 301, len(strings.Fields(ids("*", "12.*,13.*"))))
	require.Contains(t, ids("8.*", ""), "no case is called")
	require.Contains(t, ids("1.*", "x"), "no case is called")
	require.Contains(t, ids("[", ""), "no pattern")
	require.Contains(t, ids("1.*", "1.*"), "leaves no case")
}

// drawn are the frames of a script, as octets.
func drawn(t *testing.T, script string) []string {
	t.Helper()
	steps, _, err := parseScript(script)
	require.NoError(t, err)
	var list []string
	for _, st := range steps {
		f := st.frame
		f.payload = st.body.octets()
		for _, piece := range f.cut(st.fragment) {
			list = append(list, hex.EncodeToString(piece.encode(nil)))
		}
	}
	return list
}

func TestScriptsBecomeFrames(t *testing.T) {
	for script, want := range map[string]string{
		`text`:                                "8100",
		`text "ab"; bin- xff; cont`:           "81026162 0201ff 8000",
		`r5:bin 3×fe; op11; r7:close`:         "d203fefefe 8b00 f800",
		`close; close 1000; close 5 "a"`:      "8800 880203e8 8803000561",
		`close x61; ping 5~"ab"; pong- x0102`: "880161 89056162616261 0a020102",
		`ones "abc"`:                          "010161 000162 000163 8000",
		`frags 2 bin "abc"`:                   "02026162 800163",
		`frags 3 bin "abc"`:                   "8203616263",
		`frags 2 text "abcd"`:                 "01026162 00026364 8000",
	} {
		require.Equal(t, strings.Fields(want), drawn(t, script), script)
	}
	require.Equal(t, "817e0080", drawn(t, "text 128×2a")[0][:8])
	require.Equal(t, "827f0000000000010000", drawn(t, "bin 65536×2a")[0][:20])
	f := frame{fin: true, opcode: opText, payload: []byte("Hello")}
	require.Equal(t, "818537fa213d7f9f4d5158", hex.EncodeToString(f.encode(&[4]byte{0x37, 0xfa, 0x21, 0x3d}))) // RFC 6455 §5.7
}

func TestMistakesInTheFilesAreFound(t *testing.T) {
	const good = `1.1 | text "a" | join | K1 | echo | | N`
	_, err := parseCases(good)
	require.NoError(t, err)
	for _, change := range [][2]string{
		{"text", "test"}, {"text", "op16"}, {"text", "op"}, {"text", "r8:text"}, {`"a"`, "a"}, {`"a"`, "xf"}, {`"a"`, "x×2a"}, {`"a"`, `3~""`},
		{"join", "merge"}, {"join", "chop x"}, {"K1", "1"}, {"K1", "K"}, {"K1", ""}, {"echo", "pong1"}, {"N", "Q"}, {"| |", "|"},
		{`text "a"`, "repeat x text"}, {`text "a"`, "frags x text"}, {`text "a"`, "wait long"}, {`text "a"`, "head text x"}, {`text "a"`, "ping"},
		{`text "a"`, "close 1000 x"},
	} {
		line := strings.Replace(good, change[0], change[1], 1)
		_, err := parseCases(line)
		require.Error(t, err, line)
	}
	const matrix = "= 12.1 | json | plain | nct bits 9\n+ 1 | 16 | 60 | 0\n"
	_, err = parseMatrix(matrix)
	require.NoError(t, err)
	for _, change := range [][2]string{
		{"json", "xml"}, {"plain", "complicated"}, {"bits 9", "bits 16"}, {"bits 9", "bits"}, {"16", "x"}, {"| 0", ""},
	} {
		_, err := parseMatrix(strings.Replace(matrix, change[0], change[1], 1))
		require.Error(t, err, fmt.Sprint(change))
	}
}
