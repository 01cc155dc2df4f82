//go:build interop

package interop

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// The example chat, in windows of a real browser.

var chatDir string // of the program; TestMain removes it

// chatProgram builds the example, once.
var chatProgram = sync.OnceValues(func() (string, error) {
	var err error
	if chatDir, err = os.MkdirTemp("", "interop-chat"); err != nil {
		return "", err
	}
	program := filepath.Join(chatDir, "chat")
	build := exec.Command("go", "build", "-o", program, "github.com/bellwire/bellwire/examples/chat")
	build.Stderr = os.Stderr
	return program, build.Run()
})

// A chat is the example at work, and windows on it.
type chat struct {
	addr    string
	server  *child
	browser *child // of js/windows.js
	windows *theirs
}

// A step is what happens in a window; see js/windows.js.
type step struct {
	Do     string `json:"do"`
	Window string `json:"window,omitempty"`
	Text   string `json:"text,omitempty"`
	URL    string `json:"url,omitempty"`
	Dark   bool   `json:"dark,omitempty"`
	Narrow bool   `json:"narrow,omitempty"`
}

func startChat(t *testing.T) *chat {
	c := &chat{addr: "127.0.0.1:0"}
	c.serve(t)
	var err error
	c.browser, err = spawn(exec.Command(nodePath, "js/windows.js", browserEndpoint(t)))
	require.NoError(t, err)
	t.Cleanup(c.browser.end)
	c.windows = &theirs{events: c.browser.events, log: func() string { return c.browser.said.String() + c.server.said.String() }}
	return c
}

// serve starts the server, on the port it had before if there was one.
func (c *chat) serve(t *testing.T) {
	t.Helper()
	program, err := chatProgram()
	require.NoError(t, err)
	c.server, err = spawn(exec.Command(program, "-listen", c.addr))
	require.NoError(t, err)
	t.Cleanup(c.server.kill)
	line := (&theirs{events: c.server.events, log: c.server.said.String}).expect(t, "line").Text
	_, url, ok := strings.Cut(line, "http://")
	require.True(t, ok, "the chat says %q", line)
	c.addr = strings.TrimRight(url, "/\n")
}

// stop ends the server as a signal does.
func (c *chat) stop(t *testing.T, s syscall.Signal) {
	t.Helper()
	require.NoError(t, c.server.cmd.Process.Signal(s))
	select {
	case <-c.server.gone:
	case <-bounded(t).Done():
		t.Fatalf("the chat does not end\n%s", c.server.said.String())
	}
}

// window lets something happen in a window, or be seen there.
func (c *chat) window(t *testing.T, name, do, text string) {
	t.Helper()
	c.perform(t, step{Do: do, Window: name, Text: text}, "done")
}

func (c *chat) perform(t *testing.T, s step, answer string) event {
	t.Helper()
	require.NoError(t, json.NewEncoder(c.browser.stdin).Encode(s))
	return c.windows.expect(t, answer)
}

// enter opens a window and joins the chat in it.
func (c *chat) enter(t *testing.T, name string) {
	t.Helper()
	c.open(t, step{Window: name})
	c.window(t, name, "join", name)
	c.window(t, name, "state", "Online")
	c.window(t, name, "here", name)
}

func (c *chat) open(t *testing.T, s step) {
	t.Helper()
	s.Do, s.URL = "open", "http://"+c.addr+"/"
	c.perform(t, s, "done")
}

// complaints are what the browser holds against the page so far: errors on
// its console, and violations of its policy.
func (c *chat) complaints(t *testing.T) string {
	t.Helper()
	return c.perform(t, step{Do: "complaints"}, "complaints").Text
}

func TestTwoWindowsOfTheChatTalkToEachOther(t *testing.T) {
	c := startChat(t)
	c.enter(t, "Ann")
	c.enter(t, "Bob")
	c.window(t, "Ann", "reads", "Bob joined")
	c.window(t, "Ann", "here", "Bob")
	c.window(t, "Bob", "here", "Ann")

	c.window(t, "Ann", "say", "Is anybody there?")
	c.window(t, "Bob", "reads", "Is anybody there?")
	c.window(t, "Bob", "say", "Ça va <b>bien</b> 🙂")
	c.window(t, "Ann", "reads", "Ça va <b>bien</b> 🙂")

	// A reload comes back as the same person, and remembers.
	c.window(t, "Bob", "reload", "")
	c.window(t, "Bob", "state", "Online")
	c.window(t, "Bob", "reads", "Is anybody there?")

	c.window(t, "Bob", "shut", "")
	c.window(t, "Ann", "reads", "Bob left")
	c.window(t, "Ann", "gone", "Bob")
	require.Empty(t, c.complaints(t))
}

func TestANameThatIsTakenIsExplained(t *testing.T) {
	c := startChat(t)
	c.enter(t, "Ann")
	c.open(t, step{Window: "second"})
	c.window(t, "second", "join", "ann")
	c.window(t, "second", "alert", "Somebody here has this name. Please pick another one.")
	c.window(t, "second", "join", "Bea")
	c.window(t, "second", "state", "Online")
	c.window(t, "Ann", "reads", "Bea joined")
	require.Empty(t, c.complaints(t))
}

func TestTheChatComesBackAfterItsServer(t *testing.T) {
	for name, how := range map[string]struct {
		signal syscall.Signal
		notice string
	}{
		"restart": {syscall.SIGTERM, "The server is restarting."},
		"crash":   {syscall.SIGKILL, "The connection was lost."},
	} {
		t.Run(name, func(t *testing.T) {
			c := startChat(t)
			c.enter(t, "Ann")
			c.enter(t, "Bob")
			c.window(t, "Ann", "say", "before")
			c.window(t, "Bob", "reads", "before")
			require.Empty(t, c.complaints(t))

			c.stop(t, how.signal)
			for _, w := range []string{"Ann", "Bob"} {
				c.window(t, w, "state", "Offline")
				c.window(t, w, "sees", "retrying in")
			}
			c.window(t, "Ann", "alert", how.notice)

			c.serve(t)
			for _, w := range []string{"Ann", "Bob"} {
				c.window(t, w, "state", "Online")
				c.window(t, w, "reads", "You are back")
			}
			c.window(t, "Ann", "here", "Bob")
			c.window(t, "Bob", "say", "after")
			c.window(t, "Ann", "reads", "after")
			for complaint := range strings.Lines(c.complaints(t)) {
				// The browser's own words about each attempt in between.
				require.Regexp(t, `^error: WebSocket connection to 'ws://[^']+' failed:`, complaint)
			}
		})
	}
}

func TestTheChatFitsEveryScreen(t *testing.T) {
	c := startChat(t)
	c.enter(t, "Ann")
	for _, s := range []step{
		{Window: "light", Narrow: false, Dark: false},
		{Window: "dark", Narrow: false, Dark: true},
		{Window: "light phone", Narrow: true, Dark: false},
		{Window: "dark phone", Narrow: true, Dark: true},
	} {
		c.open(t, s)
		c.fits(t, s)
		c.window(t, s.Window, "join", s.Window)
		c.window(t, s.Window, "state", "Online")
		c.window(t, s.Window, "say", "A word that does not end: "+strings.Repeat("long", 60)+" ("+s.Window+")")
		c.window(t, s.Window, "sees", "("+s.Window+")")
		c.fits(t, s)
	}
	c.stop(t, syscall.SIGTERM)
	for _, s := range []step{{Window: "dark", Dark: true}, {Window: "light phone"}} {
		c.window(t, s.Window, "state", "Offline")
		c.fits(t, s)
	}
}

// fits fails the test if anything in a window has to be scrolled to from side
// to side, or is not as dark as the system wants it.
func (c *chat) fits(t *testing.T, s step) {
	t.Helper()
	var m struct {
		Wide        []string
		Ground, Ink float64 // brightness, up to 255
	}
	e := c.perform(t, step{Do: "measure", Window: s.Window}, "measured")
	require.NoError(t, json.Unmarshal([]byte(e.Text), &m))
	require.Empty(t, m.Wide, s.Window)
	if s.Dark {
		require.Less(t, m.Ground, 60.0, s.Window)
		require.Greater(t, m.Ink, 180.0, s.Window)
	} else {
		require.Greater(t, m.Ground, 200.0, s.Window)
		require.Less(t, m.Ink, 80.0, s.Window)
	}
}
