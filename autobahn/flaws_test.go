package autobahn

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/wstest"
)

// played are the cases that the tester plays against naive peers: all but the
// large ones.
func played(t *testing.T) []*Case {
	t.Helper()
	cases, err := Select("1.*,2.*,3.*,4.*,5.*,6.*,7.*,9.7.1,10.*", "")
	require.NoError(t, err)
	return cases
}

// judge plays cases against a naive peer, on fake time.
func judge(t *testing.T, f flaw, client bool, cases []*Case) map[string]Verdicts {
	t.Helper()
	got := map[string]Verdicts{}
	synctest.Test(t, func(t *testing.T) {
		for _, c := range cases {
			ours, theirs := wstest.NetPipe()
			done := make(chan struct{})
			go func() {
				defer close(done)
				(&naive{nc: theirs, server: client, flaw: f}).serve()
			}()
			r := conduct(context.Background(), newEndpoint(ours, client), c, nil, nil)
			<-done
			got[c.ID] = Verdicts{r.Behavior, r.BehaviorClose}
		}
	})
	return got
}

// A finding says what a flaw leads to.
type finding struct {
	cases         string // patterns
	behavior, end Verdict
}

// Patterns of cases that have something in common.
const (
	failingByRule = "2.5,3.*,4.*,5.1,5.2,5.9,5.10,5.11,5.12,5.13,5.14,5.15,5.16,5.17,5.18"
	badText       = "6.3.*,6.4.*,6.6.1,6.6.3,6.6.4,6.6.6,6.6.8,6.6.10,6.8.*,6.10.*,6.11.5,6.12.*,6.13.*,6.14.*,6.15.*,6.16.*,6.17.*,6.18.*,6.19.*,6.20.*,6.21.*"
	badCloses     = "7.3.2,7.3.6,7.5.1,7.9.*"
	halfSecond    = "6.5.*,6.6.*,6.7.*,6.8.*,6.9.*,6.10.*,6.11.*,6.12.*,6.13.*,6.14.*,6.15.*,6.16.*,6.17.*,6.18.*,6.19.*,6.20.*,6.21.*,6.22.*,6.23.*"
	spectacles    = "7.1.6,7.13.1,7.13.2"
	goodText      = "6.5.*,6.6.2,6.6.5,6.6.7,6.6.9,6.6.11,6.7.*,6.9.*,6.11.1,6.11.2,6.11.3,6.11.4,6.22.*,6.23.*"
	closings      = "7.1.1,7.1.2,7.1.3,7.1.4,7.1.5,7.3.1,7.3.3,7.3.4,7.3.5,7.7.*"

	// The peer echoes something, and then the tester closes …
	echoedOften = "2.1,2.2,2.3,2.4,2.6,2.7,2.8,2.9,2.10,2.11,5.3,5.4,5.5,5.6,5.7,5.8,5.19,5.20,6.1.*,6.2.*,9.*"
	// … with 1001, where the echo has not come when the time is over.
	echoedTimely = "1.*,10.*," + goodText
	// The peer echoes something, and then has to fail.
	echoedFirst = "3.2,3.3,3.4,4.1.3,4.1.4,4.1.5,4.2.3,4.2.4,4.2.5,5.15"
)

// flaws are what the tester finds in both roles, and in clients alone and
// servers alone where that is something else. Later lines count.
var flaws = []struct {
	flaw
	found, servers, clients []finding
	badServers, badClients  string // these are bad in one way or another
}{
	{flaw: flawless},
	{flaw: pings}, // keepalive does no harm, not even inside 6.4.3
	{flaw: dropsToFail},
	{flaw: wrongFailCode, found: []finding{
		{failingByRule + "," + badText, OK, WrongCode},
		{badCloses, Failed, WrongCode},
	}},
	{flaw: losesEchoes, found: []finding{
		{echoedFirst, NonStrict, OK},
		{"9.*", Failed, OK}, // it waits with its echoes, and that takes too long
	}},
	{flaw: takesAnyText, found: []finding{
		{badText, Failed, Failed},
		{"7.5.1", Failed, WrongCode},
	}},
	{flaw: checksMessages, found: []finding{{"6.4.*", NonStrict, OK}}},
	{flaw: checksFrames, found: []finding{{"6.4.3,6.4.4", NonStrict, OK}}},
	{flaw: emptyPongs, found: []finding{
		{"2.2,2.3,2.4,2.6,2.9,2.10,2.11,5.6,5.7,5.8,5.19,5.20", Failed, OK},
	}},
	{flaw: lastPing, found: []finding{{"2.10,2.11", Failed, OK}}},
	{flaw: latePongs, found: []finding{{"5.6,5.7,5.8,5.19,5.20", Failed, OK}}},
	{flaw: eagerPong, found: []finding{
		{"1.*,2.*,3.*,4.*,5.*,6.*,7.*,9.*,10.*", Failed, OK},
		{echoedTimely + ",7.1.1", Failed, WrongCode},
		{spectacles, Informational, Informational},
	}},
	{flaw: ignoresRSV, found: []finding{{"3.1,3.2,3.3,3.4,3.5,3.6", Failed, Failed}}},
	{flaw: ignoresOpcodes, found: []finding{
		{"4.*", Failed, Failed},
		{"4.1.1,4.1.2,4.2.1,4.2.2", OK, Failed}, // nothing was sent, and nothing done
	}},
	{flaw: ignoresOrder, found: []finding{
		{"5.9,5.10,5.11,5.12,5.13,5.14,5.15,5.16,5.17,5.18", Failed, Failed},
	}},
	{flaw: splitControl, found: []finding{{"5.1", Failed, OK}}},
	{flaw: longControl, found: []finding{
		{"2.5", OK, Failed}, // the pong is as long, and breaks the rule too
		{"7.3.6", Failed, WrongCode},
	}},
	{flaw: echoesAnyCode, found: []finding{{"7.5.1,7.9.*", Failed, WrongCode}}, servers: []finding{
		{"7.3.2", OK, FailedByClient}, // no code, but one octet too many
	}},
	{flaw: answersBehind, servers: []finding{{"7.1.3,7.1.4,7.1.5", Failed, OK}}},
	{flaw: neverAnswers, found: []finding{
		{echoedOften + "," + echoedTimely + "," + closings, OK, Unclean},
		{"7.1.3,7.1.4,7.1.5", Failed, Unclean},
	}, servers: []finding{
		{"7.3.2,7.5.1,7.9.*", OK, FailedByClient},
	}},
	{flaw: losesEmpty, found: []finding{
		{"1.1.1,1.2.1", Failed, WrongCode}, // the tester says 1001, and hears it again
		{"6.1.1,6.1.2,9.7.1", Failed, OK},
	}},
	{flaw: swapsTypes, found: []finding{
		{"5.3,5.4,5.5,5.6,5.7,5.8,5.19,5.20,6.1.*,6.2.*,9.7.1," + echoedFirst, Failed, OK},
		{"1.1.*,7.1.1,10.1.1," + goodText, Failed, WrongCode},
	}},
	{flaw: slowToHangUp, servers: []finding{{halfSecond, OK, FailedByClient}}},
	{flaw: verySlowToHangUp, badServers: "1.*,2.*,3.*,4.*,5.*,6.1.*,6.2.*,6.3.*,7.*,9.*,10.*," + halfSecond},
	{flaw: neverHangsUp, badServers: "*"},
	{flaw: masksWrongly, badServers: "*",
		// In 7.3 and 7.9 a client may drop TCP just as well.
		badClients: "1.*,2.*,3.*,4.*,5.*,6.*,9.*,10.*," + closings},
	{flaw: longLengths, badServers: "*"}, // the naive client does it right
}

// wanted is what a flaw should lead to.
func wanted(t *testing.T, cases []*Case, lists ...[]finding) map[string]Verdicts {
	t.Helper()
	want := map[string]Verdicts{}
	for _, c := range cases {
		want[c.ID] = Verdicts{OK, OK}
		if c.rule.spectator {
			want[c.ID] = Verdicts{Informational, Informational}
		}
	}
	for _, list := range lists {
		for _, f := range list {
			ids, err := named(f.cases)
			require.NoError(t, err)
			for id := range ids {
				if _, ok := want[id]; ok {
					want[id] = Verdicts{f.behavior, f.end}
				}
			}
		}
	}
	return want
}

func TestEveryFlawIsFoundByItsCasesAndByNoOther(t *testing.T) {
	cases := played(t)
	for _, row := range flaws {
		name := strings.ReplaceAll(string(row.flaw), " ", "_")
		t.Run("servers/"+name, func(t *testing.T) {
			compare(t, wanted(t, cases, row.found, row.servers), judge(t, row.flaw, true, cases), row.badServers)
		})
		t.Run("clients/"+name, func(t *testing.T) {
			compare(t, wanted(t, cases, row.found, row.clients), judge(t, row.flaw, false, cases), row.badClients)
		})
	}
}

// compare holds verdicts against those that were wanted; for the cases that
// bad names, any bad one will do, but where whatever happens is right.
func compare(t *testing.T, want, got map[string]Verdicts, bad string) {
	t.Helper()
	somehow, err := named(bad)
	require.NoError(t, err)
	for id, w := range want {
		switch g := got[id]; {
		case somehow[id] && w.Behavior != Informational:
			if !g.Behavior.bad() && !g.BehaviorClose.bad() {
				t.Errorf("%s: %s, %s; want a bad verdict", id, g.Behavior, g.BehaviorClose)
			}
		case g != w:
			t.Errorf("%s: %s, %s; want %s, %s", id, g.Behavior, g.BehaviorClose, w.Behavior, w.BehaviorClose)
		}
	}
}
