package conn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/wstest"
)

// A storm is a connection on which many goroutines do everything at once,
// against a peer that takes octets by fits and starts and holds all that it
// gets against the rules. Its dice are seeded; the scheduler's are not.
type storm struct {
	t    *testing.T
	role conn.Role
	seed uint64
	c    *conn.Conn
	nc   net.Conn // the peer's end

	policy conn.FullPolicy
	calm   bool // every writer finishes before the connection is closed

	mu       sync.Mutex
	admitted map[string]bool // false: refused, must not arrive
	arrived  map[string]bool
	pings    []string // sent by the peer and not yet answered
	hungUp   bool     // the peer has nothing more to say
}

func TestTheWireStaysSoundInAStorm(t *testing.T) {
	for seed := range uint64(16) {
		for _, role := range []conn.Role{conn.Server, conn.Client} {
			synctest.Test(t, func(t *testing.T) { newStorm(t, role, seed).blow() })
			if t.Failed() {
				t.Fatalf("%v, seed %d", role, seed)
			}
		}
	}
}

func newStorm(t *testing.T, role conn.Role, seed uint64) *storm {
	s := &storm{
		t: t, role: role, seed: seed, calm: seed%3 == 0, policy: conn.FullPolicy(seed % 4),
		admitted: map[string]bool{}, arrived: map[string]bool{},
	}
	rng := s.dice(0)
	ours, theirs := wstest.NetPipeSize(1 + rng.IntN(2000))
	o := &conn.Options{
		Queue:     conn.Queue{MaxBytes: 1 + rng.IntN(4000), OnFull: s.policy},
		Keepalive: conn.Keepalive{Interval: -1},
		Limits:    conn.Limits{MaxControlRate: -1},
	}
	if rng.IntN(2) == 0 {
		// Hooks change who does what when. They are called without a lock.
		o.Trace = &conn.Trace{
			Frame:   func(c *conn.Conn, _ bool, _ frame.Header) { c.Buffered() },
			Message: func(c *conn.Conn, _ bool, _ conn.Type, _ int) { c.Stats() },
		}
	}
	c, err := conn.New(ours, role, conn.Agreement{}, o)
	require.NoError(t, err)
	s.c, s.nc = c, theirs
	return s
}

func (s *storm) dice(id uint64) *rand.Rand {
	return rand.New(rand.NewPCG(s.seed, id<<1|uint64(s.role)))
}

// blow lets everybody loose, ends the connection and looks at what is left.
func (s *storm) blow() {
	var writers, others, peer sync.WaitGroup
	for id := range uint64(6) {
		writers.Go(func() { s.write(id, s.dice(10+id)) })
	}
	others.Go(func() { s.latest(s.dice(20)) })
	others.Go(func() { s.pinging(s.dice(30)) })
	others.Go(func() { s.deadlines(s.dice(31)) })
	others.Go(func() { s.read(s.dice(40)) })
	peer.Go(func() { s.listen(s.dice(50)) })
	peer.Go(func() { s.talk(s.dice(60)) })
	if s.calm {
		writers.Wait()
	}
	s.end(s.dice(70))
	writers.Wait()
	others.Wait()
	require.NoError(s.t, s.nc.Close())
	peer.Wait()
	ended(s.t, s.c.Err())
	<-s.c.Context().Done()
	for m := range s.arrived {
		admitted, known := s.admitted[m]
		require.True(s.t, admitted || !known, "%q arrived, though it was refused", clip(m))
	}
	var e *conn.CloseError
	if s.calm && s.policy == conn.Block && errors.As(s.c.Err(), &e) && e.Clean && !e.Remote && e.Cause == nil {
		for m, admitted := range s.admitted {
			require.True(s.t, s.arrived[m] || !admitted, "%q was admitted and did not arrive", clip(m))
		}
	}
}

// end ends the connection in one way or another.
func (s *storm) end(rng *rand.Rand) {
	way := rng.IntN(7)
	if s.calm {
		way %= 3
	} else {
		time.Sleep(time.Duration(rng.IntN(200)) * time.Millisecond)
	}
	switch way {
	case 0, 1:
		_ = s.c.Close(background, frame.Normal, "enough")
	case 2:
		go s.c.Close(background, frame.GoingAway, "")
		_ = s.c.Close(background, 4000, "")
	case 3:
		ctx, cancel := context.WithTimeout(background, time.Duration(rng.IntN(100))*time.Millisecond)
		defer cancel()
		_ = s.c.Close(ctx, frame.Normal, "")
	case 4:
		_ = s.c.CloseNow()
	case 5:
		_ = s.nc.(interface{ Reset() error }).Reset()
	case 6:
		s.mu.Lock()
		s.hungUp = true // tells talk to say good-bye
		s.mu.Unlock()
	}
	_ = s.c.Close(background, frame.Normal, "")
}

// write sends numbered messages in every way there is.
func (s *storm) write(id uint64, rng *rand.Rand) {
	for n := range 25 {
		size := rng.IntN(200)
		if rng.IntN(8) == 0 {
			size = rng.IntN(50_000)
		}
		m := fmt.Sprintf("%d %d %s", id, n, pattern(size))
		ctx, cancel := background, context.CancelFunc(func() {})
		if rng.IntN(2) == 0 {
			ctx, cancel = context.WithTimeout(background, time.Duration(rng.IntN(30))*time.Millisecond)
		}
		var err error
		switch rng.IntN(7) {
		case 0, 1:
			p := []byte(m)
			err = s.c.Write(ctx, conn.Binary, p)
			clear(p) // it was borrowed only until Write returned
		case 2:
			p := []byte(m)
			err = s.c.TryWrite(conn.Text, p)
			clear(p)
		case 3:
			err = s.c.WritePrepared(ctx, conn.Prepare(conn.Text, []byte(m)))
		case 4:
			err = s.c.TryWritePrepared(conn.Prepare(conn.Binary, []byte(m)))
		case 5:
			err = s.stream(ctx, rng, m)
		case 6:
			err = s.c.Flush(ctx)
			m = ""
		}
		cancel()
		s.note(m, err)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if rng.IntN(4) == 0 {
			time.Sleep(time.Duration(rng.IntN(10)) * time.Millisecond)
		}
	}
}

var errGaveUp = errors.New("aborted before anything was sent")

// stream sends m in pieces.
func (s *storm) stream(ctx context.Context, rng *rand.Rand, m string) error {
	w, err := s.c.Writer(ctx, conn.Text)
	if err != nil {
		return err
	}
	if rng.IntN(5) == 0 {
		_, _ = io.WriteString(w, m[:rng.IntN(min(len(m), 100))])
		_ = w.Abort(frame.Internal)
		return errGaveUp
	}
	for rest := m; len(rest) > 0; {
		n := 1 + rng.IntN(len(rest))
		if _, err = io.WriteString(w, rest[:n]); err == nil && rng.IntN(2) == 0 {
			err = w.Flush()
		}
		if err != nil {
			break
		}
		rest = rest[n:]
	}
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	return err
}

// note remembers what became of m.
func (s *storm) note(m string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case m == "":
	case err == nil:
		s.admitted[m] = true
	case !errors.Is(err, net.ErrClosed):
		s.admitted[m] = false
	}
}

// latest sends values of which the last counts.
func (s *storm) latest(rng *rand.Rand) {
	for n := range 100 {
		m := fmt.Sprintf("7 %d %s", n, pattern(rng.IntN(300)))
		err := s.c.WriteLatest("price", conn.Text, []byte(m))
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			s.note(m, err)
		}
		time.Sleep(time.Duration(rng.IntN(3)) * time.Millisecond)
	}
}

func (s *storm) pinging(rng *rand.Rand) {
	for range 20 {
		ctx, cancel := context.WithTimeout(background, time.Duration(rng.IntN(50))*time.Millisecond)
		_, err := s.c.Ping(ctx)
		cancel()
		if errors.Is(err, net.ErrClosed) {
			return
		}
	}
}

func (s *storm) deadlines(rng *rand.Rand) {
	for range 5 {
		_ = s.c.SetWriteDeadline(time.Now().Add(time.Duration(rng.IntN(20)) * time.Millisecond))
		time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond)
		_ = s.c.SetWriteDeadline(time.Time{})
		time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond)
	}
}

// read receives the peer's messages, with interruptions: none may be lost,
// unless it is skipped on purpose.
func (s *storm) read(rng *rand.Rand) {
	buf := make([]byte, 0, 100)
	next := 0
	for s.c.Err() == nil {
		ctx, cancel := background, context.CancelFunc(func() {})
		switch rng.IntN(3) {
		case 0:
			ctx, cancel = context.WithTimeout(background, time.Duration(rng.IntN(4))*time.Millisecond)
		case 1:
			_ = s.c.SetReadDeadline(time.Now().Add(time.Duration(rng.IntN(4)) * time.Millisecond))
		}
		var m []byte
		var err error
		if rng.IntN(4) == 0 {
			var r *conn.Reader
			if _, r, err = s.c.Reader(ctx); err == nil {
				if rng.IntN(2) == 0 {
					_, _ = r.Read(make([]byte, 1+rng.IntN(50)))
					next++ // the rest is skipped
					cancel()
					continue
				}
				if m, err = readAll(s.c, r); err == errGaveUp {
					next++ // the rest is skipped
				}
			}
		} else {
			_, m, err = s.c.ReadInto(ctx, buf[:0])
		}
		cancel()
		_ = s.c.SetReadDeadline(time.Time{})
		if err == nil {
			want := said(next)
			require.True(s.t, want == string(m), "want %q, got %q", clip(want), clip(string(m)))
			next++
		}
		require.NotEqual(s.t, conn.ErrConcurrentRead, err)
	}
}

// readAll reads on over interruptions.
func readAll(c *conn.Conn, r *conn.Reader) (all []byte, err error) {
	for {
		var b bytes.Buffer
		_, err := r.WriteTo(&b)
		all = append(all, b.Bytes()...)
		if err == nil || errors.Is(err, net.ErrClosed) {
			return all, err
		}
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, errGaveUp
		}
		_ = c.SetReadDeadline(time.Time{})
	}
}

func said(n int) string { return fmt.Sprintf("%d:%s", n, pattern(n*n*37%9000)) }

// listen is the ear of the peer: every octet has to be within the rules, every
// message whole, and nothing comes after the Close frame.
func (s *storm) listen(rng *rand.Rand) {
	d := frame.Decoder{Rules: frame.Rules{FromClient: s.role == conn.Client}}
	var message, control []byte
	var keys [][4]byte    // the latest
	fresh := true         // a frame begins
	next := map[int]int{} // the least number that each writer may send next
	buf := make([]byte, 5000)
	for {
		n, err := s.nc.Read(buf[:1+rng.IntN(len(buf))])
		for in := buf[:n]; len(in) > 0; {
			ev, used, err := d.Next(in)
			require.NoError(s.t, err, "the connection broke a rule with %x", clip(string(in)))
			in = in[used:]
			if !ev.OK {
				continue
			}
			h := ev.Header
			if fresh && h.Masked {
				require.NotContains(s.t, keys, h.Key, "a masking key was used twice")
				keys = append(keys[max(0, len(keys)-20):], h.Key)
			}
			fresh = ev.Done
			if h.Opcode.IsControl() {
				control = append(control, ev.Payload...)
				if ev.Done {
					s.hear(h.Opcode, string(control))
					control = nil
				}
				continue
			}
			message = append(message, ev.Payload...)
			if ev.Done && h.Fin {
				s.check(string(message), next)
				message = nil
			}
		}
		if err != nil {
			return
		}
		if rng.IntN(5) == 0 {
			time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond)
		}
	}
}

// check holds a message against what was sent.
func (s *storm) check(m string, next map[int]int) {
	var id, n int
	_, err := fmt.Sscanf(m, "%d %d", &id, &n)
	require.NoError(s.t, err, "%q", clip(m))
	head := fmt.Sprintf("%d %d ", id, n)
	want := head + string(pattern(len(m)-len(head)))
	for i := range want {
		if want[i] != m[i] {
			require.Fail(s.t, "a message was changed", "octet %d of %d of %q: got %q", i, len(m), clip(m), clip(m[i:]))
		}
	}
	require.GreaterOrEqual(s.t, n, next[id], "the messages of writer %d are out of order", id)
	next[id] = n + 1
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrived[m] = true
}

// hear acts on a control frame. The answers leave by a goroutine of their
// own: an ear that spoke could not listen.
func (s *storm) hear(op frame.Opcode, payload string) {
	p := &peer{t: s.t, nc: s.nc, masked: s.role == conn.Server}
	switch op {
	case frame.Ping:
		go p.nc.Write(p.wire(frame.Pong, true, payload))
	case frame.Close:
		s.mu.Lock()
		s.hungUp = true
		s.mu.Unlock()
	case frame.Pong:
		s.mu.Lock()
		defer s.mu.Unlock()
		for i, ping := range s.pings {
			if ping == payload {
				s.pings = s.pings[i+1:]
				return
			}
		}
		require.Fail(s.t, "a pong to no ping, or out of order", payload)
	}
}

// talk is the mouth of the peer: numbered messages in fragments, pings between
// them, until the conversation ends.
func (s *storm) talk(rng *rand.Rand) {
	p := &peer{t: s.t, nc: s.nc, masked: s.role == conn.Server}
	write := func(b []byte) bool {
		_, err := p.nc.Write(b)
		return err == nil
	}
	for n := 0; ; n++ {
		op := frame.Binary
		for rest := said(n); ; {
			s.mu.Lock()
			quit := s.hungUp
			s.mu.Unlock()
			if quit {
				write(p.wire(frame.Close, true, closePayload(frame.Normal, "")))
				_ = p.nc.(interface{ CloseWrite() error }).CloseWrite()
				return
			}
			if rng.IntN(3) == 0 {
				ping := fmt.Sprintf("ping %d %d", n, len(rest))
				s.mu.Lock()
				s.pings = append(s.pings, ping)
				s.mu.Unlock()
				if !write(p.wire(frame.Ping, true, ping)) {
					return
				}
			}
			k := rng.IntN(len(rest) + 1)
			if rng.IntN(2) == 0 {
				k = len(rest)
			}
			if !write(p.wire(op, k == len(rest), rest[:k])) {
				return
			}
			if rest = rest[k:]; rest == "" {
				break
			}
			op = frame.Continuation
		}
		time.Sleep(time.Duration(rng.IntN(10)) * time.Millisecond)
	}
}
