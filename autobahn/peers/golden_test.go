package peers_test

import (
	"context"
	"flag"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/autobahn"
	"github.com/bellwire/bellwire/autobahn/peers"
)

var (
	full   = flag.Bool("full", false, "play all cases that have a golden verdict, not just the quick ones")
	update = flag.Bool("update", false, "with -full: write what comes out into testdata")
)

func selected(t *testing.T) autobahn.Options {
	t.Helper()
	cases, err := autobahn.Select("", "9.*,12.*,13.*")
	require.NoError(t, err)
	return autobahn.Options{Cases: cases, Parallel: 8}
}

func golden(t *testing.T, name string, results []autobahn.Result) {
	t.Helper()
	name = filepath.Join("testdata", name+".json")
	if *update {
		require.True(t, *full, "-update without -full would forget cases")
		require.NoError(t, autobahn.WriteExpected(name, results))
	}
	want, err := autobahn.ReadExpected(name)
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
			s := httptest.NewServer(server)
			t.Cleanup(s.Close)
			o := selected(t)
			o.Agent = name
			report, err := autobahn.CheckServer(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http"), o)
			require.NoError(t, err)
			golden(t, name, report.Results(name))
		})
	}
}

func TestClientsOfOthersGetTheGoldenVerdicts(t *testing.T) {
	for name, play := range map[string]func(context.Context, string) error{
		"gorilla": peers.GorillaClient,
		"coder":   peers.CoderClient,
		"gobwas":  peers.GobwasClient,
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan *autobahn.Report, 1)
			o := selected(t)
			go func() {
				report, err := autobahn.CheckClients(ctx, l, o)
				if err != nil {
					t.Error(err)
				}
				done <- report
			}()
			err = peers.RunClient(ctx, "ws://"+l.Addr().String(), name, o.Parallel, play)
			stop()
			report := <-done
			require.NoError(t, err)
			golden(t, name+"-client", report.Results(name))
		})
	}
}
