//go:build interop

package interop

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A child is a program that takes commands on its standard input and reports
// events on its standard output, one line of JSON each. Of a program that is
// not made for this, each line of output is an event "line".
type child struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	events chan event
	said   transcript
	gone   chan struct{} // closed when it has been waited for
}

// spawn starts a child in a process group of its own.
func spawn(cmd *exec.Cmd) (*child, error) {
	c := &child{cmd: cmd, events: newEvents(), gone: make(chan struct{})}
	// A test that runs out of time ends without a clean-up.
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	c.cmd.Stderr = &c.said
	var err error
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go c.listen(stdout)
	return c, nil
}

// listen turns lines into events until the child has closed its output.
func (c *child) listen(stdout io.Reader) {
	defer close(c.gone)
	defer close(c.events)
	lines := bufio.NewReaderSize(stdout, 1<<16)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			fmt.Fprintf(&c.said, "exit: %v\n", c.cmd.Wait())
			return
		}
		var e event
		if json.Unmarshal(line, &e) != nil || e.Event == "" {
			_, _ = c.said.Write(line)
			e = event{Event: "line", Text: string(line)}
		}
		c.events <- e
	}
}

// end lets the child leave by itself, and kills it and all its children if
// that takes too long.
func (c *child) end() {
	_ = c.stdin.Close()
	select {
	case <-c.gone:
	case <-time.After(5 * time.Second):
	}
	c.kill()
}

// kill ends the child and its children without a word.
func (c *child) kill() {
	// Its children may have outlived it. They share its group, whose number
	// nobody else gets before they are gone.
	_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
	<-c.gone
}

func (c *child) perform(cmd command) error {
	return json.NewEncoder(c.stdin).Encode(cmd)
}

// startChild starts a child that ends with the test.
func startChild(t *testing.T, program string, args ...string) *theirs {
	c, err := spawn(exec.Command(program, args...))
	require.NoError(t, err, "install.sh installs what is missing")
	t.Cleanup(c.end)
	return &theirs{perform: c.perform, events: c.events, log: c.said.String}
}

// A transcript is what a program has said, for the report of a failure.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
