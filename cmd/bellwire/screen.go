package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/bellwire/bellwire/conn"
)

// screen shows what happens on a connection. In front of a person everything
// goes to one screen, with a mark for what has come and a prompt below; in a
// script only messages go to the output, unadorned.
type screen struct {
	terminal
	binary string // how to show binary messages: hex, base64, raw
}

const (
	wipe   = "\r\x1b[K" // the line with the prompt
	prompt = "> "
)

// message shows a message that has come.
func (s *screen) message(m conn.Message) error {
	if !s.live {
		_, err := s.out.Write(s.plain(m))
		return err
	}
	text := visible(string(m.Data))
	if m.Type == conn.Binary {
		text = fmt.Sprintf("(binary, %d octets) %s", len(m.Data), s.encode(m.Data))
	}
	_, err := fmt.Fprintf(s.out, "%s< %s\n%s", wipe, text, prompt)
	return err
}

// plain is a message for a script: a line, or raw octets.
func (s *screen) plain(m conn.Message) []byte {
	switch {
	case m.Type == conn.Text:
		return append(m.Data, '\n')
	case s.binary == "raw":
		return m.Data
	default:
		return []byte(s.encode(m.Data) + "\n")
	}
}

func (s *screen) encode(b []byte) string {
	if s.binary == "base64" {
		return base64.StdEncoding.EncodeToString(b)
	}
	return hex.EncodeToString(b)
}

// note says something about the connection.
func (s *screen) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if s.live {
		fmt.Fprintf(s.out, "%s%s\n%s", wipe, text, prompt)
	} else {
		fmt.Fprintln(s.err, text)
	}
}

// ready shows that the next line may be typed.
func (s *screen) ready() {
	if s.live {
		fmt.Fprint(s.out, wipe+prompt)
	}
}

// last says how it has ended.
func (s *screen) last(format string, args ...any) {
	if s.live {
		fmt.Fprint(s.out, wipe)
	}
	fmt.Fprintln(s.err, fmt.Sprintf(format, args...))
}

// visible shows what a peer has sent without obeying it: an escape sequence
// could do to a terminal what it likes.
func visible(s string) string {
	var b strings.Builder
	for _, r := range strings.TrimSuffix(s, "\n") {
		switch {
		case r == '\n':
			b.WriteString("\n  ")
		case r == '\t' || unicode.IsGraphic(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}

// lockedWriter lets several goroutines write line by line.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// newLog writes to w what is amiss and, if it is verbose, every frame.
func newLog(w io.Writer, verbose bool) *slog.Logger {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case slog.TimeKey:
				return slog.String("time", a.Value.Time().Format("15:04:05.000"))
			case slog.LevelKey:
				return slog.Attr{}
			}
			return a
		},
	}))
}

// short is a duration as people say it.
func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}
