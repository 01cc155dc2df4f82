package conn

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/bellwire/bellwire/frame"
)

// Agreement is what the opening handshake agreed on, and what it left behind.
type Agreement struct {
	// Subprotocol is the chosen one, or "".
	Subprotocol string

	// Early holds bytes that arrived behind the handshake: the beginning of
	// the first frames (RFC 6455 §4.2.2). Borrowed until New returns.
	Early []byte

	// Context gives its values to Conn.Context. Its cancellation does not
	// reach the connection. Nil: context.Background.
	Context context.Context
}

// Conn is one WebSocket connection. Every method may be called from any
// goroutine, with one exception: one read at a time.
type Conn struct {
	// Fixed after New.
	tr     Transport
	role   Role
	opts   Options // every default filled in
	agreed Agreement
	opened time.Time
	frames bool // somebody wants to see every frame; see trace.go

	rd    readSide  // see read.go
	wr    writeSide // see write.go
	pings pingState // see ping.go
	life  lifetime  // see life.go
}

// New makes a connection of an opening handshake that has succeeded. The
// transport is the connection's from now on. It fails only on wrong options.
func New(tr Transport, role Role, a Agreement, o *Options) (*Conn, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if tr == nil || role > Client {
		return nil, errors.New("websocket: conn.New needs a transport and a role")
	}
	c := &Conn{tr: tr, role: role, opts: o.resolve(role), agreed: a, opened: time.Now()}
	c.agreed.Early = nil
	c.frames = c.wantsFrames()
	c.rd.init(c, a.Early)
	c.wr.enc = frame.Encoder{FromClient: role == Client}
	c.startKeepalive()
	return c, nil
}

// Role says which end this is.
func (c *Conn) Role() Role { return c.role }

// Subprotocol is the subprotocol that was agreed on, or "".
func (c *Conn) Subprotocol() string { return c.agreed.Subprotocol }

// NetConn returns the transport if it is a net.Conn, for its addresses and
// its TLS state; reading from it or writing to it breaks the connection. It
// returns nil for other transports.
func (c *Conn) NetConn() net.Conn {
	nc, _ := c.tr.(net.Conn)
	return nc
}
