package deflate_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/deflate"
)

// params reads "a; b=1" without regard for rules.
func params(s string) (list []deflate.Param) {
	for _, p := range strings.Split(s, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if name != "" && name != deflate.Name {
			list = append(list, deflate.Param{Name: name, Value: value})
		}
	}
	return list
}

// answer is the response to the offers of "a, b", without the extension's
// name, or "declined".
func answer(o *deflate.Options, offers string) (deflate.Params, string) {
	var lists [][]deflate.Param
	for _, offer := range strings.Split(offers, ",") {
		lists = append(lists, params(offer))
	}
	p, response, ok := o.Negotiate(lists)
	if !ok {
		return p, "declined"
	}
	return p, strings.TrimPrefix(strings.TrimPrefix(response, deflate.Name), "; ")
}

func TestAServerAnswersOffers(t *testing.T) {
	wants := func(server, client deflate.Direction) *deflate.Options {
		return &deflate.Options{Server: server, Client: client}
	}
	const snct, cnct = "server_no_context_takeover", "client_no_context_takeover"
	small := deflate.Direction{MaxWindowBits: 10}
	tests := []struct {
		section string
		o       *deflate.Options
		offers  string
		want    string
	}{
		{"7.1", nil, "", ""},
		{"7.1", nil, "client_max_window_bits", ""},
		{"7, unknown", nil, "other", "declined"},
		{"7, unknown", nil, "Server_No_Context_Takeover", "declined"},
		{"7, duplicate", nil, snct + ";" + snct, "declined"},
		{"7, duplicate", nil, cnct + ";" + cnct, "declined"},
		{"7, duplicate", nil, "server_max_window_bits=10; server_max_window_bits=10", "declined"},
		{"7, duplicate", nil, "client_max_window_bits; client_max_window_bits", "declined"},
		{"7, duplicate", nil, "client_max_window_bits=9; client_max_window_bits", "declined"},

		{"5.1, fallback", nil, "other, " + snct, snct},
		{"5.1, fallback", nil, "server_max_window_bits=7, server_max_window_bits=12, " + snct, "server_max_window_bits=12"},
		{"5.1, fallback", nil, "x, server_max_window_bits, client_max_window_bits=16", "declined"},

		{"7.1.1.1", nil, snct, snct},
		{"7.1.1.1, value", nil, snct + "=1", "declined"},
		{"7.1.1.1, unasked", wants(deflate.Direction{NoTakeover: true}, deflate.Direction{}), "", snct},
		{"7.1.1.2", nil, cnct, cnct},
		{"7.1.1.2, value", nil, cnct + "=1", "declined"},
		{"7.1.1.2, unasked", wants(deflate.Direction{}, deflate.Direction{NoTakeover: true}), "", cnct},

		{"7.1.2.1", nil, "server_max_window_bits=8", "server_max_window_bits=8"},
		{"7.1.2.1", nil, "server_max_window_bits=9", "server_max_window_bits=9"},
		{"7.1.2.1", nil, "server_max_window_bits=15", "server_max_window_bits=15"},
		{"7.1.2.1, smaller", wants(small, deflate.Direction{}), "server_max_window_bits=12", "server_max_window_bits=10"},
		{"7.1.2.1, same", wants(small, deflate.Direction{}), "server_max_window_bits=9", "server_max_window_bits=9"},
		{"7.1.2.1, unasked", wants(small, deflate.Direction{}), "", "server_max_window_bits=10"},
		{"7.1.2.1, no value", nil, "server_max_window_bits", "declined"},

		{"7.1.2.2", nil, "client_max_window_bits=8", "client_max_window_bits=8"},
		{"7.1.2.2", nil, "client_max_window_bits=15", ""},
		{"7.1.2.2", wants(deflate.Direction{}, small), "client_max_window_bits", "client_max_window_bits=10"},
		{"7.1.2.2", wants(deflate.Direction{}, small), "client_max_window_bits=12", "client_max_window_bits=10"},
		{"7.1.2.2", wants(deflate.Direction{}, small), "client_max_window_bits=9", "client_max_window_bits=9"},
		{"7.1.2.2, must not be told", wants(deflate.Direction{}, small), "", cnct},

		{"all", nil, snct + "; " + cnct + "; server_max_window_bits=9; client_max_window_bits=11",
			snct + "; " + cnct + "; server_max_window_bits=9; client_max_window_bits=11"},
	}
	for _, test := range tests {
		o := test.o
		if o == nil {
			o = new(deflate.Options)
		}
		require.NoError(t, o.Check())
		_, got := answer(o, test.offers)
		require.Equal(t, test.want, got, "§%s: the answer to %q", test.section, test.offers)
	}
	_, _, ok := new(deflate.Options).Negotiate(nil)
	require.False(t, ok, "nothing was offered")
}

func TestAWindowIsADecimalFrom8To15(t *testing.T) {
	for _, name := range []string{"server_max_window_bits", "client_max_window_bits"} {
		for _, bad := range []string{"7", "16", "08", "9.0", "+9", "-9", "0", "010", "1", "18", "9 ", " 9", "x", "٩", "0x9", "1\x005"} {
			offer := []deflate.Param{{Name: name, Value: bad}}
			_, _, ok := new(deflate.Options).Negotiate([][]deflate.Param{offer})
			require.False(t, ok, "%s=%s", name, bad)
			_, err := new(deflate.Options).CheckResponse(offer)
			require.Error(t, err, "%s=%s", name, bad)
		}
	}
}

func TestWhatIsAgreedIsWhatIsAnswered(t *testing.T) {
	p, _ := answer(new(deflate.Options), "server_no_context_takeover; server_max_window_bits=9; client_max_window_bits=12")
	require.Equal(t, deflate.Agreed{Takeover: false, WindowBits: 9}, p.Server)
	require.Equal(t, deflate.Agreed{Takeover: true, WindowBits: 12}, p.Client)
	p, _ = answer(new(deflate.Options), "client_no_context_takeover")
	require.Equal(t, deflate.Agreed{Takeover: true, WindowBits: 15}, p.Server)
	require.Equal(t, deflate.Agreed{Takeover: false, WindowBits: 15}, p.Client)
}

func TestAClientOffers(t *testing.T) {
	tests := []struct {
		o    deflate.Options
		want string
	}{
		{deflate.Options{}, "permessage-deflate; client_max_window_bits"},
		{deflate.Options{Server: deflate.Direction{NoTakeover: true}},
			"permessage-deflate; server_no_context_takeover; client_max_window_bits"},
		{deflate.Options{Client: deflate.Direction{NoTakeover: true, MaxWindowBits: 9}},
			"permessage-deflate; client_no_context_takeover; client_max_window_bits=9"},
		{deflate.Options{Server: deflate.Direction{MaxWindowBits: 11}},
			"permessage-deflate; server_max_window_bits=11; client_max_window_bits, " +
				"permessage-deflate; server_no_context_takeover; client_max_window_bits"},
		{deflate.Options{MemoryPerConn: 10 << 10},
			"permessage-deflate; server_max_window_bits=13; client_max_window_bits, " +
				"permessage-deflate; server_no_context_takeover; client_max_window_bits"},
		{deflate.Options{MemoryPerConn: 100}, "permessage-deflate; server_no_context_takeover; client_max_window_bits"},
	}
	for _, test := range tests {
		require.NoError(t, test.o.Check())
		require.Equal(t, test.want, test.o.Offer())
	}
}

func TestAClientIsAsStrictAsAServer(t *testing.T) {
	noTakeover := &deflate.Options{Server: deflate.Direction{NoTakeover: true}}
	small := &deflate.Options{Server: deflate.Direction{MaxWindowBits: 11}, Client: deflate.Direction{MaxWindowBits: 10}}
	yes := func(takeover bool, bits int) deflate.Agreed {
		return deflate.Agreed{Takeover: takeover, WindowBits: bits}
	}
	tests := []struct {
		o              *deflate.Options
		response       string
		server, client deflate.Agreed
		want           string // of the error
	}{
		{nil, "", yes(true, 15), yes(true, 15), ""},
		{nil, "server_no_context_takeover; client_no_context_takeover", yes(false, 15), yes(false, 15), ""},
		{nil, "server_max_window_bits=9; client_max_window_bits=12", yes(true, 9), yes(true, 12), ""},
		{nil, "client_max_window_bits=8", yes(true, 15), yes(true, 8), ""},
		{&deflate.Options{Client: deflate.Direction{NoTakeover: true}}, "", yes(true, 15), yes(false, 15), ""},
		{nil, "other", yes(false, 0), yes(false, 0), "RFC 7692 §7: a parameter of permessage-deflate is unknown"},
		{nil, "server_no_context_takeover; server_no_context_takeover", yes(false, 0), yes(false, 0), "RFC 7692 §7: a parameter of permessage-deflate is there twice"},
		{nil, "server_no_context_takeover=x", yes(false, 0), yes(false, 0), "§7.1.1.1"},
		{nil, "client_no_context_takeover=x", yes(false, 0), yes(false, 0), "§7.1.1.2"},
		{nil, "server_max_window_bits=16", yes(false, 0), yes(false, 0), "§7.1.2.1"},
		{nil, "server_max_window_bits", yes(false, 0), yes(false, 0), "§7.1.2.1"},
		{nil, "client_max_window_bits", yes(false, 0), yes(false, 0), "§7.1.2.2"},
		{noTakeover, "", yes(false, 0), yes(false, 0), "the server does not agree to server_no_context_takeover"},
		{noTakeover, "server_no_context_takeover", yes(false, 15), yes(true, 15), ""},
		{small, "server_max_window_bits=11", yes(true, 11), yes(true, 10), ""},
		{small, "server_max_window_bits=9; client_max_window_bits=9", yes(true, 9), yes(true, 9), ""},
		{small, "server_max_window_bits=12", yes(false, 0), yes(false, 0), "the server does not agree to server_max_window_bits"},
		{small, "", yes(false, 0), yes(false, 0), "the server does not agree to server_max_window_bits"},
		{small, "server_no_context_takeover", yes(false, 15), yes(true, 10), ""}, // the second offer
		{small, "server_max_window_bits=11; client_max_window_bits=11", yes(false, 0), yes(false, 0), "the server allows a larger client_max_window_bits"},
	}
	for _, test := range tests {
		o := test.o
		if o == nil {
			o = new(deflate.Options)
		}
		p, err := o.CheckResponse(params(test.response))
		if test.want != "" {
			require.ErrorContains(t, err, test.want, "%q", test.response)
			require.ErrorAs(t, err, new(*deflate.Error))
			continue
		}
		require.NoError(t, err, "%q", test.response)
		require.Equal(t, deflate.Params{Server: test.server, Client: test.client}, p, "%q", test.response)
	}
}

// Whatever two of ours want, they agree.
func TestOurClientAcceptsWhatOurServerAnswers(t *testing.T) {
	var all []*deflate.Options
	for _, bits := range []int{0, 8, 9, 12, 15} {
		for _, memory := range []int{0, 100, 700, 5000, 20000, 70000} {
			for _, no := range []bool{false, true} {
				all = append(all, &deflate.Options{MemoryPerConn: memory,
					Server: deflate.Direction{NoTakeover: no, MaxWindowBits: bits}, Client: deflate.Direction{MaxWindowBits: 23 - max(bits, 8)}})
			}
		}
	}
	for _, client := range all {
		for _, server := range all {
			p, response := answer(server, client.Offer())
			got, err := client.CheckResponse(params(response))
			require.NoError(t, err, "%+v: %q", client, response)
			require.Equal(t, p.Server, got.Server)
			require.Equal(t, p.Client.Takeover, got.Client.Takeover)
			require.GreaterOrEqual(t, p.Client.WindowBits, got.Client.WindowBits)
		}
	}
}
