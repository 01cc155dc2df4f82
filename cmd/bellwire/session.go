package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
)

// session is a conversation: one goroutine takes the input, one shows what
// comes, one may ping.
type session struct {
	c    *conn.Conn
	opts talkOptions
	show screen

	inputOver atomic.Bool
	failed    atomic.Bool // something went wrong on this side, and has been told
}

func (s *session) greet(address string) {
	line := "connected to " + address
	if p := s.c.Subprotocol(); p != "" {
		line += " (subprotocol " + p + ")"
	}
	if s.show.live {
		line += "; /help lists the commands, Ctrl-D closes"
	}
	s.show.note("%s", line)
}

// run talks until the connection ends, and returns the exit status. The end of
// ctx closes the connection.
func (s *session) run(ctx context.Context) int {
	stop := context.AfterFunc(ctx, func() { s.close(frame.Normal, "") })
	defer stop()
	if s.opts.ping > 0 {
		go s.pingAlways()
	}
	go s.input()
	got := s.receive()
	s.close(frame.Normal, "")
	return s.report(got)
}

// receive shows message after message until it is time to close, and returns
// how many there were.
func (s *session) receive() (got int) {
	for {
		m, err := s.c.Read(context.Background())
		if err != nil {
			// Either the connection is over, or nothing has come for as long
			// as -wait says.
			return got
		}
		if err := s.show.message(m); err != nil {
			s.fail("output: %v", err)
			return got
		}
		if got++; got == s.opts.count {
			return got
		}
		if s.inputOver.Load() {
			s.hurry()
		}
	}
}

// hurry lets the read that waits, and the next one, end after -wait.
func (s *session) hurry() {
	if s.opts.wait != forever {
		// An error is that of the connection, which the read sees too.
		_ = s.c.SetReadDeadline(time.Now().Add(time.Duration(s.opts.wait)))
	}
}

// input sends what the input holds.
func (s *session) input() {
	var err error
	switch {
	case s.opts.binaryInput:
		err = s.sendAll()
	case s.show.live:
		err = s.sendLines(s.typed)
		s.close(frame.Normal, "")
	default:
		err = s.sendLines(s.piped)
	}
	var over *conn.CloseError
	if err != nil && !errors.As(err, &over) {
		s.fail("%v", err)
		s.close(frame.Internal, "")
	}
	s.inputOver.Store(true)
	s.hurry()
}

// sendAll sends the input as one message, fragment by fragment.
func (s *session) sendAll() error {
	w, err := s.c.Writer(s.c.Context(), conn.Binary)
	if err != nil {
		return err
	}
	if _, err := w.ReadFrom(s.show.in); err != nil {
		return errors.Join(err, w.Abort(frame.Internal))
	}
	return w.Close()
}

// sendLines gives each line to send, until the input or the connection ends.
func (s *session) sendLines(send func(line string) error) error {
	r := bufio.NewReader(s.show.in)
	for {
		line, err := r.ReadString('\n')
		if line != "" {
			line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
			if err := send(line); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *session) piped(line string) error {
	return s.c.WriteText(s.c.Context(), line)
}

// pingAlways shows a round-trip time for every tick.
func (s *session) pingAlways() {
	for tick := time.NewTicker(s.opts.ping); ; <-tick.C {
		rtt, err := s.c.Ping(s.c.Context())
		if err != nil {
			tick.Stop()
			return // the connection is over, which others tell
		}
		s.show.note("pong after %s", short(rtt))
	}
}

// close closes the connection; how that went is told by report.
func (s *session) close(code frame.Code, reason string) {
	_ = s.c.Close(context.Background(), code, reason)
}

func (s *session) fail(format string, args ...any) {
	s.failed.Store(true)
	s.show.note("bellwire: "+format, args...)
}

// report says how the connection has ended, and what that means for the exit
// status.
func (s *session) report(got int) int {
	var end *conn.CloseError
	if !errors.As(s.c.Err(), &end) {
		return exitAbnormal
	}
	if !end.Clean {
		s.show.last("%s", strings.TrimPrefix(end.Error(), "websocket: "))
		return exitAbnormal
	}
	text := "closed"
	if end.Remote {
		text = "closed by the server"
	}
	text += ": " + end.Code.Error()
	if end.Reason != "" {
		text += " " + strconv.Quote(end.Reason)
	}
	s.show.last("%s", text)
	good := !end.Remote || end.Code == frame.Normal || end.Code == frame.GoingAway || end.Code == frame.NoStatus
	if got < s.opts.count {
		s.show.last("bellwire: %d of %d messages came", got, s.opts.count)
		good = false
	}
	if !good || s.failed.Load() {
		return exitAbnormal
	}
	return exitClean
}
