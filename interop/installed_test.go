//go:build interop

package interop

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Where install.sh puts things. Debian's python3-websockets belongs to
// Debian's Python, whatever else is found first on the path.
const (
	nodePath     = "node"
	pythonPath   = "/usr/bin/python3"
	nginxPath    = "/usr/sbin/nginx"
	curlPath     = "/usr/bin/curl"
	chromiumPath = "/usr/bin/chromium"
)

func init() {
	peers = append(peers,
		peer{name: "ws", client: newWS, server: newWS,
			can: pings | fragments | raw | bareClose | anyCode | drops | checksText | limits | origin | sees | seesBody},
		peer{name: "websockets", client: newWebsockets, server: newWebsockets,
			can: pings | fragments | raw | anyCode | drops | checksText | limits | origin | sees},
		peer{name: "chromium", client: newPage, page: pageOrigin,
			can: bareClose | checksText},
	)
}

func newWS(t *testing.T) *theirs { return startChild(t, nodePath, "js/ws.js") }

func newWebsockets(t *testing.T) *theirs { return startChild(t, pythonPath, "py/peer.py") }

// newPage opens a page of its own in the browser.
func newPage(t *testing.T) *theirs {
	return startChild(t, nodePath, "js/page.js", browserEndpoint(t), pageOrigin(t)+"/page.html")
}

// browser is the one browser of all tests; each page has a profile of its
// own. TestMain ends it.
var browser struct {
	sync.Mutex
	child    *child
	endpoint string
}

func browserEndpoint(t *testing.T) string {
	browser.Lock()
	defer browser.Unlock()
	if browser.child == nil {
		c, err := spawn(exec.Command(nodePath, "js/chromium.js", chromiumPath))
		require.NoError(t, err)
		browser.child = c
		p := &theirs{events: c.events, log: c.said.String}
		browser.endpoint = p.expect(t, "listening").Text
	}
	require.NotEmpty(t, browser.endpoint, "the browser has not started")
	return browser.endpoint
}

// pageServer serves the page that is a peer for as long as the tests run, under
// a policy that lets it do nothing but what it is for. It returns its origin.
var pageServer = sync.OnceValues(func() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	files := http.FileServer(http.Dir("testdata"))
	go func() {
		_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; img-src data:; connect-src ws:")
			files.ServeHTTP(w, r)
		}))
	}()
	return "http://" + l.Addr().String(), nil
})

func pageOrigin(t *testing.T) string {
	origin, err := pageServer()
	require.NoError(t, err)
	return origin
}

func TestMain(m *testing.M) {
	code := m.Run()
	if browser.child != nil {
		browser.child.end()
	}
	if chatDir != "" {
		_ = os.RemoveAll(chatDir)
	}
	os.Exit(code)
}
