package wstest

import (
	"testing"

	"github.com/bellwire/bellwire/conn"
)

// Pipe returns the two ends of a WebSocket connection over NetPipe, without an
// opening handshake. Nil options are the defaults. Both ends are closed, at
// once, when the test is over.
func Pipe(t testing.TB, s, c *conn.Options) (server, client *conn.Conn) {
	t.Helper()
	a, b := NetPipe()
	end := func(tr conn.Transport, role conn.Role, o *conn.Options) *conn.Conn {
		t.Helper()
		ws, err := conn.New(tr, role, conn.Agreement{}, o)
		if err != nil {
			t.Fatalf("wstest: the options of the %v: %v", role, err)
		}
		t.Cleanup(func() { ws.CloseNow() })
		return ws
	}
	return end(a, conn.Server, s), end(b, conn.Client, c)
}
