package conn

import (
	"io"
	"time"

	"github.com/bellwire/bellwire/frame"
)

// Role says which end of the connection this is. It decides who masks
// (RFC 6455 §5.1) and who hangs up first (§7.1.1).
type Role uint8

const (
	Server Role = iota
	Client
)

// String returns "server" or "client".
func (r Role) String() string {
	if r == Client {
		return "client"
	}
	return "server"
}

// Type is the kind of a data message: Text or Binary.
type Type = frame.Opcode

const (
	Text   Type = frame.Text   // UTF-8, checked on arrival (RFC 6455 §5.6)
	Binary Type = frame.Binary // any octets
)

// Message is one whole data message.
type Message struct {
	Type Type
	Data []byte // owned by the receiver of the Message
}

// Transport is what a connection needs from below. Every net.Conn is one.
//
// If the transport also has CloseWrite() error, the connection half-closes
// before it hangs up, so that the last Close frame cannot be lost to a reset.
type Transport interface {
	io.ReadWriteCloser
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
}
