package peers_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/autobahn"
)

// The verdicts that are not OK, as README.md explains them.
var (
	late   = autobahn.Verdicts{Behavior: autobahn.NonStrict, BehaviorClose: autobahn.OK}
	wrong  = autobahn.Verdicts{Behavior: autobahn.Failed, BehaviorClose: autobahn.Failed}
	answer = autobahn.Verdicts{Behavior: autobahn.Failed, BehaviorClose: autobahn.WrongCode}
	plain  = autobahn.Verdicts{Behavior: autobahn.Unimplemented, BehaviorClose: autobahn.OK}
	either = autobahn.Verdicts{Behavior: autobahn.Informational, BehaviorClose: autobahn.Informational}
)

// invalidText are the cases that send text which is not UTF-8.
const invalidText = "6.3.*,6.4.*,6.6.1,6.6.3,6.6.4,6.6.6,6.6.8,6.6.10,6.8.*,6.10.*,6.11.5,6.1[2-9].*,6.20.*,6.21.*"

// explained are the cases of each peer that are not OK, by their verdicts.
var explained = map[string]map[autobahn.Verdicts]string{
	"gorilla":        {late: "6.4.*"},
	"gorilla-client": {late: "6.4.*", wrong: "12.*,13.1.*", plain: "13.[3-6].*"},
	"coder":          {wrong: invalidText, answer: "7.5.1", plain: "13.3.*,13.5.*"},
	"coder-client":   {wrong: invalidText, answer: "7.5.1", plain: "13.[3-6].*"},
	"gobwas":         {plain: "13.[3-6].*"},
	"gobwas-client":  {plain: "13.[3-6].*"},
}

func TestEveryVerdictThatIsNotOKIsExplained(t *testing.T) {
	for name, reasons := range explained {
		got, err := autobahn.ReadExpected(filepath.Join("testdata", name+".json"))
		require.NoError(t, err)
		want := autobahn.Expected{}
		claim := func(patterns, except string, v autobahn.Verdicts) {
			cases, err := autobahn.Select(patterns, except)
			require.NoError(t, err)
			for _, c := range cases {
				want[c.ID] = v
			}
		}
		claim("", neverPlayed, autobahn.Verdicts{Behavior: autobahn.OK, BehaviorClose: autobahn.OK})
		claim("7.1.6,7.13.*", "", either)
		for v, patterns := range reasons {
			claim(patterns, neverPlayed, v)
		}
		require.Equal(t, want, got, name)
	}
}
