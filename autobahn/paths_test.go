package autobahn

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/autobahn/testee"
)

// dialed opens a path of the tester.
func dialed(ctx context.Context, rawURL string) (*naive, int, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, 0, err
	}
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, 0, err
	}
	resp, _, early, err := knock(nc, u, nil)
	if err != nil {
		_ = nc.Close()
		return nil, resp.StatusCode, err
	}
	return &naive{nc: nc, in: early}, resp.StatusCode, nil
}

// ask opens a path and returns all that the tester says, one message behind
// the other.
func ask(ctx context.Context, rawURL string) (said string, status int, err error) {
	n, status, err := dialed(ctx, rawURL)
	if err != nil {
		return "", status, err
	}
	defer func() { _ = n.nc.Close() }()
	for {
		h, ok := parseHeader(n.in)
		if !ok {
			if !n.fill() {
				return said, status, errors.New("TCP has ended, and there was no Close")
			}
			continue
		}
		n.in = n.in[h.spent:]
		p, ok := n.payload(h)
		switch {
		case !ok:
			return said, status, errors.New("TCP has ended within a frame")
		case h.opcode == opClose:
			n.close(p)
			return said, status, nil
		}
		said += string(p)
	}
}

func someCases(t *testing.T, patterns string) []*Case {
	t.Helper()
	cases, err := Select(patterns, "")
	require.NoError(t, err)
	return cases
}

func TestClientsAreServedAtTheControlPaths(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "report")
	o := Options{Cases: someCases(t, "1.1.1,2.10,7.7.1"), Dir: dir}
	checkClient(t, o, func(ctx context.Context, url string) error {
		for path, want := range map[string]string{
			"/getCaseCount":       "3",
			"/getCaseInfo?case=2": `{"id":"2.10","description":"Ping and pong.\nSent: ping \"payload-0\"; `,
		} {
			said, _, err := ask(ctx, url+path)
			require.NoError(t, err, path)
			require.Contains(t, said, want, path)
		}
		for _, path := range []string{
			"/", "/getCaseInfo", "/getCaseInfo?case=0", "/getCaseInfo?case=4", "/getCaseStatus?case=1", "/updateReports",
			"/runCase?case=1", "/runCase?agent=a", "/runCase?case=4&agent=a", "/runCase?casetuple=1.1.2&agent=a",
		} {
			_, status, err := ask(ctx, url+path)
			require.Error(t, err, path)
			require.Contains(t, []int{400, 404}, status, path)
		}
		// A client that hears and says nothing fails where an echo is due.
		_, _, err := ask(ctx, url+"/runCase?case=1&agent=mute")
		require.NoError(t, err)
		_, _, err = ask(ctx, url+"/runCase?casetuple=7.7.1&agent=mute")
		require.NoError(t, err)
		for path, want := range map[string]string{
			"/getCaseStatus?case=1&agent=mute":          `{"behavior":"FAILED"}`,
			"/getCaseStatus?casetuple=7.7.1&agent=mute": `{"behavior":"OK"}`,
		} {
			said, _, err := ask(ctx, url+path)
			require.NoError(t, err)
			require.Equal(t, want, said, path)
		}
		_, _, err = ask(ctx, url+"/updateReports?agent=mute")
		return err
	})
	index := readIndex(t, dir)
	require.Equal(t, Failed, index["mute"]["1.1.1"].Behavior)
	require.Equal(t, OK, index["mute"]["7.7.1"].Behavior)
	require.Equal(t, 1000, *index["mute"]["7.7.1"].RemoteCloseCode)
	require.FileExists(t, filepath.Join(dir, index["mute"]["7.7.1"].ReportFile))
}

type indexed struct {
	Behavior        Verdict
	BehaviorClose   Verdict
	RemoteCloseCode *int
	Duration        int
	ReportFile      string
}

func readIndex(t *testing.T, dir string) map[string]map[string]indexed {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "index.json"))
	require.NoError(t, err)
	var index map[string]map[string]indexed
	require.NoError(t, json.Unmarshal(b, &index))
	return index
}

// A status that is asked for early is told when the case is over.
func TestAStatusIsWaitedFor(t *testing.T) {
	o := Options{Cases: someCases(t, "1.1.1")}
	checkClient(t, o, func(ctx context.Context, url string) error {
		n, _, err := dialed(ctx, url+"/getCaseStatus?case=1&agent=a") // it is open, and says nothing yet
		require.NoError(t, err)
		defer func() { _ = n.nc.Close() }()
		require.Empty(t, n.in)
		require.NoError(t, testee.Run(ctx, url, "a", 1))
		require.True(t, n.fill())
		require.Contains(t, string(n.in), `{"behavior":"OK"}`)
		return nil
	})
}

func TestClientsCanStopTheTester(t *testing.T) {
	for _, path := range []string{"/stopServer", "/updateReports?agent=a&shutdownOnComplete=true"} {
		l := listen(t)
		done := make(chan error, 1)
		go func() {
			_, err := CheckClients(t.Context(), l, Options{})
			done <- err
		}()
		_, _, err := ask(t.Context(), "ws://"+l.Addr().String()+path)
		require.NoError(t, err)
		require.NoError(t, <-done)
	}
}

func TestARefusedHandshakeFailsTheCase(t *testing.T) {
	o := Options{Cases: someCases(t, "1.1.1,7.13.1")}
	report := checkClient(t, o, func(ctx context.Context, url string) error {
		for _, n := range []string{"1", "2"} {
			resp, err := http.Get("http" + url[2:] + "/runCase?agent=a&case=" + n) // not a WebSocket
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, 400, resp.StatusCode)
		}
		return nil
	})
	results := report.Results("a")
	require.Len(t, results, 2)
	require.Equal(t, Failed, results[0].Behavior)
	require.Equal(t, Failed, results[0].BehaviorClose)
	require.NotEmpty(t, results[0].Problem)
	require.Equal(t, Informational, results[1].Behavior)
	require.Equal(t, 1, report.Bad())
}

func TestAServerThatIsNoneFailsEverything(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	var heard int
	report, err := CheckServer(t.Context(), "ws"+s.URL[4:], Options{
		Cases: someCases(t, "1.1.*,12.1.1"), Agent: "none", Parallel: 3,
		Done: func(Result) { heard++ },
	})
	require.NoError(t, err)
	require.Equal(t, 9, report.Bad())
	require.Equal(t, 9, heard)
	dir := t.TempDir()
	require.NoError(t, report.WriteFiles(dir))
	page, err := os.ReadFile(filepath.Join(dir, "none_case_12_1_1.html"))
	require.NoError(t, err)
	require.Contains(t, string(page), "404")
	require.NotContains(t, string(page), "http://")
	page, err = os.ReadFile(filepath.Join(dir, "index.html"))
	require.NoError(t, err)
	require.Contains(t, string(page), `<span class="v v-bad">FAILED</span>`)
}

func TestWhatCannotBePlayedIsAnError(t *testing.T) {
	l := listen(t)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	for _, url := range []string{"ws://" + address, "http://" + address, "ws:///", "%"} {
		_, err := CheckServer(t.Context(), url, Options{})
		require.Error(t, err, url)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := CheckServer(ctx, "ws://"+address, Options{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestTheLogOfACaseShowsTheFrames(t *testing.T) {
	s := httptest.NewServer(testee.Handler())
	defer s.Close()
	report, err := CheckServer(t.Context(), "ws"+s.URL[4:], Options{Cases: someCases(t, "1.2.4,5.6,9.4.1")})
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, report.WriteFiles(dir))
	for name, parts := range map[string][]string{
		"server_case_5_6":   {"text-", "fragment1fragment2", "ping payload", "ends TCP"},
		"server_case_1_2_4": {"bin", "127"},
		"server_case_9_4_1": {"cont-", "entries …", "4194304"},
	} {
		for _, ext := range []string{".json", ".html"} {
			b, err := os.ReadFile(filepath.Join(dir, name+ext))
			require.NoError(t, err)
			require.Less(t, len(b), 100_000)
			for _, part := range parts {
				require.Contains(t, string(b), part, name+ext)
			}
		}
	}
}

func TestDifferencesFromWhatWasExpectedAreListed(t *testing.T) {
	cases := someCases(t, "1.1.1,1.1.2,1.1.3")
	results := []Result{
		{Case: cases[1], Behavior: OK, BehaviorClose: OK},
		{Case: cases[0], Behavior: Failed, BehaviorClose: Unclean},
	}
	name := filepath.Join(t.TempDir(), "x.json")
	require.NoError(t, WriteExpected(name, results))
	x, err := ReadExpected(name)
	require.NoError(t, err)
	require.Empty(t, x.Differences(results))
	results[0].BehaviorClose = WrongCode
	results = append(results, Result{Case: cases[2], Behavior: OK, BehaviorClose: OK})
	require.Equal(t, []string{
		"1.1.2: OK, WRONG CODE; expected is OK, OK",
		"1.1.3: OK, OK; nothing is expected",
	}, x.Differences(results))
	require.NoError(t, os.WriteFile(name, []byte("{"), 0o600))
	_, err = ReadExpected(name)
	require.Error(t, err)
}
