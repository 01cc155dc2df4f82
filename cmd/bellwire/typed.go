package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
)

const typedHelp = `  /ping                  ping, and show how long the answer takes
  /hex 00ff              send a binary message, in hex
  /base64 AP8=           send a binary message, in base64
  /stats                 what has gone over the connection so far
  /close [CODE [REASON]] close the connection; 1000 if there is no code
  /help                  this list
  //text                 send "/text"
Every other line is sent as a text message.`

// typed obeys a line that a person has typed. An error ends the session; what
// is only wrong with the line is said.
func (s *session) typed(line string) error {
	err := s.obey(line)
	var over *conn.CloseError
	if errors.As(err, &over) {
		return err
	}
	if err != nil {
		s.show.note("%v", err)
	} else {
		s.show.ready()
	}
	return nil
}

func (s *session) obey(line string) error {
	ctx := s.c.Context()
	if strings.HasPrefix(line, "//") || !strings.HasPrefix(line, "/") {
		if line == "" {
			return nil // Enter alone
		}
		return s.c.WriteText(ctx, strings.TrimPrefix(line, "/"))
	}
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case "/ping":
		return s.pingOnce()
	case "/hex":
		b, err := hex.DecodeString(strings.ReplaceAll(rest, " ", ""))
		if err != nil {
			return fmt.Errorf("/hex: %w", err)
		}
		return s.c.Write(ctx, conn.Binary, b)
	case "/base64":
		b, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			return fmt.Errorf("/base64: %w", err)
		}
		return s.c.Write(ctx, conn.Binary, b)
	case "/stats":
		st := s.c.Stats()
		s.show.note("in: %d messages, %d octets; out: %d messages, %d octets; open for %s",
			st.MessagesIn, st.BytesIn, st.MessagesOut, st.BytesOut, time.Since(st.Opened).Round(time.Second))
		return nil
	case "/close":
		return s.closeBy(rest)
	case "/help":
		s.show.note("%s", typedHelp)
		return nil
	}
	return fmt.Errorf("there is no %s; /help lists the commands, and /%s sends this line", word, line)
}

func (s *session) pingOnce() error {
	ctx, cancel := context.WithTimeout(s.c.Context(), 10*time.Second)
	defer cancel()
	rtt, err := s.c.Ping(ctx)
	if errors.Is(err, context.DeadlineExceeded) && s.c.Err() == nil {
		return errors.New("no pong within 10 s")
	}
	if err != nil {
		return err
	}
	s.show.note("pong after %s", short(rtt))
	return nil
}

// closeBy closes the connection with a code and a reason from the command.
func (s *session) closeBy(words string) error {
	code := frame.Normal
	first, reason, _ := strings.Cut(words, " ")
	if first != "" {
		n, err := strconv.ParseUint(first, 10, 16)
		if err != nil || !frame.Code(n).Valid() {
			return fmt.Errorf("/close: %q is not a code that may be sent: 1000-1003, 1007-1014, 3000-4999", first)
		}
		code = frame.Code(n)
	}
	if err := s.c.Close(context.Background(), code, strings.TrimSpace(reason)); err != nil {
		return err
	}
	return s.c.Err()
}
