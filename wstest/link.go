package wstest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/bellwire/bellwire/frame"
)

// A link is a raw connection to the program under test. Its first error
// stays: everything after it does nothing, so that a conversation can be
// written down without asking for errors after each step.
type link struct {
	nc       net.Conn
	r        *bufio.Reader
	client   bool          // we play the client: we mask, the other side must not
	patience time.Duration // how long one step may take
	log      transcript
	message  *raw // what has come of a message; see event
	err      error
}

func newLink(nc net.Conn, client bool, patience time.Duration) *link {
	return &link{nc: nc, r: bufio.NewReader(nc), client: client, patience: patience}
}

// fail ends the conversation with what came and what was wanted.
func (l *link) fail(came, wanted string) {
	if l.err == nil {
		l.err = fmt.Errorf("came:   %s\nwanted: %s\n%s", came, wanted, l.log.String())
	}
}

// send writes frames, all of them at once.
func (l *link) send(frames ...raw) {
	l.write(l.encode(frames...))
}

func (l *link) encode(frames ...raw) []byte {
	var b []byte
	for _, f := range frames {
		l.log.frame("sent", f)
		b = f.append(b)
	}
	return b
}

// chop writes frames n octets at a time.
func (l *link) chop(n int, frames ...raw) {
	b := l.encode(frames...)
	for ; len(b) > n; b = b[n:] {
		l.write(b[:n])
	}
	l.write(b)
}

// write writes octets. If the other side does not take them any more, that is
// noted and no error: what it said before it went tells why.
func (l *link) write(b []byte) {
	if l.err != nil {
		return
	}
	l.nc.SetWriteDeadline(time.Now().Add(l.patience))
	n, err := l.nc.Write(b)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		l.fail(fmt.Sprintf("nothing: only %d of %d octets were taken in %v", n, len(b), l.patience), "the octets are read")
	case err != nil:
		l.log.note("    ", "the octets could not be sent: "+err.Error())
	}
}

// read reads a frame and judges nothing. wanted is told when none comes.
func (l *link) read(wanted string) raw {
	if l.err != nil {
		return raw{}
	}
	l.nc.SetReadDeadline(time.Now().Add(l.patience))
	f, err := readRaw(l.r)
	if err != nil {
		l.fail(l.describe(err), wanted)
		return f
	}
	l.log.frame("came", f)
	return f
}

// next reads a frame that obeys the rules.
func (l *link) next(wanted string) raw {
	f := l.read(wanted)
	if l.err != nil {
		return f
	}
	if err := f.fault(!l.client); err != nil {
		l.fail(f.String()+": "+err.Error(), wanted)
	}
	return f
}

// ended wants the other side to have closed its half, or in any other way if
// only it is over.
func (l *link) ended(within time.Duration, anyWay bool) {
	if l.err != nil {
		return
	}
	const wanted = "the end of the connection, no frame before it"
	l.nc.SetReadDeadline(time.Now().Add(within))
	f, err := readRaw(l.r)
	switch {
	case err == nil:
		l.log.frame("came", f)
		l.fail(f.String(), wanted)
	case err == io.EOF, anyWay && !errors.Is(err, os.ErrDeadlineExceeded):
		l.log.note("came", "the end")
	default:
		l.fail(l.describe(err), wanted)
	}
}

// describe says what came when it was no frame.
func (l *link) describe(err error) string {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "nothing"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the end of the connection inside a frame"
	case errors.Is(err, io.EOF):
		return "the end of the connection"
	}
	return err.Error()
}

// differ compares a frame that came with one that was wanted, and says in
// which way they differ, or "".
func differ(came, wanted raw) string {
	var ways []string
	for _, w := range []struct {
		name string
		is   bool
	}{
		{"FIN", came.fin != wanted.fin},
		{"RSV", came.rsv != wanted.rsv},
		{"opcode", came.op != wanted.op},
		{"mask bit", came.masked != wanted.masked},
		{"form of the length", came.form != shortest(came.length)},
		{"payload", string(came.payload) != string(wanted.payload)},
	} {
		if w.is {
			ways = append(ways, w.name)
		}
	}
	if len(ways) == 0 {
		return ""
	}
	at := ""
	if came.op == wanted.op && string(came.payload) != string(wanted.payload) {
		i := 0
		for i < min(len(came.payload), len(wanted.payload)) && came.payload[i] == wanted.payload[i] {
			i++
		}
		at = fmt.Sprintf(" from octet %d on", i)
	}
	return "another " + strings.Join(ways, ", ") + at
}

// closePayload is what a Close frame holds, whatever the code.
func closePayload(code frame.Code, reason string) string {
	if code == frame.NoStatus && reason == "" {
		return ""
	}
	return string([]byte{byte(code >> 8), byte(code)}) + reason
}
