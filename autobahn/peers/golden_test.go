package peers_test

import (
	"context"
	"flag"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/autobahn"
	"github.com/bellwire/bellwire/autobahn/peers"
)

var (
	full   = flag.Bool("full", false, "play every case that has a golden verdict, not just the quick ones")
	update = flag.Bool("update", false, "with -full: write what comes out into testdata")
)

// The golden verdicts are those of all cases but the longest of permessage-
// deflate: seven of its ten sizes and one row of fragments show the same as all in
// a tenth of the time. 12.1 is there as a whole.
const (
	neverPlayed = "12.[2-5].[89],12.[2-5].10,12.[2-5].1[2-8],13.*.[89],13.*.10,13.*.1[2-8]"
	slow        = "9.*,12.*,13.*"
	quickOnes   = "9.[12].1,9.[78].1,12.1.1,13.3.1"
)

// selected are the cases that these tests play: without -full those that take
// little time and little work.
func selected(t *testing.T) autobahn.Options {
	t.Helper()
	if *full {
		cases, err := autobahn.Select("", neverPlayed)
		require.NoError(t, err)
		return autobahn.Options{Cases: cases, Parallel: 8}
	}
	t.Parallel() // quick cases spend their time waiting
	cases, err := autobahn.Select("", slow)
	require.NoError(t, err)
	some, err := autobahn.Select(quickOnes, "")
	require.NoError(t, err)
	return autobahn.Options{Cases: append(cases, some...), Parallel: 8}
}

// golden holds the results of a peer against its file in testdata.
func golden(t *testing.T, name string, cases []*autobahn.Case, results []autobahn.Result) {
	t.Helper()
	require.Len(t, results, len(cases))
	file := filepath.Join("testdata", name+".json")
	if *update {
		require.True(t, *full, "-update without -full would forget cases")
		require.NoError(t, autobahn.WriteExpected(file, results))
	}
	want, err := autobahn.ReadExpected(file)
	require.NoError(t, err)
	for _, line := range want.Differences(results) {
		t.Error(line)
	}
}

func TestServersOfOthersGetTheGoldenVerdicts(t *testing.T) {
	for name, server := range map[string]http.Handler{
		"gorilla": peers.GorillaServer(),
		"coder":   peers.CoderServer(),
		"gobwas":  peers.GobwasServer(),
	} {
		t.Run(name, func(t *testing.T) {
			o := selected(t)
			o.Agent = name
			s := httptest.NewServer(server)
			t.Cleanup(s.Close)
			report, err := autobahn.CheckServer(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http"), o)
			require.NoError(t, err)
			golden(t, name, o.Cases, report.Results(name))
		})
	}
}

func TestClientsOfOthersGetTheGoldenVerdicts(t *testing.T) {
	for name, play := range map[string]peers.Client{
		"gorilla": peers.GorillaClient,
		"coder":   peers.CoderClient,
		"gobwas":  peers.GobwasClient,
	} {
		t.Run(name, func(t *testing.T) {
			o := selected(t)
			report := checkClient(t, name, play, o)
			golden(t, name+"-client", o.Cases, report.Results(name))
		})
	}
}

// checkClient runs a client against the tester until each case has its
// verdict, which may be a moment after the client is through with it.
func checkClient(t *testing.T, name string, play peers.Client, o autobahn.Options) *autobahn.Report {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var judged sync.WaitGroup
	judged.Add(len(o.Cases))
	o.Done = func(autobahn.Result) { judged.Done() }
	done := make(chan *autobahn.Report, 1)
	go func() {
		report, err := autobahn.CheckClients(ctx, l, o)
		if err != nil {
			t.Error(err)
		}
		done <- report
	}()
	if err := peers.Run(ctx, "ws://"+l.Addr().String(), name, o.Parallel, play); err != nil {
		t.Error(err)
	} else {
		judged.Wait()
	}
	stop()
	return <-done
}
