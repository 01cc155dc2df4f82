package peers

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// dialTime bounds one opening handshake.
const dialTime = 10 * time.Second

// A Client dials a URL and echoes what comes until the connection is over.
// The error is that of an opening handshake that failed.
type Client func(ctx context.Context, url string) error

// Run lets a client play all cases of the tester at a URL such as
// ws://127.0.0.1:9001, so many at a time. What goes wrong in a case, the
// opening handshake included, is for the tester to judge.
func Run(ctx context.Context, base, agent string, parallel int, play Client) error {
	n, err := count(ctx, base)
	if err != nil {
		return err
	}
	next := make(chan int)
	var workers sync.WaitGroup
	for range parallel {
		workers.Go(func() {
			for i := range next {
				_ = play(ctx, fmt.Sprintf("%s/runCase?case=%d&agent=%s", base, i, url.QueryEscape(agent)))
			}
		})
	}
	for i := 1; i <= n && ctx.Err() == nil; i++ {
		next <- i
	}
	close(next)
	workers.Wait()
	return ctx.Err()
}

// count asks the tester how many cases there are. Here it does not matter
// with which library.
func count(ctx context.Context, base string) (int, error) {
	c, _, err := websocket.DefaultDialer.DialContext(ctx, base+"/getCaseCount", nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }()
	_, p, err := c.ReadMessage()
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(p))
}
