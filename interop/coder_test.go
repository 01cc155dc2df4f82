package interop

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/coder/websocket"
)

// coder is a counterpart made of coder/websocket, with compression offered.
type coder struct {
	t      *testing.T
	events chan event

	mu      sync.Mutex
	ws      *websocket.Conn
	closing bool // by us: then Close learns what came of it, and not Read
}

func newCoder(t *testing.T) *theirs {
	d := &coder{t: t, events: newEvents()}
	t.Cleanup(func() {
		if ws := d.conn(); ws != nil {
			_ = ws.CloseNow()
		}
	})
	return &theirs{perform: d.perform, events: d.events, log: func() string { return "" }}
}

func (d *coder) conn() *websocket.Conn {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ws
}

func (d *coder) perform(c command) error {
	ws, ctx := d.conn(), bounded(d.t)
	switch c.Do {
	case "dial":
		return d.dial(ctx, c)
	case "listen":
		d.listen(c)
		return nil
	case "send":
		return ws.Write(ctx, coderType(c.Type), c.Data)
	case "fragments":
		return d.fragments(ctx, c)
	case "ping":
		d.ping(ctx, c.Data)
		return nil
	case "close":
		go d.close(ws, c) // it waits for the other end
		return nil
	case "drop":
		go func() { _ = ws.CloseNow() }()
		return nil
	}
	return fmt.Errorf("coder cannot %s", c.Do)
}

func (d *coder) dial(ctx context.Context, c command) error {
	ws, resp, err := websocket.Dial(ctx, c.URL, &websocket.DialOptions{
		HTTPClient:      &http.Client{Transport: &http.Transport{TLSClientConfig: trusting(c.Cert)}},
		HTTPHeader:      originHeader(c.Origin),
		Subprotocols:    c.Protocols,
		CompressionMode: websocket.CompressionContextTakeover,
	})
	if err != nil {
		d.events <- failed(resp, err)
		return nil
	}
	d.start(ws, c.Limit, resp.Header.Get("Sec-WebSocket-Extensions"))
	return nil
}

func (d *coder) listen(c command) {
	d.events <- event{Event: "listening", Text: serveTheirs(d.t, c, func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{
			Subprotocols:    c.Protocols,
			CompressionMode: websocket.CompressionContextTakeover,
		})
		if err != nil {
			d.events <- event{Event: "trouble", Text: err.Error()}
			return
		}
		d.start(ws, c.Limit, "")
	})}
}

// start reports what happens on a connection.
func (d *coder) start(ws *websocket.Conn, limit int, extensions string) {
	d.mu.Lock()
	d.ws, d.closing = ws, false
	d.mu.Unlock()
	ws.SetReadLimit(-1)
	if limit > 0 {
		ws.SetReadLimit(int64(limit))
	}
	d.events <- event{Event: "open", Protocol: ws.Subprotocol(), Extensions: extensions}
	go func() {
		for {
			typ, data, err := ws.Read(context.Background())
			if err != nil {
				d.mu.Lock()
				defer d.mu.Unlock()
				if !d.closing {
					d.events <- coderClosed(err)
				}
				return
			}
			name := map[websocket.MessageType]string{websocket.MessageText: "text", websocket.MessageBinary: "binary"}[typ]
			d.events <- event{Event: "message", Type: name, Data: data}
		}
	}()
}

// close is the closing handshake. The library says nothing of the answer if it
// has the same code.
func (d *coder) close(ws *websocket.Conn, c command) {
	d.mu.Lock()
	d.closing = true
	d.mu.Unlock()
	code := websocket.StatusCode(c.Code)
	if code == 0 {
		code = websocket.StatusNoStatusRcvd
	}
	if err := ws.Close(code, c.Reason); err != nil {
		d.events <- coderClosed(err)
		return
	}
	d.events <- event{Event: "closed", Code: int(code), Clean: true}
}

// coderClosed reports the end of a connection. The library answers a Close
// frame by itself.
func coderClosed(err error) event {
	e := event{Event: "closed", Code: 1006, Text: err.Error()}
	var end websocket.CloseError
	if errors.As(err, &end) {
		e.Code, e.Reason, e.Clean = int(end.Code), end.Reason, true
	}
	return e
}

// ping reports the answer to a ping. The library chooses the payload itself
// and compares it with that of the pong.
func (d *coder) ping(ctx context.Context, data []byte) {
	ws := d.conn()
	go func() {
		if err := ws.Ping(ctx); err != nil {
			d.events <- event{Event: "trouble", Text: err.Error()}
			return
		}
		d.events <- event{Event: "pong", Data: data}
	}()
}

func (d *coder) fragments(ctx context.Context, c command) error {
	w, err := d.conn().Writer(ctx, coderType(c.Type))
	if err != nil {
		return err
	}
	for i, part := range c.Parts {
		if _, err := w.Write(part); err != nil {
			return err
		}
		if i == 0 {
			d.ping(ctx, []byte("between"))
		}
	}
	return w.Close()
}

func coderType(name string) websocket.MessageType {
	if name == "text" {
		return websocket.MessageText
	}
	return websocket.MessageBinary
}
