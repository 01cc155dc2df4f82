package server

import (
	"errors"
	"net"

	"github.com/bellwire/bellwire/conn"
)

// Sent counts what became of a broadcast, by connections.
type Sent struct {
	Queued  int // it will go out, or the connection ends
	Dropped int // the queue was full; or the message is one that nobody can send
	Closed  int // the connection is closing or has ended
}

// Broadcast sends p to every connection, or those that keep is true for if it
// is not nil. It never waits for a peer: where the queue is full, the policy
// of that connection decides. keep runs without a lock.
//
// Two broadcasts at a time may reach different connections in different
// orders.
func (g *Group) Broadcast(p *conn.Prepared, keep func(*conn.Conn) bool) Sent {
	var sent Sent
	for c := range g.All() {
		if keep != nil && !keep(c) {
			continue
		}
		switch err := c.TryWritePrepared(p); {
		case err == nil:
			sent.Queued++
		case errors.Is(err, net.ErrClosed):
			sent.Closed++
		default:
			sent.Dropped++
		}
	}
	return sent
}
