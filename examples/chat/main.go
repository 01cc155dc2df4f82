// Command chat is a chat room for browsers: one room, one process, no
// database. It shows how a whole service is put together with package server.
//
//	go run ./examples/chat
//	go run ./examples/chat -listen :8080    for the other devices on your network
//
// In main.go is the HTTP server and how it stops, in page.go the web page and
// the headers that protect it, in session.go one connection, in room.go who is
// there and what everybody gets to see, in message.go what is sent.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/server"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "the `address` to listen on; port 0 is any free one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait
	if err := run(ctx, *listen, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "chat:", err)
		os.Exit(1)
	}
}

// run serves the chat until ctx ends, and then says goodbye to everybody.
func run(ctx context.Context, listen string, out io.Writer) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("%w\nanother address may be free: try -listen 127.0.0.1:0", err)
	}
	r := newRoom()
	h, err := r.routes()
	if err != nil {
		return err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	fmt.Fprintf(out, "The chat is open: http://%s/\n", browsable(l.Addr()))

	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	fmt.Fprintln(out, "Closing.")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return server.Shutdown(ctx, s, &r.group, server.Drain{
		Code:   frame.GoingAway,
		Reason: "the server is restarting",
	})
}

// browsable is the address to open in a browser on this machine.
func browsable(a net.Addr) string {
	host, port, _ := net.SplitHostPort(a.String())
	if ip := net.ParseIP(host); ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
