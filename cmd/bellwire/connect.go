package main

import (
	"context"
	"crypto/tls"
	"flag"
	"net/http"
	"net/url"
	"time"

	"github.com/bellwire/bellwire/client"
	"github.com/bellwire/bellwire/conn"
)

var connectCommand = subcommand{
	name: "connect",
	args: "URL",
	line: "talk to a server, by hand or in a script",
	text: `It connects to a server and shows what comes. The URL is ws://, wss:// or, for
a socket in the file system, ws+unix://PATH:/REQUEST. Flags may stand before or
behind it.

On a terminal every line that you type is sent as a text message. A line that
begins with a slash is a command; /help lists them, and // sends one slash.
Ctrl-D and Ctrl-C close the connection in good order.

In a script every line of the input is sent as a text message, and every
message that comes is printed as a line. When the input has ended, the
connection is closed once nothing has come for a while (-wait), or after a
number of messages (-n), which does not need the input to end:

  echo hello | bellwire connect ws://127.0.0.1:9001
  bellwire connect -n 1 wss://example.com/events </dev/null
  bellwire connect -binary-input -binary raw URL <request >answer

What is said about the connection goes to the error output, at the end why it
was closed. The exit status is

  0  closed in good order, by either side
  1  lost, closed by the server with a code that is no good end (other than
     1000, 1001 or none), or -n messages did not come
  2  wrong usage
  3  no connection: not found, refused, or the handshake failed
`,
}

func init() { connectCommand.run = connect }

// connectOptions are the flags of "bellwire connect".
type connectOptions struct {
	dial dialOptions
	talk talkOptions
}

// dialOptions say how to reach the server.
type dialOptions struct {
	header       fields
	subprotocols list
	origin       string
	proxy        string
	insecure     bool
	timeout      time.Duration
	maxMessage   int64
	verbose      bool
}

// talkOptions say what to do with the connection.
type talkOptions struct {
	binary      choice
	binaryInput bool
	count       int
	wait        patience
	ping        time.Duration
}

func (o *connectOptions) flags() *flag.FlagSet {
	fs := flag.NewFlagSet("connect", flag.ContinueOnError)
	d, t := &o.dial, &o.talk
	d.header = fields{}
	fs.Var(d.header, "H", "send the header field `'Name: value'`; may be repeated")
	fs.Var(&d.subprotocols, "subprotocol", "offer these subprotocols, such as `a,b`, the preferred one first")
	fs.StringVar(&d.origin, "origin", "", "send this `origin`, as a page from there would")
	fs.StringVar(&d.proxy, "proxy", "", "go through the proxy at this `URL`, or \"none\"; without the flag HTTPS_PROXY, HTTP_PROXY and NO_PROXY decide")
	fs.BoolVar(&d.insecure, "insecure", false, "accept any certificate")
	fs.DurationVar(&d.timeout, "timeout", 30*time.Second, "give up connecting after this `time`")
	fs.Int64Var(&d.maxMessage, "max-message", 0, "accept messages of at most so many `octets`; 0 for 64 MiB, -1 for any")
	fs.BoolVar(&d.verbose, "v", false, "show every frame")
	t.binary = choice{"hex", []string{"hex", "base64", "raw"}}
	fs.Var(&t.binary, "binary", "print binary messages in this `form`: hex or base64, a line each, or raw")
	fs.BoolVar(&t.binaryInput, "binary-input", false, "send the whole input as one binary message, as it comes")
	fs.IntVar(&t.count, "n", 0, "close after this `count` of messages")
	t.wait = patience(time.Second)
	fs.Var(&t.wait, "wait", "after the end of the input, close when nothing has come for this `time`; \"forever\", also the default with -n, leaves that to the server")
	fs.DurationVar(&t.ping, "ping", 0, "ping at this `interval`, and show how long the answer takes")
	return fs
}

func connect(ctx context.Context, args []string, t terminal) int {
	var o connectOptions
	fs := o.flags()
	rest, code, ok := parse(connectCommand, fs, args, t)
	switch {
	case !ok:
		return code
	case len(rest) == 0:
		return misused(connectCommand, t, "which server? Give it a URL, such as ws://127.0.0.1:9001")
	case len(rest) > 1:
		return misused(connectCommand, t, "one URL at a time, not also %q", rest[1])
	case o.talk.count < 0 || o.talk.ping < 0 || o.dial.timeout <= 0:
		return misused(connectCommand, t, "-n and -ping must not be negative, and -timeout must be more")
	}
	if err := checkAddress(rest[0]); err != nil {
		return misused(connectCommand, t, "%v", err)
	}
	o.talk.settle(fs)
	opts, err := o.dial.options(t)
	if err != nil {
		return misused(connectCommand, t, "%v", err)
	}
	c, err := client.Dial(ctx, rest[0], opts)
	if err != nil {
		explain(t.err, rest[0], err)
		return exitDial
	}
	s := &session{c: c, opts: o.talk, show: screen{terminal: t, binary: o.talk.binary.value}}
	if t.live || o.dial.verbose {
		s.greet(rest[0])
	}
	return s.run(ctx)
}

// settle makes up for flags that were not given.
func (o *talkOptions) settle(fs *flag.FlagSet) {
	waitGiven := false
	fs.Visit(func(f *flag.Flag) { waitGiven = waitGiven || f.Name == "wait" })
	if o.count > 0 && !waitGiven {
		o.wait = forever
	}
}

// options are those of package client.
func (d *dialOptions) options(t terminal) (*client.Options, error) {
	if d.maxMessage == 0 {
		d.maxMessage = 64 << 20 // a person at a screen is no server with thousands of clients
	}
	o := &client.Options{
		Header:       http.Header(d.header),
		Subprotocols: d.subprotocols,
		Timeout:      d.timeout,
		Conn:         conn.Options{Limits: conn.Limits{MaxMessage: d.maxMessage}},
	}
	if d.origin != "" {
		o.Header.Set("Origin", d.origin)
	}
	if d.insecure {
		o.TLS = &tls.Config{InsecureSkipVerify: true} // asked for by name
	}
	if d.verbose {
		o.Conn.Logger = newLog(t.err, true)
	}
	switch d.proxy {
	case "":
	case "none":
		o.Proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
	default:
		u, err := url.Parse(d.proxy)
		if err != nil {
			return nil, err
		}
		o.Proxy = http.ProxyURL(u)
	}
	return o, o.Check()
}
