package autobahn

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// find says which case a request names, by its number or by its id.
func (h *hub) find(r *http.Request) (*Case, error) {
	q := r.URL.Query()
	if id := q.Get("casetuple"); id != "" {
		for _, c := range h.cases {
			if c.ID == id {
				return c, nil
			}
		}
		return nil, fmt.Errorf("there is no case %q", id)
	}
	n, err := strconv.Atoi(q.Get("case"))
	if err != nil || n < 1 || n > len(h.cases) {
		return nil, fmt.Errorf("case=%q is no number from 1 to %d", q.Get("case"), len(h.cases))
	}
	return h.cases[n-1], nil
}

// command finds what a path other than /runCase stands for: what is said on
// the connection, once the opening handshake is over, and what is done after.
func (h *hub) command(r *http.Request) (say func() string, after func(), err error) {
	silent, nothing := func() string { return "" }, func() {}
	switch r.URL.Path {
	case "/getCaseCount":
		return func() string { return strconv.Itoa(len(h.cases)) }, nothing, nil
	case "/getCaseInfo":
		c, err := h.find(r)
		return func() string { return info(c) }, nothing, err
	case "/getCaseStatus":
		c, agent, err := h.asked(r)
		return func() string { return h.status(agent, c) }, nothing, err
	case "/updateReports":
		agent := r.URL.Query().Get("agent")
		if agent == "" {
			return nil, nil, fmt.Errorf("the agent is missing: ?agent=name")
		}
		after := nothing
		if r.URL.Query().Get("shutdownOnComplete") == "true" || h.options.Once {
			after = h.stop
		}
		return func() string { return h.write(cmp.Or(h.options.Agent, agent)) }, after, nil
	case "/stopServer":
		return silent, h.stop, nil
	}
	return nil, nil, fmt.Errorf("there is no %s", r.URL.Path)
}

func info(c *Case) string {
	return asJSON(struct {
		ID          string `json:"id"`
		Description string `json:"description"`
	}{c.ID, c.Description()})
}

func (h *hub) status(agent string, c *Case) string {
	r, ok := h.wait(agent, c.ID)
	if !ok {
		return ""
	}
	return asJSON(struct {
		Behavior Verdict `json:"behavior"`
	}{r.Behavior})
}

// write writes the report. What goes wrong is said to the client.
func (h *hub) write(agent string) string {
	h.settle(agent)
	if h.options.Dir == "" {
		return ""
	}
	if err := h.report().WriteFiles(h.options.Dir); err != nil {
		return err.Error()
	}
	return ""
}

func asJSON(v any) string {
	b, _ := json.Marshal(v) // strings only
	return string(b)
}

// A speaker says one thing, or nothing, and closes.
type speaker struct {
	e    *endpoint
	text string
}

func (s *speaker) opened() {
	if s.text != "" {
		s.e.send(frame{fin: true, opcode: opText, payload: []byte(s.text)}, writing{})
	}
	s.e.sendClose(nil)
}

func (*speaker) message(bool, []byte) {}
func (*speaker) pong([]byte)          {}
