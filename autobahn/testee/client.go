package testee

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/conn"
)

// dialTime bounds one opening handshake.
const dialTime = 10 * time.Second

// Run is the client: it asks the tester at a URL, such as
// ws://127.0.0.1:9001, for the number of cases, plays them, so many at a time
// (0 is 1), and has the report written. The error is one that keeps it from
// playing on; what goes wrong within a case is for the tester to judge.
func Run(ctx context.Context, rawURL, agent string, parallel int) error {
	base := strings.TrimRight(rawURL, "/")
	n, err := count(ctx, base)
	if err != nil {
		return err
	}
	next := make(chan int)
	var workers sync.WaitGroup
	var mu sync.Mutex
	var failed error // guarded by mu
	for range max(1, parallel) {
		workers.Go(func() {
			for i := range next {
				if err := play(ctx, fmt.Sprintf("%s/runCase?case=%d&agent=%s", base, i, url.QueryEscape(agent))); err != nil {
					mu.Lock()
					failed = errors.Join(failed, err)
					mu.Unlock()
				}
			}
		})
	}
	for i := 1; i <= n && ctx.Err() == nil; i++ {
		next <- i
	}
	close(next)
	workers.Wait()
	if failed != nil {
		return failed
	}
	return play(ctx, base+"/updateReports?agent="+url.QueryEscape(agent))
}

// count asks how many cases there are.
func count(ctx context.Context, base string) (int, error) {
	c, err := dial(ctx, base+"/getCaseCount")
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.CloseNow() }()
	m, err := c.Read(ctx)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(string(m.Data))
	if err != nil {
		return 0, fmt.Errorf("the number of cases is %q", m.Data)
	}
	for range c.Messages(ctx) { // until the tester has closed
	}
	return n, nil
}

// play is the client's part in a case: an echo. Only an opening handshake
// that fails is an error.
func play(ctx context.Context, rawURL string) error {
	c, err := dial(ctx, rawURL)
	if err != nil {
		return err
	}
	defer func() { _ = c.CloseNow() }()
	_ = reflect(ctx, c)
	return ctx.Err()
}

func dial(ctx context.Context, rawURL string) (*conn.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	return client.Dial(ctx, rawURL, &client.Options{Conn: unlimited})
}
