package main

import (
	"bytes"
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/autobahn/testee"
)

// command runs the command and returns all it says.
func command(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, &o, &e)
	return code, o.String(), e.String()
}

func TestWhatIsNotUnderstoodIsSaid(t *testing.T) {
	for _, args := range [][]string{
		{}, {"fly"}, {"client"}, {"client", "-url"}, {"client", "-listen", ":0"}, {"client", "-url", "ws://h", "x"},
		{"list", "-cases", "99"}, {"server", "-exclude", "*"},
	} {
		code, out, errs := command(t, args...)
		require.Equal(t, exitUsage, code, args)
		require.Empty(t, out, args)
		require.NotEmpty(t, errs, args)
	}
	code, out, _ := command(t, "help")
	require.Equal(t, exitGood, code)
	require.Contains(t, out, "-exclude patterns")
	code, _, errs := command(t, "client", "-h")
	require.Equal(t, exitGood, code)
	require.Contains(t, errs, "-url")
}

func TestCasesAreListed(t *testing.T) {
	code, out, _ := command(t, "list", "-cases", "6.4.*")
	require.Equal(t, exitGood, code)
	require.Equal(t, 4, strings.Count(out, "\n"))
	_, out, _ = command(t, "list", "-cases", "9.1.1", "-v")
	require.Contains(t, out, `65536~"BAsd7&jh23"`)
}

func TestAServerIsJudged(t *testing.T) {
	s := httptest.NewServer(testee.Handler())
	defer s.Close()
	url, dir := "ws"+s.URL[4:], t.TempDir()
	code, out, _ := command(t, "client", "-url", url, "-cases", "1.1.*,12.1.1", "-agent", "us", "-report", dir, "-v")
	require.Equal(t, exitGood, code, out)
	require.Contains(t, out, "12.1.1   UNIMPLEMENTED, OK")
	require.Contains(t, out, "us: 9 cases")
	require.FileExists(t, filepath.Join(dir, "index.html"))

	file := filepath.Join(dir, "x.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"1.1.1": {"behavior": "OK", "behaviorClose": "UNCLEAN"}}`), 0o600))
	code, out, _ = command(t, "client", "-url", url, "-cases", "1.1.1", "-expect", file)
	require.Equal(t, exitBad, code)
	require.Contains(t, out, "different: 1.1.1: OK, OK; expected is OK, UNCLEAN")
	code, _, errs := command(t, "client", "-url", url, "-cases", "1.1.1", "-expect", file+"x")
	require.Equal(t, exitUsage, code)
	require.NotEmpty(t, errs)
}

func TestABadServerMakesABadExit(t *testing.T) {
	s := httptest.NewServer(nil)
	defer s.Close()
	url := "ws" + s.URL[4:]
	code, out, _ := command(t, "client", "-url", url, "-cases", "1.1.1")
	require.Equal(t, exitBad, code)
	require.Contains(t, out, "1.1.1    FAILED, FAILED")
	file := filepath.Join(t.TempDir(), "x.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"1.1.1": {"behavior": "FAILED", "behaviorClose": "FAILED"}}`), 0o600))
	code, _, _ = command(t, "client", "-url", url, "-cases", "1.1.1", "-expect", file)
	require.Equal(t, exitGood, code)
	code, _, errs := command(t, "client", "-url", "ws://127.0.0.1:1")
	require.Equal(t, exitBad, code)
	require.Contains(t, errs, "nobody listens")
}

// A firstLine is a writer that tells what was written first.
type firstLine struct {
	bytes.Buffer
	line chan string
}

func (f *firstLine) Write(p []byte) (int, error) {
	select {
	case f.line <- strings.TrimSpace(string(p)):
	default:
	}
	return f.Buffer.Write(p)
}

func TestAClientIsJudged(t *testing.T) {
	out := &firstLine{line: make(chan string, 1)}
	code := make(chan int, 1)
	var errs bytes.Buffer
	go func() {
		code <- run(context.Background(), []string{"server", "-listen", "127.0.0.1:0", "-cases", "1.1.*,7.13.*", "-once"}, out, &errs)
	}()
	require.NoError(t, testee.Run(t.Context(), <-out.line, "us", 1))
	require.Equal(t, exitGood, <-code)
	require.Contains(t, out.String(), "us: 10 cases")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, exitBad, run(ctx, []string{"server", "-listen", "127.0.0.1:0"}, out, &errs))
	require.Contains(t, errs.String(), "no case was played")
	require.Equal(t, exitBad, run(ctx, []string{"server", "-listen", "nowhere"}, out, &errs))
}
