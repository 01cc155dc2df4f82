package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/server"
)

// outcome is what a run of the command leaves behind.
type outcome struct {
	code     int
	out, err string
}

// bellwire runs the command as a script would.
func bellwire(t *testing.T, input string, args ...string) outcome {
	t.Helper()
	var out, errs bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	code := run(ctx, args, terminal{in: strings.NewReader(input), out: &out, err: &errs})
	require.NoError(t, ctx.Err(), "the command did not end by itself")
	return outcome{code, out.String(), errs.String()}
}

// serving starts "bellwire serve" on a free port, and returns its URL and what
// stops it.
func serving(t *testing.T, args ...string) (url string, stop func() outcome) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	var errs bytes.Buffer
	ended := make(chan outcome, 1)
	go func() {
		code := run(ctx, append([]string{"serve", "-listen", "127.0.0.1:0"}, args...), terminal{in: strings.NewReader(""), out: w, err: &errs})
		w.Close()
		ended <- outcome{code: code, err: errs.String()}
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	require.NoError(t, err, "the server did not say where it listens")
	stop = sync.OnceValue(func() outcome {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { stop() })
	return strings.TrimSpace(line), stop
}

// behaving starts a server that does what f does, and returns its URL.
func behaving(t *testing.T, f server.Func) string {
	t.Helper()
	u, err := server.NewUpgrader(server.Options{Group: new(server.Group)})
	require.NoError(t, err)
	s := httptest.NewServer(u.Handler(f))
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http")
}

// person types, and looks at the screen.
type person struct {
	t     *testing.T
	keys  *io.PipeWriter
	seen  chan string // pieces of the screen, as they appear
	text  string      // all of them so far
	ended chan int
	errs  bytes.Buffer
}

// sitting starts "bellwire connect" in front of a person.
func sitting(t *testing.T, args ...string) *person {
	t.Helper()
	in, keys := io.Pipe()
	p := &person{t: t, keys: keys, seen: make(chan string, 1000), ended: make(chan int, 1)}
	go func() {
		p.ended <- run(t.Context(), append([]string{"connect"}, args...), terminal{in: in, out: p, err: &p.errs, live: true})
	}()
	t.Cleanup(func() { keys.Close() })
	return p
}

// Write is the screen.
func (p *person) Write(b []byte) (int, error) {
	p.seen <- string(b)
	return len(b), nil
}

func (p *person) types(line string) {
	p.t.Helper()
	_, err := io.WriteString(p.keys, line+"\n")
	require.NoError(p.t, err)
}

// sees waits until the screen has shown the text, and forgets what was before.
func (p *person) sees(text string) {
	p.t.Helper()
	late := time.After(20 * time.Second)
	for {
		if _, after, ok := strings.Cut(p.text, text); ok {
			p.text = after
			return
		}
		select {
		case s := <-p.seen:
			p.text += s
		case <-late:
			require.FailNow(p.t, "not on the screen", "want %q, got %q", text, p.text)
		}
	}
}

// leaves waits for the command to end.
func (p *person) leaves() outcome {
	code := <-p.ended
	return outcome{code: code, err: p.errs.String()}
}
