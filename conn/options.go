package conn

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Options tune a connection. The zero value is safe and is what most programs
// want. Where a number can be unlimited, -1 says so.
type Options struct {
	Limits    Limits
	Queue     Queue
	Keepalive Keepalive
	Tolerate  Tolerate

	// WriteTimeout is how long a write to the transport may make no progress
	// before the connection is given up: 30 s by default, -1 for never. It is
	// kept to within an eighth of its length.
	WriteTimeout time.Duration

	// CloseTimeout bounds each closing handshake: 5 s by default.
	CloseTimeout time.Duration

	Trace  *Trace       // nil: no hooks
	Logger *slog.Logger // nil: silent; at debug level every frame header is logged
}

// Limits bound what a peer can make this end do (RFC 6455 §10.4). A peer that
// exceeds one is told so in a Close frame, and the application gets a
// *LimitError.
type Limits struct {
	// MaxMessage is the largest message accepted, in octets as the
	// application receives them. 1 MiB by default. Exceeded: close code 1009.
	MaxMessage int64

	// MaxFragments is how many frames one message may come in: 4096 by
	// default, or one for every 64 octets of MaxMessage where that is more.
	// Exceeded: close code 1008.
	MaxFragments int

	// MaxControlRate is how many pings, and pongs that answer none of ours,
	// the peer may send in a second: 100 by default. Exceeded: close code
	// 1008.
	MaxControlRate int
}

// Queue bounds the messages that wait for a slow peer.
type Queue struct {
	// MaxBytes is how much may wait, 64 octets of bookkeeping per message
	// included: 1 MiB by default. A message that is larger by itself is let
	// into an empty queue.
	MaxBytes int

	// OnFull says what becomes of a message that finds the queue full.
	OnFull FullPolicy
}

// FullPolicy says what happens to a message when the queue is full.
type FullPolicy uint8

const (
	Block      FullPolicy = iota // Write waits for room, bounded by its context; TryWrite returns ErrQueueFull
	DropNewest                   // the new message is dropped: ErrDropped
	DropOldest                   // the oldest waiting messages are dropped to make room; the new one if there are none
	Disconnect                   // the connection is closed with 1008
)

// String returns the policy's name.
func (p FullPolicy) String() string {
	names := [...]string{"Block", "DropNewest", "DropOldest", "Disconnect"}
	if int(p) < len(names) {
		return names[p]
	}
	return fmt.Sprintf("FullPolicy(%d)", uint8(p))
}

// Keepalive finds peers that have gone without a word, and keeps proxies from
// thinking that the connection has. A ping goes out at the end of every
// Interval in which no byte has come from the peer; when a read has then been
// waiting for Timeout without a byte, the connection ends. A handler that does
// not read is never mistaken for a dead peer.
//
// The default for servers is {30 s, 20 s}; clients have none. Interval -1
// turns it off.
type Keepalive struct {
	Interval, Timeout time.Duration
}

// Tolerate holds the escape hatches for peers that cannot be mended. Each
// field switches off one rule of RFC 6455; all are off by default.
type Tolerate struct {
	NonMinimalLengths bool // §5.2: a length in more octets than it needs
	UnmaskedFrames    bool // §5.1: a client that does not mask
	InvalidUTF8       bool // §8.1: text that is not UTF-8
}

const (
	defaultMaxMessage   = 1 << 20
	defaultMaxFragments = 4096
	bytesPerFragment    = 64
	defaultControlRate  = 100
	defaultQueueBytes   = 1 << 20
	defaultWriteTimeout = 30 * time.Second
	neverTimeout        = 365 * 24 * time.Hour
	defaultCloseTimeout = 5 * time.Second
	defaultInterval     = 30 * time.Second
	defaultTimeout      = 20 * time.Second
)

// Check says what is wrong with o, or nil. New calls it; a server calls it
// once at construction, so that a wrong option does not wait for the first
// connection to be found.
func (o *Options) Check() error {
	switch {
	case o == nil:
		return nil
	case o.Limits.MaxMessage < -1:
		return fmt.Errorf("websocket: Limits.MaxMessage is %d: want octets, 0 for 1 MiB or -1 for no limit", o.Limits.MaxMessage)
	case o.Limits.MaxFragments < -1:
		return fmt.Errorf("websocket: Limits.MaxFragments is %d: want a count, 0 for the default or -1 for no limit", o.Limits.MaxFragments)
	case o.Limits.MaxControlRate < -1:
		return fmt.Errorf("websocket: Limits.MaxControlRate is %d: want frames per second, 0 for 100 or -1 for no limit", o.Limits.MaxControlRate)
	case o.Queue.MaxBytes < 0:
		return errors.New("websocket: Queue.MaxBytes is negative: a queue without a bound lets one slow peer take all memory")
	case o.Queue.OnFull > Disconnect:
		return fmt.Errorf("websocket: Queue.OnFull is %v: want Block, DropNewest, DropOldest or Disconnect", o.Queue.OnFull)
	case o.CloseTimeout < 0:
		return errors.New("websocket: CloseTimeout is negative: a closing handshake without a bound waits for a silent peer for ever")
	case o.WriteTimeout < -1:
		return fmt.Errorf("websocket: WriteTimeout is %v: want a duration, 0 for 30 s or -1 for none", o.WriteTimeout)
	case o.Keepalive.Interval < -1:
		return fmt.Errorf("websocket: Keepalive.Interval is %v: want a duration, 0 for the default or -1 for off", o.Keepalive.Interval)
	case o.Keepalive.Timeout < 0:
		return fmt.Errorf("websocket: Keepalive.Timeout is %v: want a positive duration; Interval -1 turns keepalive off", o.Keepalive.Timeout)
	}
	return nil
}

// resolve returns o with every default filled in, so that no other code has
// to know what zero means.
func (o *Options) resolve(role Role) Options {
	var r Options
	if o != nil {
		r = *o
	}
	orDefault(&r.Limits.MaxMessage, defaultMaxMessage)
	if r.Limits.MaxFragments == 0 {
		r.Limits.MaxFragments = max(defaultMaxFragments, int(min(r.Limits.MaxMessage/bytesPerFragment, 1<<30)))
		if r.Limits.MaxMessage == -1 {
			r.Limits.MaxFragments = -1
		}
	}
	orDefault(&r.Limits.MaxControlRate, defaultControlRate)
	orDefault(&r.Queue.MaxBytes, defaultQueueBytes)
	orDefault(&r.WriteTimeout, defaultWriteTimeout)
	if r.WriteTimeout > neverTimeout {
		r.WriteTimeout = -1 // a time that far away is not reached, but can overflow
	}
	orDefault(&r.CloseTimeout, defaultCloseTimeout)
	if r.Keepalive.Interval == 0 {
		r.Keepalive.Interval = -1
		if role == Server {
			r.Keepalive.Interval = defaultInterval
		}
	}
	orDefault(&r.Keepalive.Timeout, defaultTimeout)
	return r
}

func orDefault[T int | int64 | time.Duration](v *T, def T) {
	if *v == 0 {
		*v = def
	}
}
