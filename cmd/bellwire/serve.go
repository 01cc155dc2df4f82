package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/handshake"
	"github.com/bellwire/bellwire/server"
)

var serveCommand = subcommand{
	name: "serve",
	line: "serve an echo, to try a client with or to test one",
	text: `It sends every message back as it came. The first line of its output is the
URL that it listens on, also where the port was 0 for any free one. Ctrl-C, or
SIGTERM, closes every connection with 1001 and ends it.

Pages of other origins may not connect unless -origin allows them. For a test
suite that sends large messages or floods of pings:

  bellwire serve -max-message -1 -max-control-rate -1
`,
}

func init() { serveCommand.run = serve }

// serveOptions are the flags of "bellwire serve".
type serveOptions struct {
	listen         string
	mode           choice
	maxMessage     int64
	maxControlRate int
	origins        list
	subprotocols   list
	cert, key      string
	verbose        bool
}

func (o *serveOptions) flags() *flag.FlagSet {
	fs := flag.NewFlagSet("serve", flag.ContinueOnError)
	fs.StringVar(&o.listen, "listen", "127.0.0.1:9001", "the `address` to listen on")
	o.mode = choice{"nethttp", []string{"nethttp", "standalone"}}
	fs.Var(&o.mode, "mode", "serve in this `mode`: nethttp, or standalone, which is without net/http")
	fs.Int64Var(&o.maxMessage, "max-message", 0, "accept messages of at most so many `octets`; 0 for 1 MiB, -1 for any size in any number of fragments")
	fs.IntVar(&o.maxControlRate, "max-control-rate", 0, "accept at most this `count` of pings and pongs in a second; 0 for 100, -1 for any")
	fs.Var(&o.origins, "origin", "let pages connect too whose origin is like this `pattern`, such as https://*.example.com, or \"*\" for all; may be repeated")
	fs.Var(&o.subprotocols, "subprotocol", "speak these subprotocols, such as `a,b`, the preferred one first")
	fs.StringVar(&o.cert, "tls-cert", "", "serve TLS with the certificate in this `file`")
	fs.StringVar(&o.key, "tls-key", "", "the `file` with the certificate's private key")
	fs.BoolVar(&o.verbose, "v", false, "show every frame")
	return fs
}

func serve(ctx context.Context, args []string, t terminal) int {
	var o serveOptions
	rest, code, ok := parse(serveCommand, o.flags(), args, t)
	if !ok {
		return code
	}
	if len(rest) > 0 {
		return misused(serveCommand, t, "what is %q? The address goes behind -listen", rest[0])
	}
	if (o.cert == "") != (o.key == "") {
		return misused(serveCommand, t, "-tls-cert and -tls-key go together")
	}
	opts, err := o.options(t)
	if err != nil {
		return misused(serveCommand, t, "%v", err)
	}
	b, err := newBackend(o.mode.value, opts)
	if err != nil {
		return misused(serveCommand, t, "%v", err)
	}
	l, address, err := o.open()
	if err != nil {
		fmt.Fprintf(t.err, "bellwire serve: %v\n", err)
		return exitAbnormal
	}
	fmt.Fprintln(t.out, address)
	if err := b.run(ctx, l); err != nil {
		fmt.Fprintf(t.err, "bellwire serve: %v\n", err)
		return exitAbnormal
	}
	return exitClean
}

// options are those of package server.
func (o *serveOptions) options(t terminal) (server.Options, error) {
	opts := server.Options{
		Handshake: handshake.Policy{Subprotocols: o.subprotocols},
		Conn: conn.Options{Limits: conn.Limits{
			// No limit of the size is none of the number of fragments either.
			MaxMessage:     o.maxMessage,
			MaxControlRate: o.maxControlRate,
		}},
		Group:  new(server.Group),
		Logger: newLog(t.err, o.verbose),
	}
	if o.verbose {
		opts.Conn.Logger = opts.Logger
	}
	var err error
	if slices.Contains(o.origins, "*") {
		opts.Handshake.Origins = handshake.InsecureAnyOrigin()
	} else {
		opts.Handshake.Origins, err = handshake.AllowOrigins(o.origins...)
	}
	return opts, err
}

// open listens, and returns the address to connect to.
func (o *serveOptions) open() (net.Listener, string, error) {
	scheme := "ws"
	var config *tls.Config
	if o.cert != "" {
		cert, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			return nil, "", err
		}
		scheme, config = "wss", &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}}
	}
	l, err := net.Listen("tcp", o.listen)
	if err != nil {
		return nil, "", err
	}
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return nil, "", err
	}
	if ip := net.ParseIP(host); ip.IsUnspecified() {
		host = "127.0.0.1" // that is where it can be reached from here
	}
	if config != nil {
		l = tls.NewListener(l, config)
	}
	return l, scheme + "://" + net.JoinHostPort(host, port), nil
}

// backend is one of the two ways to serve.
type backend struct {
	serve    func(net.Listener) error
	shutdown func(context.Context, server.Drain) error
}

func newBackend(mode string, o server.Options) (backend, error) {
	if mode == "standalone" {
		s, err := server.NewServer(echo, o)
		if err != nil {
			return backend{}, err
		}
		return backend{s.Serve, s.Shutdown}, nil
	}
	u, err := server.NewUpgrader(o)
	if err != nil {
		return backend{}, err
	}
	s := &http.Server{
		Handler:           u.Handler(echo),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(o.Logger.Handler(), slog.LevelWarn),
	}
	return backend{s.Serve, func(ctx context.Context, d server.Drain) error {
		return server.Shutdown(ctx, s, o.Group, d)
	}}, nil
}

// run serves until ctx ends, and then closes the connections in good order.
func (b backend) run(ctx context.Context, l net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- b.serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := b.shutdown(ctx, server.Drain{Code: frame.GoingAway, Reason: "the server stops"})
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("some connections did not close in time")
	}
	return err
}
