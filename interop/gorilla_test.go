package interop

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
)

// gorilla is a counterpart made of gorilla/websocket, with its own defaults
// and compression offered.
type gorilla struct {
	t      *testing.T
	events chan event

	mu sync.Mutex
	ws *websocket.Conn
}

func newGorilla(t *testing.T) *theirs {
	g := &gorilla{t: t, events: newEvents()}
	t.Cleanup(func() {
		if ws := g.conn(); ws != nil {
			_ = ws.Close()
		}
	})
	return &theirs{perform: g.perform, events: g.events, log: func() string { return "" }}
}

func (g *gorilla) conn() *websocket.Conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ws
}

func (g *gorilla) perform(c command) error {
	ws := g.conn()
	switch c.Do {
	case "dial":
		return g.dial(c)
	case "listen":
		g.listen(c)
		return nil
	case "send":
		return ws.WriteMessage(gorillaType(c.Type), c.Data)
	case "fragments":
		return g.fragments(c)
	case "ping":
		return ws.WriteControl(websocket.PingMessage, c.Data, bound())
	case "raw":
		_, err := ws.NetConn().Write(c.Data)
		return err
	case "close":
		payload := []byte{}
		if c.Code != 0 {
			payload = websocket.FormatCloseMessage(c.Code, c.Reason)
		}
		return ws.WriteControl(websocket.CloseMessage, payload, bound())
	case "drop":
		return ws.NetConn().Close()
	}
	return fmt.Errorf("gorilla cannot %s", c.Do)
}

func (g *gorilla) dial(c command) error {
	d := websocket.Dialer{
		Subprotocols:      c.Protocols,
		EnableCompression: true,
		HandshakeTimeout:  patience,
		TLSClientConfig:   trusting(c.Cert),
	}
	ws, resp, err := d.Dial(c.URL, originHeader(c.Origin))
	if err != nil {
		g.events <- failed(resp, err)
		return nil
	}
	g.start(ws, c.Limit, resp.Header.Get("Sec-WebSocket-Extensions"))
	return nil
}

func (g *gorilla) listen(c command) {
	u := websocket.Upgrader{Subprotocols: c.Protocols, EnableCompression: true}
	g.events <- event{Event: "listening", Text: serveTheirs(g.t, c, func(w http.ResponseWriter, r *http.Request) {
		ws, err := u.Upgrade(w, r, nil)
		if err != nil {
			g.events <- event{Event: "trouble", Text: err.Error()}
			return
		}
		g.start(ws, c.Limit, "")
	})}
}

// start reports what happens on a connection.
func (g *gorilla) start(ws *websocket.Conn, limit int, extensions string) {
	g.mu.Lock()
	g.ws = ws
	g.mu.Unlock()
	ws.SetReadLimit(int64(limit))
	ws.SetPongHandler(func(data string) error {
		g.events <- event{Event: "pong", Data: []byte(data)}
		return nil
	})
	g.events <- event{Event: "open", Protocol: ws.Subprotocol(), Extensions: extensions}
	go func() {
		for {
			typ, data, err := ws.ReadMessage()
			if err != nil {
				g.events <- gorillaClosed(err)
				_ = ws.Close()
				return
			}
			g.events <- event{Event: "message", Type: map[int]string{1: "text", 2: "binary"}[typ], Data: data}
		}
	}()
}

// gorillaClosed reports the end of a connection. The library answers a Close
// frame by itself.
func gorillaClosed(err error) event {
	e := event{Event: "closed", Code: websocket.CloseAbnormalClosure, Text: err.Error()}
	var end *websocket.CloseError
	if errors.As(err, &end) {
		e.Code, e.Reason = end.Code, end.Text
		e.Clean = end.Code != websocket.CloseAbnormalClosure
	}
	return e
}

func (g *gorilla) fragments(c command) error {
	ws := g.conn()
	w, err := ws.NextWriter(gorillaType(c.Type))
	if err != nil {
		return err
	}
	for i, part := range c.Parts {
		if _, err := w.Write(part); err != nil {
			return err
		}
		if i == 0 {
			if err := ws.WriteControl(websocket.PingMessage, []byte("between"), bound()); err != nil {
				return err
			}
		}
	}
	return w.Close()
}

func gorillaType(name string) int {
	if name == "text" {
		return websocket.TextMessage
	}
	return websocket.BinaryMessage
}

// failed reports a handshake that was refused.
func failed(resp *http.Response, err error) event {
	e := event{Event: "failed", Text: err.Error()}
	if resp != nil {
		e.Status, e.Header = resp.StatusCode, map[string]string{}
		for name := range resp.Header {
			e.Header[name] = resp.Header.Get(name)
		}
		e.Data, _ = io.ReadAll(resp.Body)
	}
	return e
}
