package client

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// What a server, or a proxy, can make us read.
const (
	maxHead    = 64 << 10 // of one answer, with the interim ones before it and the body behind it
	maxInterim = 5        // answers 1xx
	maxBody    = 4 << 10  // of a refusal
	bodyTime   = 2 * time.Second
)

var (
	errHead    = fmt.Errorf("the answer's head is larger than %d KiB", maxHead>>10)
	errHungUp  = fmt.Errorf("the connection was closed before there was an answer: %w", io.ErrUnexpectedEOF)
	errInterim = fmt.Errorf("more than %d answers 1xx", maxInterim)
)

// An inbox reads the answers to requests in HTTP/1.1, as much of them as the
// limits allow.
type inbox struct {
	from io.Reader
	left int   // of what may be read
	err  error // that ended the reading
	buf  *bufio.Reader
}

func newInbox(from io.Reader) *inbox {
	in := &inbox{from: from, left: maxHead}
	in.buf = bufio.NewReader(in)
	return in
}

// Read is for buf.
func (in *inbox) Read(p []byte) (int, error) {
	n := 0
	if in.left == 0 {
		in.err = errHead
	} else {
		n, in.err = in.from.Read(p[:min(len(p), in.left)])
	}
	in.left -= n
	return n, in.err
}

// head reads the head of the answer to a request.
func (in *inbox) head(method string) (*http.Response, error) {
	// "A client MUST be able to parse one or more 1xx responses received
	// prior to a final response". RFC 9110 §15.2.
	for range maxInterim + 1 {
		resp, err := http.ReadResponse(in.buf, &http.Request{Method: method})
		switch {
		case err != nil:
			return nil, in.unreadable(err)
		case resp.StatusCode >= 200, resp.StatusCode == http.StatusSwitchingProtocols:
			return resp, nil
		}
	}
	return nil, errInterim
}

// unreadable says why there is no answer, when the parser has given up with
// err.
func (in *inbox) unreadable(err error) error {
	switch {
	case in.err == io.EOF:
		return errHungUp
	case in.err != nil:
		return in.err
	}
	// The parser repeats what came, at any length.
	return errors.New(clip(err.Error()))
}

// body reads the beginning of a refusal's body, as far as it comes soon. If it
// does not, hangUp ends the wait.
func (in *inbox) body(resp *http.Response, hangUp func()) []byte {
	defer time.AfterFunc(bodyTime, hangUp).Stop()
	// What went wrong with it is not what went wrong with the dial.
	b, _ := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	return b
}

// early is what came behind the head. Borrowed until the inbox is used again.
func (in *inbox) early() []byte {
	b, _ := in.buf.Peek(in.buf.Buffered())
	return b
}
