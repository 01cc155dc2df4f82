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

// RunClient lets a client play all cases of the tester at a URL, so many at a
// time. That a case cannot be played to its end is for the tester to judge.
func RunClient(ctx context.Context, base, agent string, parallel int, play func(ctx context.Context, url string) error) error {
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

// count asks the tester how many cases there are. It matters little with
// which library.
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
