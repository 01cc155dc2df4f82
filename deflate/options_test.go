package deflate_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/deflate"
)

func TestWrongOptionsAreNamed(t *testing.T) {
	require.NoError(t, new(deflate.Options).Check())
	for want, o := range map[string]deflate.Options{
		"Level is 10":                {Level: 10},
		"Level is -1":                {Level: -1},
		"Threshold is -2":            {Threshold: -2},
		"MaxRatio is -2":             {MaxRatio: -2},
		"MemoryPerConn is -1":        {MemoryPerConn: -1},
		"Dedicated compressor takes": {MemoryPerConn: 1000, Dedicated: true},
		"Server.MaxWindowBits is 7":  {Server: deflate.Direction{MaxWindowBits: 7}},
		"Client.MaxWindowBits is 16": {Client: deflate.Direction{MaxWindowBits: 16}},
	} {
		require.ErrorContains(t, o.Check(), want)
	}
}

// A budget lowers windows first, where the client can be told, and then drops
// takeover.
func TestABudgetLowersWindowsThenDropsTakeover(t *testing.T) {
	const nct = "client_no_context_takeover"
	for _, test := range []struct {
		budget int
		told   bool
		want   string
	}{
		{0, true, ""},
		{64 << 10, true, ""},
		{32<<10 + 512, true, ""},
		{32<<10 + 511, true, "client_max_window_bits=14"},
		{12 << 10, true, "client_max_window_bits=13"},
		{1024, true, "client_max_window_bits=9"},
		{1023, true, nct},
		{511, true, "server_no_context_takeover; " + nct},
		{64 << 10, false, ""},
		{20 << 10, false, nct},
	} {
		o := &deflate.Options{MemoryPerConn: test.budget}
		require.NoError(t, o.Check())
		offer := ""
		if test.told {
			offer = "client_max_window_bits"
		}
		_, got := answer(o, offer)
		require.Equal(t, test.want, got, "%d octets", test.budget)
	}
	o := &deflate.Options{MemoryPerConn: 2 << 20, Dedicated: true}
	require.NoError(t, o.Check())
	_, got := answer(o, "")
	require.Empty(t, got)
	o.MemoryPerConn = 1536<<10 + 10<<10
	_, got = answer(o, "client_max_window_bits")
	require.Equal(t, "client_max_window_bits=13", got)
}
