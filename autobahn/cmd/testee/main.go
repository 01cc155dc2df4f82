// Command testee is what the Autobahn cases are played against: our echo
// server, or our client that asks a tester for cases.
//
//	testee server -listen 127.0.0.1:9001
//	testee client -url ws://127.0.0.1:9001 -agent bellwire
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/bellwire/bellwire/autobahn/testee"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) < 2 {
		misused()
	}
	fs := flag.NewFlagSet("testee "+os.Args[1], flag.ExitOnError)
	var run func() error
	switch os.Args[1] {
	case "server":
		listen := fs.String("listen", "127.0.0.1:9001", "the `address` to listen on")
		standalone := fs.Bool("standalone", false, "serve without net/http")
		run = func() error { return serve(ctx, *listen, *standalone) }
	case "client":
		url := fs.String("url", "ws://127.0.0.1:9001", "the `URL` of the tester")
		agent := fs.String("agent", "bellwire", "the `name` in the report")
		parallel := fs.Int("parallel", 1, "play this `number` of cases at a time; the original suite wants 1")
		run = func() error { return testee.Run(ctx, *url, *agent, *parallel) }
	default:
		misused()
	}
	_ = fs.Parse(os.Args[2:]) // exits on an error
	if err := run(); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "testee:", err)
		os.Exit(1)
	}
}

func misused() {
	fmt.Fprintln(os.Stderr, "usage: testee server [-listen address] [-standalone]\n       testee client [-url URL] [-agent name] [-parallel number]")
	os.Exit(2)
}

// serve runs the server until ctx ends.
func serve(ctx context.Context, address string, standalone bool) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Printf("ws://%s\n", l.Addr())
	context.AfterFunc(ctx, func() { _ = l.Close() })
	if standalone {
		return testee.Server().Serve(l)
	}
	err = http.Serve(l, testee.Handler())
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
