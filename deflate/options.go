package deflate

import "fmt"

// Options say what this side wants. The zero value wants context takeover and
// the largest windows, and bounds a bomb; it is what most programs want.
type Options struct {
	// Level is how hard to try, from 1 to 9. 0 is 1, which suits messages.
	// From 7 on a message costs a multiple. With a window of fewer than 15
	// bits for what this side sends, there is one level only.
	Level int

	// Threshold is the size in octets below which a message is sent as it
	// is: 64 by default, -1 for none. A message that does not get smaller is
	// sent as it is in any case.
	Threshold int

	// MaxRatio is how many times its size a received message may inflate to,
	// once it is past 64 KiB: 200 by default, -1 for any. Text and JSON reach
	// 30. No message can reach more than 1032.
	MaxRatio int

	// MemoryPerConn bounds what a connection keeps between messages, in
	// octets; 0 is no bound. To fit, windows are lowered down to 9 bits, and
	// then context takeover is dropped.
	MemoryPerConn int

	// Dedicated gives each connection a compressor of its own, which costs
	// it 0.8 to 1.5 MiB: less CPU for a message, and with takeover the whole
	// window to point back into. By default the connections share
	// compressors, and what the next message can point back into is 4 KiB.
	Dedicated bool

	Server, Client Direction // what the server sends, and the client
}

// Direction is what this side wants of one direction, whichever side it is.
type Direction struct {
	// NoTakeover makes every message stand alone.
	NoTakeover bool

	// MaxWindowBits is the logarithm of the largest window, 8 to 15; 0 is
	// 15. A client that cannot be told is made to do without takeover.
	// Many compressors have no window of 8 bits, so that a peer may have to
	// decline 8.
	MaxWindowBits int
}

const (
	maxBits    = 15
	lowestBits = 9 // that a budget lowers to; see Direction.MaxWindowBits

	defaultLevel     = 1
	defaultThreshold = 64
	defaultRatio     = 200

	// shareable is how much a connection with a shared compressor keeps of
	// what it has sent. Each message has to be told to the compressor
	// again, which takes 1 µs for a KiB; more than this makes messages
	// hardly smaller.
	shareable = 4 << 10
	// leastContext is where a budget gives up on takeover.
	leastContext = 512
	// dedicatedSize is what a compressor occupies, with its context, at the
	// most expensive level.
	dedicatedSize = 1536 << 10
)

// Check says what is wrong with o, or nil.
func (o *Options) Check() error {
	switch {
	case o.Level < 0 || o.Level > 9:
		return fmt.Errorf("deflate: Level is %d: want 1 to 9, or 0 for the default", o.Level)
	case o.Threshold < -1:
		return fmt.Errorf("deflate: Threshold is %d: want octets, 0 for 64 or -1 for none", o.Threshold)
	case o.MaxRatio < -1:
		return fmt.Errorf("deflate: MaxRatio is %d: want a ratio, 0 for 200 or -1 for any", o.MaxRatio)
	case o.MemoryPerConn < 0:
		return fmt.Errorf("deflate: MemoryPerConn is %d: want octets, or 0 for no bound", o.MemoryPerConn)
	case o.Dedicated && o.MemoryPerConn > 0 && o.MemoryPerConn < dedicatedSize:
		return fmt.Errorf("deflate: MemoryPerConn is %d: a Dedicated compressor takes %d", o.MemoryPerConn, dedicatedSize)
	}
	if err := o.Server.check("Server"); err != nil {
		return err
	}
	return o.Client.check("Client")
}

func (d *Direction) check(name string) error {
	if b := d.MaxWindowBits; b != 0 && (b < 8 || b > maxBits) {
		return fmt.Errorf("deflate: %s.MaxWindowBits is %d: want 8 to 15, or 0 for 15", name, b)
	}
	return nil
}

func (d *Direction) bits() int {
	if d.MaxWindowBits == 0 {
		return maxBits
	}
	return d.MaxWindowBits
}

// fit makes the agreement on what the peer sends fit the budget: lower says
// whether the peer can be told to use a smaller window. What this side sends
// needs no agreement: see context.
func (o *Options) fit(takeover bool, bits int, lower bool) (bool, int) {
	if !takeover || o.MemoryPerConn == 0 {
		return takeover, bits
	}
	room := o.MemoryPerConn - leastContext
	if o.Dedicated {
		room = o.MemoryPerConn - dedicatedSize
	}
	fitting := bits
	for lower && 1<<fitting > room && fitting > lowestBits {
		fitting--
	}
	if 1<<fitting > room {
		return false, bits
	}
	return true, fitting
}

// context says how much to keep of what this side has sent, when it keeps
// window octets of what it receives.
func (o *Options) context(bits, window int) int {
	switch {
	case o.Dedicated:
		return 1 << bits
	case o.MemoryPerConn == 0:
		return min(1<<bits, shareable)
	}
	n := min(1<<bits, shareable, o.MemoryPerConn-window)
	if n < min(1<<bits, leastContext) {
		return 0
	}
	return n
}
