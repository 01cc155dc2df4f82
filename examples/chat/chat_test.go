package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/wstest"
)

func TestEverybodySeesWhoComesWhoGoesAndWhatIsSaid(t *testing.T) {
	url := open(t)
	ada, hello := enter(t, url, "Ada")
	require.Equal(t, event{Type: "welcome", Name: "Ada", People: []string{"Ada"}}, hello)
	grace, hello := enter(t, url, "  Grace \t Hopper ")
	require.Equal(t, []string{"Ada", "Grace Hopper"}, hello.People)
	require.Equal(t, "Grace Hopper", ada.gets("joined").Name)

	grace.says(" <b>Hi</b> \n")
	said := ada.gets("said")
	require.Equal(t, said, grace.gets("said"))
	require.Equal(t, "Grace Hopper", said.Name)
	require.Equal(t, "<b>Hi</b>", said.Text)
	require.WithinDuration(t, time.Now(), time.UnixMilli(said.At), time.Minute)

	require.NoError(t, grace.c.Close(t.Context(), frame.GoingAway, ""))
	require.Equal(t, "Grace Hopper", ada.gets("left").Name)
	require.NoError(t, ada.c.Close(t.Context(), frame.Normal, ""))
}

func TestANameBelongsToOnePerson(t *testing.T) {
	url := open(t)
	ada, _ := enter(t, url, "Straße")
	for _, cmd := range []command{
		{Name: "Straße"},
		{Name: "Straße", Key: "key of somebody else"},
		{Name: "STRAẞE", Key: "key of Straße"},
		{Name: " straße "},
	} {
		other := visit(t, url)
		cmd.Type = "join"
		other.sends(cmd)
		require.Contains(t, other.isSentAway(codeTaken), "pick another", cmd.Name)
	}
	for _, end := range []string{"welcome", "taken"} { // without a key nobody comes back
		keyless := visit(t, url)
		keyless.sends(command{Type: "join", Name: "Keyless"})
		if end == "welcome" {
			keyless.gets("welcome")
			ada.gets("joined")
		} else {
			keyless.isSentAway(codeTaken)
		}
	}
	ada.says("I heard nothing")
	ada.gets("said")
}

func TestAPersonComesBackOnANewConnection(t *testing.T) {
	url := open(t)
	before, _ := enter(t, url, "Ada")
	grace, _ := enter(t, url, "Grace")
	before.gets("joined")

	after, hello := enter(t, url, "Ada")
	require.Equal(t, []string{"Ada", "Grace"}, hello.People)
	require.Contains(t, before.isSentAway(codeReplaced), "another window")
	after.says("It is me")
	require.Equal(t, "It is me", grace.gets("said").Text) // and no word of coming and going
}

func TestANewcomerSeesWhatWasSaidLast(t *testing.T) {
	url := open(t)
	ada, hello := enter(t, url, "Ada")
	require.Empty(t, hello.Recent)
	for i := range maxRecent + 10 {
		ada.says(fmt.Sprint(i))
		ada.gets("said")
	}
	_, hello = enter(t, url, "Grace")
	require.Len(t, hello.Recent, maxRecent)
	require.Equal(t, "10", hello.Recent[0].Text)
	for i := range maxRecent - 1 {
		require.Less(t, hello.Recent[i].At, hello.Recent[i+1].At)
	}
}

func TestANameIsOneThatCanBeRead(t *testing.T) {
	for given, want := range map[string]string{
		"Ada":                          "Ada",
		" Ada \n Lovelace\t":           "Ada Lovelace",
		"مريم":                         "مريم",
		strings.Repeat("ß", maxName):   strings.Repeat("ß", maxName),
		strings.Repeat("ß", maxName+1): "too long",
		"":                             "enter a name",
		" \t":                          "enter a name",
		"A\u200bda":                    "cannot be seen", // a space of no width
		"\u202eadA":                    "cannot be seen", // from right to left
		"A\x00":                        "cannot be seen",
	} {
		name, complaint := cleanName(given)
		if complaint == "" {
			require.Equal(t, want, name, "%q", given)
		} else {
			require.Contains(t, complaint, want, "%q", given)
			require.Empty(t, name)
		}
	}
	v := visit(t, open(t))
	v.sends(command{Type: "join", Name: " "})
	require.Equal(t, "Please enter a name.", v.isSentAway(codeName))
}

func TestAMessageThatIsTooLongIsRefused(t *testing.T) {
	url := open(t)
	ada, _ := enter(t, url, "Ada")
	ada.says(strings.Repeat("ß", maxText+1))
	require.Equal(t, "This message is too long: 1001 characters, at most 1000.", ada.gets("error").Text)
	ada.says("   ") // is no message at all
	ada.says(strings.Repeat("👋", maxText))
	require.Len(t, []rune(ada.gets("said").Text), maxText)

	ada.says(strings.Repeat("x", maxMessage))
	ada.isSentAway(frame.TooBig)
}

func TestWhatIsNoMessageOfTheChatEndsTheConnection(t *testing.T) {
	url := open(t)
	send := func(v *visitor, typ conn.Type, text string) *visitor {
		require.NoError(t, v.c.Write(t.Context(), typ, []byte(text)))
		return v
	}
	require.Contains(t, send(visit(t, url), conn.Text, "{").isSentAway(codeMalformed), "JSON")
	require.Contains(t, send(visit(t, url), conn.Text, `{"type":"say"}`).isSentAway(codeMalformed), "join")
	require.Contains(t, send(visit(t, url), conn.Binary, `{"type":"join"}`).isSentAway(frame.Unsupported), "text")
	for text, reason := range map[string]string{
		`"say"`:           "JSON",
		`{"type":"join"}`: "does not know",
		`{}`:              "does not know",
	} {
		ada, _ := enter(t, url, "Ada")
		require.Contains(t, send(ada, conn.Text, text).isSentAway(codeMalformed), reason, text)
	}
}

func TestASlowReaderHoldsUpNobody(t *testing.T) {
	url := open(t)
	ada, _ := enter(t, url, "Ada")
	slow, _ := enter(t, url, "Slow") // and never reads again
	ada.gets("joined")
	text := strings.Repeat("x", maxText)
	gone := false
	for began := time.Now(); !gone && time.Since(began) < 30*time.Second; {
		ada.says(text)
		m, err := ada.c.Read(t.Context())
		require.NoError(t, err)
		if gone = strings.Contains(string(m.Data), `"left"`); gone {
			require.JSONEq(t, `{"type":"left","name":"Slow"}`, string(m.Data))
		}
	}
	require.True(t, gone, "the slow reader is still there")
	// What was on its way comes, and then the end.
	for range slow.c.Messages(t.Context()) {
	}
	require.Error(t, slow.c.Err())
}

func TestWhoDoesNotJoinIsSentAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := wstest.Pipe(t, nil, nil)
		began := time.Now()
		err := newRoom().serve(s.Context(), s, nil)
		require.ErrorContains(t, err, "1008")
		require.ErrorContains(t, err, "in time")
		require.Equal(t, 10*time.Second, time.Since(began))
	})
}

func TestAPageOfAnotherSiteIsRefused(t *testing.T) {
	_, err := client.Dial(t.Context(), open(t), &client.Options{
		Header: http.Header{"Origin": {"https://example.com"}},
	})
	var refused *client.DialError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, http.StatusForbidden, refused.Status)
}

func TestTheServerSaysGoodbyeBeforeItGoes(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	lines := make(chan string, 10)
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, "127.0.0.1:0", printed(lines)) }()
	_, url, ok := strings.Cut(strings.TrimSpace(<-lines), ": ")
	require.True(t, ok)
	ada, _ := enter(t, url+"ws", "Ada")

	require.ErrorContains(t, run(ctx, strings.Trim(strings.TrimPrefix(url, "http:"), "/"), printed(lines)), "-listen")

	interrupt()
	require.Equal(t, "the server is restarting", ada.isSentAway(frame.GoingAway))
	require.NoError(t, <-ended)
	_, err := client.Dial(t.Context(), url+"ws", nil)
	require.Error(t, err)
}

// printed is an output that hands on what is printed.
type printed chan string

func (p printed) Write(b []byte) (int, error) {
	p <- string(b)
	return len(b), nil
}
