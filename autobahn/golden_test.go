package autobahn

import (
	"context"
	"flag"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/autobahn/testee"
)

var (
	full   = flag.Bool("full", false, "play all 517 cases, not just the quick ones")
	update = flag.Bool("update", false, "with -full: write what comes out into expected-*.json")
)

// selected are the cases that these tests play: without -full those that take
// little time and little work.
func selected(t *testing.T) Options {
	t.Helper()
	exclude := "9.*,12.*,13.*"
	if *full {
		exclude = ""
	}
	cases, err := Select("", exclude)
	require.NoError(t, err)
	if !*full {
		some, err := Select("9.*.1,12.*.1,13.*.18", "9.5.*,9.6.*")
		require.NoError(t, err)
		cases = append(cases, some...)
	}
	return Options{Cases: cases, Parallel: 8}
}

// golden holds results against a file.
func golden(t *testing.T, name string, results []Result) {
	t.Helper()
	if *update {
		require.True(t, *full, "-update without -full would forget cases")
		require.NoError(t, WriteExpected(name, results))
	}
	want, err := ReadExpected(name)
	require.NoError(t, err)
	require.Len(t, want, 517)
	for _, line := range want.Differences(results) {
		t.Error(line)
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestOurServersGiveTheGoldenVerdicts(t *testing.T) {
	doors := map[string]func(t *testing.T) string{
		"nethttp": func(t *testing.T) string {
			s := httptest.NewServer(testee.Handler())
			t.Cleanup(s.Close)
			return "ws" + strings.TrimPrefix(s.URL, "http")
		},
		"standalone": func(t *testing.T) string {
			s, l := testee.Server(), listen(t)
			go func() { _ = s.Serve(l) }()
			t.Cleanup(func() { _ = s.Close() })
			return "ws://" + l.Addr().String()
		},
	}
	for name, open := range doors {
		t.Run(name, func(t *testing.T) {
			o := selected(t)
			report, err := CheckServer(t.Context(), open(t), o)
			require.NoError(t, err)
			require.Len(t, report.Agents, 1)
			results := report.Results(report.Agents[0])
			require.Len(t, results, len(o.Cases))
			golden(t, "expected-server.json", results)
		})
	}
}

func TestOurClientGivesTheGoldenVerdicts(t *testing.T) {
	o := selected(t)
	report := checkClient(t, o, func(ctx context.Context, url string) error {
		return testee.Run(ctx, url, "bellwire", 8)
	})
	require.Equal(t, []string{"bellwire"}, report.Agents)
	results := report.Results("bellwire")
	require.Len(t, results, len(o.Cases))
	golden(t, "expected-client.json", results)
}

// checkClient runs a client against the tester until it is done.
func checkClient(t *testing.T, o Options, run func(ctx context.Context, url string) error) *Report {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	l := listen(t)
	done := make(chan *Report, 1)
	go func() {
		report, err := CheckClients(ctx, l, o)
		if err != nil {
			t.Error(err)
		}
		done <- report
	}()
	if err := run(ctx, "ws://"+l.Addr().String()); err != nil {
		t.Error(err)
	}
	stop()
	return <-done
}

func TestTheGoldenVerdictsAreWhatWeSay(t *testing.T) {
	for _, name := range []string{"expected-server.json", "expected-client.json"} {
		x, err := ReadExpected(name)
		require.NoError(t, err)
		for id, v := range x {
			want := Verdicts{Behavior: OK, BehaviorClose: OK}
			switch {
			case slices.Contains([]string{"7.1.6", "7.13.1", "7.13.2"}, id):
				want = Verdicts{Behavior: Informational, BehaviorClose: Informational}
			case strings.HasPrefix(id, "12.") || strings.HasPrefix(id, "13."):
				want.Behavior = Unimplemented // there is no permessage-deflate yet
			}
			require.Equal(t, want, v, "%s: %s", name, id)
		}
	}
}
