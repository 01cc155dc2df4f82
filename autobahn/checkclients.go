package autobahn

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
)

// CheckClients listens for clients that test themselves: each asks for the
// number of cases and plays them one by one. It serves until ctx ends or a
// client stops it, and closes l. The report holds the latest result of every
// case that was played. The error is one of l's.
//
// These are the paths; N counts from 1, and A is the client's name:
//
//	/getCaseCount                          a text message: the number of cases
//	/runCase?case=N&agent=A                plays a case
//	/runCase?casetuple=1.2.3&agent=A       … by its id
//	/getCaseInfo?case=N                    a text message: {"id", "description"}
//	/getCaseStatus?case=N&agent=A          a text message: {"behavior"}, when the case is over
//	/updateReports?agent=A                 writes the report into Options.Dir
//	…&shutdownOnComplete=true              … and stops
//	/stopServer                            stops
func CheckClients(ctx context.Context, l net.Listener, o Options) (*Report, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	h := &hub{options: o, cases: o.cases(), stop: stop, results: map[string]map[string]Result{}, playing: map[string]int{}}
	h.changed = sync.NewCond(&h.mu)
	unlisten := context.AfterFunc(ctx, func() {
		_ = l.Close()
		h.mu.Lock()
		h.over = true
		h.changed.Broadcast()
		h.mu.Unlock()
	})
	defer unlisten()

	var visits sync.WaitGroup
	for {
		nc, err := l.Accept()
		if err != nil {
			_ = l.Close()
			stop()
			visits.Wait()
			if errors.Is(err, net.ErrClosed) {
				err = nil
			}
			return h.report(), err
		}
		visits.Go(func() { h.visit(ctx, nc) })
	}
}

// A hub knows what the clients have done.
type hub struct {
	options Options
	cases   []*Case
	stop    func()

	mu      sync.Mutex // guards what is below, and calls of Done
	changed *sync.Cond // results has grown, or over is true
	over    bool
	results map[string]map[string]Result // by agent and id
	playing map[string]int               // cases that are not over, by agent
}

// visit serves one connection.
func (h *hub) visit(ctx context.Context, nc net.Conn) {
	quit := context.AfterFunc(ctx, func() { _ = nc.Close() })
	r, early, err := readRequest(nc)
	quit() // from here on, whoever has the connection sees to it
	if err != nil {
		_ = nc.Close()
		return
	}
	if r.URL.Path == "/runCase" {
		h.runCase(ctx, nc, r, early)
		return
	}
	if err := checkRequest(r); err != nil {
		refuse(nc, http.StatusBadRequest, err.Error())
		return
	}
	say, after, err := h.command(r)
	if err != nil {
		refuse(nc, http.StatusNotFound, err.Error())
		return
	}
	e := newEndpoint(nc, false)
	e.tx.put(answer(r, nil), true)
	e.tx.flush()
	e.player = &speaker{e: e, text: say()}
	e.run(ctx, early)
	after()
}

// runCase plays a case.
func (h *hub) runCase(ctx context.Context, nc net.Conn, r *http.Request, early []byte) {
	c, agent, err := h.asked(r)
	if err != nil {
		refuse(nc, http.StatusBadRequest, err.Error())
		return
	}
	h.begin(agent)
	var d *deal
	if err = checkRequest(r); err == nil && c.deflate != nil {
		d, err = accept(r.Header.Values("Sec-WebSocket-Extensions"), c.deflate.asks)
	}
	var result Result
	if err != nil {
		refuse(nc, http.StatusBadRequest, err.Error())
		result = unopened(c, err)
	} else {
		e := newEndpoint(nc, false)
		// The answer and the first frames leave in one write: a client has
		// to cope with octets behind the head.
		e.tx.put(answer(r, d), false)
		result = conduct(ctx, e, c, d, early)
	}
	result.Agent = agent
	h.keep(result)
}

// asked says which case a request is for, and whose it is.
func (h *hub) asked(r *http.Request) (*Case, string, error) {
	c, err := h.find(r)
	if err != nil {
		return nil, "", err
	}
	agent := r.URL.Query().Get("agent")
	if agent == "" {
		return nil, "", errors.New("the agent is missing: &agent=name")
	}
	if h.options.Agent != "" {
		agent = h.options.Agent
	}
	return c, agent, nil
}

// begin notes that a case is being played.
func (h *hub) begin(agent string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.playing[agent]++
}

// keep notes its end.
func (h *hub) keep(r Result) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.playing[r.Agent]--
	defer h.changed.Broadcast()
	if r.stopped {
		return
	}
	if h.results[r.Agent] == nil {
		h.results[r.Agent] = map[string]Result{}
	}
	h.results[r.Agent][r.Case.ID] = r
	if h.options.Done != nil {
		h.options.Done(r)
	}
}

// wait returns the result of a case as soon as there is one; ok is false if
// the hub has stopped before.
func (h *hub) wait(agent, id string) (r Result, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		if r, ok = h.results[agent][id]; ok || h.over {
			return r, ok
		}
		h.changed.Wait()
	}
}

// settle waits until an agent has no case that is not over. A client that has
// seen the end of its last case may be quicker than the tester.
func (h *hub) settle(agent string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.playing[agent] > 0 && !h.over {
		h.changed.Wait()
	}
}

// report is about everything that was played so far.
func (h *hub) report() *Report {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []Result
	for _, results := range h.results {
		for _, r := range results {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b Result) int { return compareIDs(a.Case.ID, b.Case.ID) })
	return newReport(all)
}
