package autobahn

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
)

// CheckServer plays cases against the server at a URL, ws://host:port/path,
// which has to send every message back as it came. The error says why nothing
// could be played, or that ctx has ended; what the server does wrong stands in
// the report.
func CheckServer(ctx context.Context, rawURL string, o Options) (*Report, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("autobahn: %w", err)
	}
	if u.Scheme != "ws" || u.Hostname() == "" {
		return nil, fmt.Errorf("autobahn: %q is no URL like ws://host:port/path", rawURL)
	}
	t := &target{url: u, address: u.Host}
	if u.Port() == "" {
		t.address = net.JoinHostPort(u.Hostname(), "80")
	}
	nc, err := t.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("autobahn: nobody listens: %w", err)
	}
	_ = nc.Close()

	cases := o.cases()
	results := make([]Result, len(cases))
	var mu sync.Mutex // guards calls of Done
	var workers sync.WaitGroup
	next := make(chan int)
	for range max(1, o.Parallel) {
		workers.Go(func() {
			for i := range next {
				r := t.play(ctx, cases[i])
				r.Agent = o.Agent
				results[i] = r
				if o.Done != nil {
					mu.Lock()
					o.Done(r)
					mu.Unlock()
				}
			}
		})
	}
	for i := range cases {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	workers.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	agent := cmp.Or(o.Agent, t.agent, "server")
	for i := range results {
		results[i].Agent = agent
	}
	return newReport(results), nil
}

// A target is a server under test.
type target struct {
	url     *url.URL
	address string

	mu    sync.Mutex
	agent string // what the server calls itself; guarded by mu
}

func (t *target) dial(ctx context.Context) (net.Conn, error) {
	d := net.Dialer{Timeout: openWait}
	return d.DialContext(ctx, "tcp", t.address)
}

// play plays one case.
func (t *target) play(ctx context.Context, c *Case) Result {
	nc, err := t.dial(ctx)
	if err != nil {
		return unopened(c, err)
	}
	var offers []offer
	if c.deflate != nil {
		offers = c.deflate.offers
	}
	resp, d, early, err := knock(nc, t.url, offers)
	t.meet(resp)
	if err != nil {
		_ = nc.Close()
		return unopened(c, err)
	}
	return conduct(ctx, newEndpoint(nc, true), c, d, early)
}

// meet remembers the server's name.
func (t *target) meet(resp *http.Response) {
	if resp == nil {
		return
	}
	t.mu.Lock()
	t.agent = cmp.Or(t.agent, resp.Header.Get("Server"))
	t.mu.Unlock()
}
