package server

import (
	"iter"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/handshake"
)

// Group is a set of connections. A connection enters it with the handshake and
// leaves it when it ends. The zero value is ready; a Group must not be copied
// once it is in use.
type Group struct {
	// MaxConns caps the connections that are being served: from before the
	// handshake is answered until the connection has ended and its Func has
	// returned. Further requests are refused with 503. 0: no cap.
	MaxConns int

	// MaxPerKey caps those of them that have the same Key. 0: no cap.
	MaxPerKey int

	// Key tells for whom a connection is, such as a user. Those with the key
	// "" are not capped. Nil means the network that the peer is in: its IPv4
	// address, or the first 64 bits of its IPv6 address, which is what a
	// single subscriber has. Behind a proxy that is the proxy's.
	Key func(r *handshake.Request) string

	mu      sync.Mutex
	conns   map[*conn.Conn]*slot // those that live
	taken   int                  // slots
	keys    map[string]int       // of them, by key
	callers int                  // that have not sent a whole request yet
	drain   *Drain               // nil: open
	empty   chan struct{}        // closed when nobody is left, if anybody waits
}

// DefaultGroup is the Group of those who do not name one.
var DefaultGroup = new(Group)

// slot is a place in a group. It is held by the handshake, which hands it to
// the Func, and by the connection.
type slot struct {
	g     *Group
	key   string
	holds int // guarded by g.mu
}

// retryAfter is what a client that found no room is told, in seconds.
const retryAfter = 5

// reserve takes a slot for a request that is about to be accepted. The error
// is a *handshake.Error. The caller holds the slot.
func (g *Group) reserve(r *handshake.Request) (*slot, error) {
	key := g.keyOf(r)
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.drain != nil:
		return nil, handshake.Unavailable(retryAfter, "the server is shutting down")
	case g.MaxConns > 0 && g.taken >= g.MaxConns:
		return nil, handshake.Unavailable(retryAfter, "the server has as many connections as it can serve")
	case key != "" && g.keys[key] >= g.MaxPerKey:
		return nil, handshake.Unavailable(retryAfter, "you have as many connections as one client may have")
	}
	g.taken++
	if key != "" {
		if g.keys == nil {
			g.keys = make(map[string]int)
		}
		g.keys[key]++
	}
	return &slot{g: g, key: key, holds: 1}, nil
}

func (g *Group) keyOf(r *handshake.Request) string {
	switch {
	case g.MaxPerKey <= 0:
		return ""
	case g.Key != nil:
		return g.Key(r)
	}
	return network(r.RemoteAddr)
}

// network is the part of an address that one subscriber cannot change.
func network(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr // not of an IP network
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	p, _ := ip.Prefix(64) // fails only for an IPv4 address
	return p.String()
}

func (s *slot) release() {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	s.releaseLocked()
}

func (s *slot) releaseLocked() {
	g := s.g
	if s.holds--; s.holds > 0 {
		return
	}
	g.taken--
	if s.key != "" {
		if g.keys[s.key]--; g.keys[s.key] == 0 {
			delete(g.keys, s.key)
		}
	}
	g.tell()
}

// enter makes c a member, which holds the slot until it ends.
func (g *Group) enter(c *conn.Conn, s *slot) {
	g.mu.Lock()
	if g.conns == nil {
		g.conns = make(map[*conn.Conn]*slot)
	}
	g.conns[c] = s
	s.holds++
	late := g.drain
	g.mu.Unlock()
	if c.Err() != nil {
		g.leave(c) // it has ended before it was known here
	} else if late != nil {
		go late.close(c)
	}
}

// leave is told by the connection that it has ended, before it hangs up. A
// client that waits for that and connects anew finds its slot free, if the
// Func has returned.
func (g *Group) leave(c *conn.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s, ok := g.conns[c]; ok {
		delete(g.conns, c)
		s.releaseLocked()
	}
}

// watch returns the hooks t with one more, by which connections leave. A hook
// costs an idle connection nothing; a context would.
func (g *Group) watch(t *conn.Trace) *conn.Trace {
	var w conn.Trace
	if t != nil {
		w = *t
	}
	closed := w.Closed
	w.Closed = func(c *conn.Conn, e *conn.CloseError, s conn.Stats) {
		g.leave(c)
		if closed != nil {
			closed(c, e, s)
		}
	}
	return &w
}

// call notes that somebody has connected who has not said yet what for. A
// shutdown waits for that too.
func (g *Group) call() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.callers++
}

func (g *Group) hangUp() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.callers--
	g.tell()
}

// tell wakes those that wait for the group to be empty, if it is. g.mu is
// held.
func (g *Group) tell() {
	if g.empty != nil && g.taken+g.callers == 0 {
		close(g.empty)
		g.empty = nil
	}
}

// emptied returns a channel that is closed when nobody is left.
func (g *Group) emptied() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.empty == nil {
		g.empty = make(chan struct{})
	}
	empty := g.empty
	g.tell()
	return empty
}

// Len is the number of connections that live.
func (g *Group) Len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.conns)
}

// All yields the connections that live when the iteration begins, in no
// particular order. They may end meanwhile. No lock is held in the loop.
func (g *Group) All() iter.Seq[*conn.Conn] {
	return func(yield func(*conn.Conn) bool) {
		for _, c := range g.members() {
			if !yield(c) {
				return
			}
		}
	}
}

func (g *Group) members() []*conn.Conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.membersLocked()
}

func (g *Group) membersLocked() []*conn.Conn {
	all := make([]*conn.Conn, 0, len(g.conns))
	for c := range g.conns {
		all = append(all, c)
	}
	return all
}

// Attach lets s.Shutdown close the connections too, as Shutdown with a zero
// Drain does. Since net/http does not wait for that, a program that is about
// to exit calls Shutdown of this package instead.
func (g *Group) Attach(s *http.Server) {
	s.RegisterOnShutdown(g.closeDown)
}
