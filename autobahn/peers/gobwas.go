package peers

import (
	"compress/flate"
	"context"
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/gobwas/httphead"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"
	"github.com/gobwas/ws/wsutil"
)

// GobwasServer echoes with gobwas/ws, its wsutil and, where it is negotiated,
// its wsflate.
func GobwasServer() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := wsflate.Extension{Parameters: wsflate.DefaultParameters}
		u := ws.HTTPUpgrader{Negotiate: e.Negotiate}
		nc, _, _, err := u.Upgrade(r, w)
		if err != nil {
			return // the library has answered
		}
		_, deflated := e.Accepted()
		newGobwas(nc, nc, ws.StateServerSide, deflated).echo()
	})
}

// GobwasClient dials with gobwas/ws, and echoes.
func GobwasClient(ctx context.Context, url string) error {
	d := ws.Dialer{
		Timeout:    dialTime,
		Extensions: []httphead.Option{wsflate.DefaultParameters.Option()},
	}
	nc, early, h, err := d.Dial(ctx, url)
	if err != nil {
		return err
	}
	var from io.Reader = nc
	if early != nil {
		from = early // what came behind the server's answer
	}
	newGobwas(nc, from, ws.StateClientSide, len(h.Extensions) > 0).echo()
	return nil
}

// A gobwas is one connection, put together from the parts that the library
// offers.
type gobwas struct {
	nc       net.Conn
	state    ws.State
	rd       *wsutil.Reader
	wr       *wsutil.Writer
	inflater *wsflate.Reader
	deflater *wsflate.Writer
	message  wsflate.MessageState // whether the message that is read is compressed
}

func newGobwas(nc net.Conn, from io.Reader, state ws.State, deflated bool) *gobwas {
	g := &gobwas{nc: nc, state: state}
	if deflated {
		state = state.Set(ws.StateExtended)
	}
	g.rd = wsutil.NewReader(from, state)
	g.rd.OnIntermediate = g.control
	// The reader sees octets before they are inflated: there it cannot check.
	g.rd.CheckUTF8 = !deflated
	g.wr = wsutil.NewWriter(nc, state, 0)
	if deflated {
		g.rd.Extensions = []wsutil.RecvExtension{&g.message}
		g.wr.SetExtensions(&g.message)
		g.inflater = wsflate.NewReader(nil, wsflate.DefaultHelper.Decompressor)
		g.deflater = wsflate.NewWriter(nil, func(w io.Writer) wsflate.Compressor {
			f, _ := flate.NewWriter(w, flate.DefaultCompression) // fails for bad levels alone
			return f
		})
	}
	return g
}

// echo ends when the connection is closed or has to be failed, which the
// library leaves to its user.
func (g *gobwas) echo() {
	defer func() { _ = g.nc.Close() }()
	for {
		err := g.next()
		var broken ws.ProtocolError
		switch {
		case err == nil:
			continue
		case errors.Is(err, wsutil.ErrInvalidUTF8):
			g.fail(ws.StatusInvalidFramePayloadData)
		case errors.As(err, &broken):
			g.fail(ws.StatusProtocolError)
		}
		return
	}
}

// fail tells the peer why. What of it is unread the library has no way to
// wait for; the kernel may turn the end of TCP into a reset.
func (g *gobwas) fail(code ws.StatusCode) {
	f := ws.NewCloseFrame(ws.NewCloseFrameBody(code, ""))
	if g.state.ClientSide() {
		f = ws.MaskFrameInPlace(f)
	}
	_ = ws.WriteFrame(g.nc, f)
}

// errAnswered is an error with a control frame: about a Close that breaks a
// rule the library has told the peer already.
var errAnswered = errors.New("the closing handshake has begun")

func (g *gobwas) control(h ws.Header, r io.Reader) error {
	if wsutil.ControlFrameHandler(g.nc, g.state)(h, r) != nil {
		return errAnswered
	}
	return nil
}

// next handles the next control frame, or echoes the next message.
func (g *gobwas) next() error {
	h, err := g.rd.NextFrame()
	if err != nil {
		return err
	}
	if h.OpCode.IsControl() {
		return g.control(h, g.rd)
	}
	g.wr.ResetOp(h.OpCode)
	if !g.message.IsCompressed() {
		if _, err := io.Copy(g.wr, g.rd); err != nil {
			return err
		}
		return g.wr.Flush()
	}
	g.inflater.Reset(g.rd)
	g.deflater.Reset(g.wr)
	if _, err := io.Copy(g.deflater, g.inflater); err != nil {
		return err
	}
	if err := g.deflater.Close(); err != nil {
		return err
	}
	return g.wr.Flush()
}
