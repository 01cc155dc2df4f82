package peers

import (
	"context"
	"io"
	"net/http"

	"github.com/coder/websocket"
)

// CoderServer echoes with coder/websocket.
func CoderServer() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{
			CompressionMode: websocket.CompressionContextTakeover,
		})
		if err != nil {
			return // the library has answered
		}
		coderEcho(r.Context(), c)
	})
}

// CoderClient dials with coder/websocket, and echoes.
func CoderClient(ctx context.Context, url string) error {
	dialing, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	c, _, err := websocket.Dial(dialing, url, &websocket.DialOptions{
		CompressionMode: websocket.CompressionContextTakeover,
	})
	if err != nil {
		return err
	}
	coderEcho(ctx, c)
	return nil
}

// coderEcho ends when the library has failed or closed the connection.
// Whether text is UTF-8 nobody asks: the library leaves it out on purpose, and
// its documentation gives that task to nobody.
func coderEcho(ctx context.Context, c *websocket.Conn) {
	defer func() { _ = c.CloseNow() }()
	c.SetReadLimit(-1)
	for {
		typ, r, err := c.Reader(ctx)
		if err != nil {
			return
		}
		w, err := c.Writer(ctx, typ)
		if err != nil {
			return
		}
		if _, err := io.Copy(w, r); err != nil {
			return
		}
		if w.Close() != nil {
			return
		}
	}
}
