package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync"
)

// Server accepts connections on listeners of its own, without net/http.
// Whatever is asked for is a WebSocket: the Func may look at r.Path, and
// refuse by Policy.Authorize.
type Server struct {
	f  Func
	up *Upgrader

	// Handshakes end with ctx.
	ctx  context.Context
	stop context.CancelFunc

	mu        sync.Mutex
	listeners map[*net.Listener]bool
	stopped   bool
}

// NewServer makes a server of f. The error says what is wrong with the
// arguments.
func NewServer(f Func, o Options) (*Server, error) {
	if f == nil {
		return nil, errors.New("websocket: NewServer needs a Func")
	}
	if o.Group == nil {
		o.Group = new(Group)
	}
	up, err := NewUpgrader(o)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Server{f: f, up: up, ctx: ctx, stop: stop, listeners: make(map[*net.Listener]bool)}, nil
}

// ListenAndServe listens on a TCP address, ":80" if it is empty, and calls
// Serve.
func (s *Server) ListenAndServe(addr string) error {
	l, err := net.Listen("tcp", cmp.Or(addr, ":http"))
	if err != nil {
		return err
	}
	return s.Serve(l)
}

// ListenAndServeTLS is ListenAndServe for wss, at ":443" if addr is empty. The
// files hold a certificate chain and its key in PEM. For more of TLS than
// that, such as the certificates of clients, pass a listener of tls.NewListener
// to Serve.
func (s *Server) ListenAndServeTLS(addr, certFile, keyFile string) error {
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", cmp.Or(addr, ":https"))
	if err != nil {
		return err
	}
	return s.Serve(tls.NewListener(l, &tls.Config{
		Certificates: []tls.Certificate{cert},
		NextProtos:   []string{"http/1.1"},
	}))
}

// Serve accepts connections on l, and serves each in a goroutine of its own,
// until the server is shut down: the error is then http.ErrServerClosed, as
// programs know it from net/http. Any other error is l's. l is closed when
// Serve returns; the connections live on.
//
// Errors that pass, such as a lack of file descriptors, are logged and Serve
// tries again.
func (s *Server) Serve(l net.Listener) error {
	defer l.Close()
	if !s.listen(&l) {
		return http.ErrServerClosed
	}
	defer s.forget(&l)
	return s.accept(l)
}

// listen notes a listener, to be closed when the server stops, and reports
// whether it has not stopped yet. A listener need not be comparable, but its
// address is.
func (s *Server) listen(l *net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners[l] = true
	return !s.stopped
}

func (s *Server) forget(l *net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
}

// deafen closes the listeners and ends the handshakes.
func (s *Server) deafen() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	s.stop() // first, so that Serve knows why its listener fails
	for l := range s.listeners {
		_ = (*l).Close()
	}
}

// Shutdown stops the server: it closes the listeners and the connections whose
// handshake is not over, and then shuts the group down; see Group.Shutdown. If
// Options.Group is shared with other servers, their connections are closed
// too.
func (s *Server) Shutdown(ctx context.Context, d Drain) error {
	return s.up.o.Group.shutdown(ctx, d, s.deafen)
}

// Close is a Shutdown that cuts the connections and does not wait for their
// Funcs.
func (s *Server) Close() error {
	g := s.up.o.Group
	g.refuse(Drain{Code: defaultCode})
	s.deafen()
	g.cut()
	return nil
}
