package server

import (
	"errors"
	"log/slog"
	"time"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/handshake"
)

// Options tune a server. The zero value is safe and is what most programs
// want.
type Options struct {
	// Handshake decides which requests are accepted: by default those of
	// programs that are no browsers, and of pages of the server's own origin.
	Handshake handshake.Policy

	// Conn is for every connection. Servers send keepalive pings by default.
	Conn conn.Options

	// Group counts the connections and caps their number. Nil means
	// DefaultGroup; for a Server, which shuts its group down, it means a group
	// of its own.
	Group *Group

	// HandshakeTimeout bounds everything from the first octet of TLS to the
	// last of the answer: 10 s by default. With net/http it bounds the answer
	// alone; http.Server.ReadHeaderTimeout is for the rest.
	HandshakeTimeout time.Duration

	// Limits bound the head of a request. net/http has a limit of its own,
	// http.Server.MaxHeaderBytes.
	Limits handshake.Limits

	// Logger hears of handlers that fail or panic at level error, of what
	// keeps connections from being accepted at warn, and of refused requests
	// at debug. Nil: slog.Default.
	Logger *slog.Logger
}

const defaultHandshakeTimeout = 10 * time.Second

// check says what is wrong with the options.
func (o *Options) check() error {
	if o.HandshakeTimeout < 0 {
		return errors.New("websocket: HandshakeTimeout is negative: a handshake without a bound waits for a silent peer for ever")
	}
	if err := o.Handshake.Check(); err != nil {
		return err
	}
	return o.Conn.Check()
}

// log is asked for when there is something to log, so that a default that the
// program sets later counts.
func (o *Options) log() *slog.Logger {
	if o.Logger != nil {
		return o.Logger
	}
	return slog.Default()
}
