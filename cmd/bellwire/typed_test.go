package main

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/handshake"
)

func TestAPersonTalksAndHangsUp(t *testing.T) {
	url, _ := serving(t)
	p := sitting(t, url)
	p.sees("connected to " + url)
	p.sees("/help")
	p.sees("\n> ")
	p.types("hello")
	p.sees("< hello\n> ")
	p.types("") // Enter alone sends nothing
	p.types("//slash")
	p.sees("< /slash\n> ")
	p.types("/hex 00 ff")
	p.sees("< (binary, 2 octets) 00ff\n> ")
	p.types("/base64 AP8=")
	p.sees("< (binary, 2 octets) 00ff\n> ")
	p.types("/ping")
	p.sees("pong after ")
	p.types("/stats")
	p.sees("in: 4 messages, 15 octets; out: 4 messages, 15 octets")
	p.types("/help")
	p.sees("/close [CODE [REASON]]")
	p.types("/close 4001 that is all")
	got := p.leaves()
	require.Equal(t, 0, got.code)
	require.Equal(t, "closed: 4001 private use\n", got.err)
}

func TestAWrongLineIsNotTheEnd(t *testing.T) {
	url, _ := serving(t)
	p := sitting(t, url)
	for line, answer := range map[string]string{
		"/hex 0":         "/hex: ",
		"/base64 *":      "/base64: ",
		"/close 1005":    `"1005" is not a code that may be sent`,
		"/close bye":     `"bye" is not a code`,
		"/close 65536":   `"65536" is not a code`,
		"/me waves":      "there is no /me; /help lists the commands, and //me waves sends this line",
		"not UTF-8 \xff": "UTF-8",
	} {
		p.types(line)
		p.sees(answer)
		p.sees("> ")
	}
	p.types("still here")
	p.sees("< still here")
	p.keys.Close() // Ctrl-D
	require.Equal(t, outcome{code: 0, err: "closed: 1000 normal closure\n"}, p.leaves())
}

func TestThePersonSeesTheServerLeave(t *testing.T) {
	url := behaving(t, func(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
		_, err := c.Read(ctx)
		if err != nil {
			return err
		}
		return conn.Abort(4000, "\x1b[2J")
	})
	p := sitting(t, url)
	p.types("hello")
	got := p.leaves()
	require.Equal(t, exitAbnormal, got.code)
	require.Equal(t, "closed by the server: 4000 private use \"\\x1b[2J\"\n", got.err)
}

func TestWhatComesCannotCommandTheTerminal(t *testing.T) {
	for text, shown := range map[string]string{
		"plain":               "plain",
		"tab\tand line\nline": "tab\tand line\n  line",
		"\x1b[31mred\x07":     `\x1b[31mred\a`,
		"Grüße 👋":             "Grüße 👋",
		"\u202eright to left": `\u202eright to left`,
		"last line\n":         "last line",
	} {
		require.Equal(t, shown, visible(text))
	}
}

// pressing is an output whose reader interrupts the command at first sight.
type pressing struct{ interrupt func() }

func (p pressing) Write(b []byte) (int, error) {
	p.interrupt()
	return len(b), nil
}

func TestCtrlCClosesInGoodOrder(t *testing.T) {
	ends := make(chan error, 1)
	url := behaving(t, func(ctx context.Context, c *conn.Conn, _ *handshake.Request) error {
		err := c.WriteText(ctx, "press Ctrl-C")
		if err == nil {
			_, err = c.Read(ctx)
		}
		ends <- err
		return err
	})
	ctx, interrupt := context.WithCancel(t.Context())
	in, keys := io.Pipe() // nothing is typed
	defer keys.Close()
	var errs bytes.Buffer
	code := run(ctx, []string{"connect", url}, terminal{in: in, out: pressing{interrupt}, err: &errs})
	require.Equal(t, exitClean, code, errs.String())
	require.ErrorIs(t, <-ends, frame.Normal)
}

func TestADurationIsShort(t *testing.T) {
	require.Equal(t, "1.23s", short(1234567*time.Microsecond))
	require.Equal(t, "1.23ms", short(1234*time.Microsecond))
	require.Equal(t, "12µs", short(12345*time.Nanosecond))
}
