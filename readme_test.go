package bellwire_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/server"
)

// Named here so that the compiler sees that they are whole.
var (
	_                                                                  = readmeServer
	_ func(context.Context) error                                      = readmeClient
	_ func(server.Func) error                                          = readmeOptions
	_ func(context.Context, *http.Server, *server.Group, []byte) error = readmeGroup
	_ func(context.Context, func(conn.Message))                        = readmeReconnect
	_                                                                  = readmeConformance
)

// lines returns what the compiler sees of a text: indentation and empty lines
// do not matter.
func lines(text string) (all []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// missing returns the first block of Go in a page that does not stand in
// code, line by line.
func missing(page, code string) string {
	compiled := strings.Join(lines(code), "\n")
	for _, rest := range strings.Split(page, "```go\n")[1:] {
		block, _, _ := strings.Cut(rest, "```")
		// A test cannot be declared within a function.
		block = strings.Replace(block, "func TestConformance(t *testing.T) {", "_ = func(t *testing.T) {", 1)
		if !strings.Contains(compiled, strings.Join(lines(block), "\n")) {
			return block
		}
	}
	return ""
}

func TestTheReadmeIsCompiled(t *testing.T) {
	page, err := os.ReadFile("README.md")
	require.NoError(t, err)
	code, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	require.GreaterOrEqual(t, strings.Count(string(page), "```go\n"), 6)
	require.Empty(t, missing(string(page), string(code)), "this code of README.md does not stand in example_test.go")
	require.NotEmpty(t, missing(strings.Replace(string(page), "client.Dial(", "client.Deal(", 1), string(code)), "the check finds nothing")
}

// A newcomer writes a server and a client from the first screen.
func TestTheFirstScreenHasAServerAndAClient(t *testing.T) {
	page, err := os.ReadFile("README.md")
	require.NoError(t, err)
	screen := strings.Join(strings.SplitN(string(page), "\n", 31)[:30], "\n")
	for _, want := range []string{"go run ./examples/chat", "go test", "go get github.com/bellwire/bellwire", "server.Handler(", "client.Dial(", "c.Read(ctx)"} {
		require.Contains(t, screen, want)
	}
}
