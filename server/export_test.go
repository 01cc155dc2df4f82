package server

import (
	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/handshake"
)

// Network shows which part of an address is capped.
func Network(addr string) string { return network(addr) }

// Keys is the number of keys that g remembers.
func (g *Group) Keys() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.keys)
}

// Listeners is the number of listeners that s will close.
func (s *Server) Listeners() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.listeners)
}

// Enter makes c a member as a handshake does. It returns what the handshake
// does when it is over.
func (g *Group) Enter(c *conn.Conn) (over func()) {
	s, err := g.reserve(new(handshake.Request))
	if err != nil {
		panic(err)
	}
	g.enter(c, s)
	return s.release
}
