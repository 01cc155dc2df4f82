package conn

import (
	"context"
	"log/slog"
	"time"

	"github.com/bellwire/bellwire/frame"
)

// Trace is a set of hooks. A nil hook costs one comparison. Hooks are called
// without any lock held, from the goroutine that did the work, and should be
// quick. They may call the methods of the connection that do not wait.
type Trace struct {
	// Message is called for each message sent to the transport or received,
	// with its size in octets.
	Message func(c *Conn, sent bool, t Type, size int)

	// Frame is called for each frame header.
	Frame func(c *Conn, sent bool, h frame.Header)

	// Ping is called when a ping of ours has been answered.
	Ping func(c *Conn, rtt time.Duration)

	// Overflow is called when the queue was full and the policy has dropped
	// n messages, or is closing the connection.
	Overflow func(c *Conn, p FullPolicy, n int)

	// Closed is called once, when the connection has ended.
	Closed func(c *Conn, e *CloseError, s Stats)
}

// Stats are the figures of a connection so far.
type Stats struct {
	MessagesIn, MessagesOut uint64
	BytesIn, BytesOut       uint64        // payload of data messages
	WireIn, WireOut         uint64        // octets of the transport, behind the opening handshake
	Dropped                 uint64        // messages dropped by a full queue, or replaced by WriteLatest
	RTT                     time.Duration // of the latest ping; 0: none yet
	Opened                  time.Time
}

// Stats returns the figures of the connection so far.
func (c *Conn) Stats() Stats {
	c.wr.mu.Lock()
	dropped := c.wr.notes.dropped
	c.wr.mu.Unlock()
	in, out := &c.rd.in, &c.wr.out
	return Stats{
		MessagesIn: in.messages.Load(), MessagesOut: out.messages.Load(),
		BytesIn: in.bytes.Load(), BytesOut: out.bytes.Load(),
		WireIn: in.wire.Load(), WireOut: out.wire.Load(),
		Dropped: dropped, RTT: time.Duration(c.pings.rtt.Load()), Opened: c.opened,
	}
}

// notes are what the write side has to tell the hooks once its lock is free.
type notes struct {
	headers  []frame.Header // framed, not yet traced
	overflow int            // messages dropped, not yet traced
	dropped  uint64
}

func (n *notes) drop() {
	n.overflow++
	n.dropped++
}

func (n *notes) takeOverflow() int {
	count := n.overflow
	n.overflow = 0
	return count
}

// wantsFrames reports whether frame headers are to be traced or logged.
func (c *Conn) wantsFrames() bool {
	return c.opts.Trace != nil && c.opts.Trace.Frame != nil ||
		c.opts.Logger != nil && c.opts.Logger.Enabled(context.Background(), slog.LevelDebug)
}

func (c *Conn) traceFrame(sent bool, h frame.Header) {
	if t := c.opts.Trace; t != nil && t.Frame != nil {
		t.Frame(c, sent, h)
	}
	if l := c.opts.Logger; l != nil {
		l.Debug("websocket frame", "role", c.role, "sent", sent, "opcode", h.Opcode,
			"fin", h.Fin, "rsv", h.RSV, "length", h.Length)
	}
}

// noteFrames notes the headers of encoded frames that are about to leave.
// wr.mu is held.
func (c *Conn) noteFrames(b []byte) {
	for c.frames && len(b) > 0 {
		h, n, _ := frame.Parse(b)
		c.wr.notes.headers = append(c.wr.notes.headers, h)
		b = b[n+int(h.Length):]
	}
}

// traceFrames traces what has been framed. wr.mu is not held.
func (c *Conn) traceFrames() {
	if !c.frames {
		return
	}
	c.wr.mu.Lock()
	headers := c.wr.notes.headers
	c.wr.notes.headers = nil
	c.wr.mu.Unlock()
	for _, h := range headers {
		c.traceFrame(true, h)
	}
}

// traceOverflow reports n dropped messages. wr.mu is not held.
func (c *Conn) traceOverflow(n int) {
	if t := c.opts.Trace; n > 0 && t != nil && t.Overflow != nil {
		t.Overflow(c, c.opts.Queue.OnFull, n)
	}
}

func (c *Conn) traceMessage(sent bool, t Type, size int64) {
	if h := c.opts.Trace; h != nil && h.Message != nil {
		h.Message(c, sent, t, int(size))
	}
}

// sent counts what the transport has taken. The caller is busy.
func (c *Conn) sent(f *outgoing) {
	c.wr.out.bytes.Add(uint64(len(f.data)))
	if f.last {
		c.wr.out.messages.Add(1)
		c.traceMessage(true, f.typ, f.size)
	}
}

func (c *Conn) traceClosed(e *CloseError) {
	if l := c.opts.Logger; l != nil {
		l.Debug("websocket closed", "role", c.role, "code", uint16(e.Code), "clean", e.Clean, "remote", e.Remote, "error", e.Error())
	}
	if t := c.opts.Trace; t != nil && t.Closed != nil {
		t.Closed(c, e, c.Stats())
	}
}
