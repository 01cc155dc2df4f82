package main

import (
	"flag"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestHelpSaysWhatThereIs(t *testing.T) {
	for name, args := range map[string][]string{
		"help.txt":         {"help"},
		"help_connect.txt": {"help", "connect"},
		"help_serve.txt":   {"help", "serve"},
		"help_version.txt": {"help", "version"},
	} {
		got := bellwire(t, "", args...)
		require.Zero(t, got.code, name)
		require.Empty(t, got.err, name)
		file := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(got.out), 0o644))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, string(want), got.out, name)
	}
}

func TestEveryWayToAskForHelpGivesTheSame(t *testing.T) {
	want := bellwire(t, "", "help")
	for _, arg := range []string{"-h", "-help", "--help"} {
		require.Equal(t, want, bellwire(t, "", arg), arg)
	}
	want = bellwire(t, "", "help", "connect")
	require.Equal(t, want, bellwire(t, "", "connect", "-h"))
	require.Equal(t, want, bellwire(t, "", "connect", "ws://localhost", "--help"))
}

func TestWrongUsageIsExplained(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{nil, "Usage:"},
		{[]string{"conect"}, `no command "conect"`},
		{[]string{"ws://localhost"}, "Did you mean: bellwire connect ws://localhost"},
		{[]string{"help", "conect"}, `no command "conect"`},
		{[]string{"connect"}, "which server?"},
		{[]string{"connect", "ws://a", "ws://b"}, `not also "ws://b"`},
		{[]string{"connect", "-x", "ws://a"}, "-x"},
		{[]string{"connect", "ws://a", "-n", "-1"}, "-n"},
		{[]string{"connect", "ws://a", "-n"}, "-n"},
		{[]string{"connect", "ws://a", "-timeout", "0s"}, "-timeout"},
		{[]string{"connect", "ws://a", "-wait", "long"}, `"forever"`},
		{[]string{"connect", "ws://a", "-wait", "-2s"}, `"forever"`},
		{[]string{"connect", "ws://a", "-binary", "octal"}, "hex, base64, raw"},
		{[]string{"connect", "ws://a", "-H", "no colon"}, "'Name: value'"},
		{[]string{"connect", "ws://a", "-H", "a: b\r\nc: d"}, "§5.5"},
		{[]string{"connect", "ws://a", "-subprotocol", "a,,b"}, "empty"},
		{[]string{"connect", "ws://a", "-subprotocol", "a b"}, "a b"},
		{[]string{"connect", "ws://a", "-max-message", "-2"}, "MaxMessage"},
		{[]string{"connect", "ws://a", "-proxy", ":"}, "missing protocol scheme"},
		{[]string{"connect", "--", "-v"}, `did you mean`},
		{[]string{"connect", "--", "ws://a", "-v"}, `not also "-v"`},
		{[]string{"serve", ":80"}, "-listen"},
		{[]string{"serve", "-mode", "fast"}, "nethttp, standalone"},
		{[]string{"serve", "-tls-cert", "x"}, "-tls-key"},
		{[]string{"serve", "-origin", "example.com"}, "https://example.com"},
		{[]string{"serve", "-subprotocol", "a b"}, "a b"},
		{[]string{"serve", "-subprotocol", "a b", "-mode", "standalone"}, "a b"},
		{[]string{"serve", "-max-control-rate", "-2"}, "MaxControlRate"},
		{[]string{"version", "1"}, "no arguments"},
		{[]string{"version", "-x"}, "-x"},
	} {
		got := bellwire(t, "", c.args...)
		require.Equal(t, exitUsage, got.code, "%q", c.args)
		require.Contains(t, got.err, c.says, "%q", c.args)
		require.Empty(t, got.out, "%q", c.args)
	}
}

func TestAnAddressThatIsNoneIsMended(t *testing.T) {
	for address, meant := range map[string]string{
		"localhost:8080":           "ws://localhost:8080",
		":8080":                    "ws://localhost:8080",
		"127.0.0.1:9001/x":         "ws://127.0.0.1:9001/x",
		"[::1]:9001":               "ws://[::1]:9001",
		"printer.local":            "ws://printer.local",
		"example.com/chat":         "wss://example.com/chat",
		"example.com:443":          "wss://example.com:443",
		"localhost:443":            "wss://localhost:443",
		"ws:localhost":             "ws://localhost",
		"wss:/example.com":         "wss://example.com",
		"ftp://example.com":        "wss://example.com",
		"htp://localhost:1/a?b":    "ws://localhost:1/a?b",
		"ws://localhost/a?b#c":     "ws://localhost/a?b",
		"wss://example.com/#part2": "wss://example.com/",
	} {
		err := checkAddress(address)
		require.ErrorContains(t, err, "did you mean "+meant+"?", address)
		require.NoError(t, checkAddress(meant), address)
	}
	for _, address := range []string{"ws://a", "wss://a/b?c", "WS://a", "http://a", "https://a", "ws+unix:///run/x.sock:/a"} {
		require.NoError(t, checkAddress(address), address)
	}
}

func TestVersionNamesTheBuild(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"-version"}, {"--version"}} {
		got := bellwire(t, "", args...)
		require.Zero(t, got.code)
		require.Regexp(t, `^bellwire \S+ \(go\S+ \S+/\S+.*\)\n$`, got.out)
	}
	require.Contains(t, describe(nil), "bellwire (unknown) (go")
	require.Contains(t, describe(&debug.BuildInfo{
		Main:     debug.Module{Version: "v1.2.3"},
		Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}},
	}), "revision abc)")
	require.Contains(t, describe(&debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}), "bellwire v1.2.3 (go")
}

func TestAScriptIsNoTerminal(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	defer file.Close()
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	require.False(t, isTerminal(file))
	require.False(t, isTerminal(null))
}
