package peers

import (
	"context"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// GorillaServer echoes with gorilla/websocket.
func GorillaServer() http.Handler {
	u := websocket.Upgrader{EnableCompression: true}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := u.Upgrade(w, r, nil)
		if err != nil {
			return // the library has answered
		}
		gorillaEcho(c)
	})
}

// GorillaClient dials with gorilla/websocket, and echoes.
func GorillaClient(ctx context.Context, url string) error {
	d := websocket.Dialer{EnableCompression: true, HandshakeTimeout: dialTime}
	c, _, err := d.DialContext(ctx, url, nil)
	if err != nil {
		return err
	}
	gorillaEcho(c)
	return nil
}

// gorillaEcho ends when the library has failed or closed the connection, or
// when it has to itself: "It is the application's responsibility to ensure
// that text messages are valid UTF-8", says the package documentation.
func gorillaEcho(c *websocket.Conn) {
	defer func() { _ = c.Close() }()
	for {
		typ, p, err := c.ReadMessage()
		if err != nil {
			return
		}
		if typ == websocket.TextMessage && !utf8.Valid(p) {
			bye := websocket.FormatCloseMessage(websocket.CloseInvalidFramePayloadData, "")
			_ = c.WriteControl(websocket.CloseMessage, bye, time.Time{})
			return
		}
		if c.WriteMessage(typ, p) != nil {
			return
		}
	}
}
