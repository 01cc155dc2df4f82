package interop

import (
	"fmt"
	"testing"
	"time"
)

// patience is how long anything may take before it has failed.
const patience = 20 * time.Second

// A command tells a counterpart what to do. Its Do is one of:
//
//	dial       open a connection to URL; the answer is an open or a failed
//	listen     be a server, with TLS if there is a Cert; the answer is a listening
//	send       send one message
//	fragments  send one message in Parts, with a ping "between" behind the first
//	ping       send a ping with Data; the answer is a pong
//	close      close with Code and Reason; without a code if that is 0
//	raw        put Data on the wire as it is
//	drop       end the transport without a word
type command struct {
	Do        string   `json:"do"`
	URL       string   `json:"url,omitempty"`
	Protocols []string `json:"protocols,omitempty"`
	Origin    string   `json:"origin,omitempty"`
	Cert      string   `json:"cert,omitempty"`  // PEM: what a client trusts, a server has
	Key       string   `json:"key,omitempty"`   // PEM: that of a server
	Limit     int      `json:"limit,omitempty"` // octets of the largest message taken
	Type      string   `json:"type,omitempty"`
	Data      []byte   `json:"data,omitempty"`
	Parts     [][]byte `json:"parts,omitempty"`
	Code      int      `json:"code,omitempty"`
	Reason    string   `json:"reason,omitempty"`
}

// An event is what a counterpart reports:
//
//	listening  Text is the address
//	open       with Protocol and Extensions as agreed
//	failed     the handshake was refused with Status, Header and Data, or Text
//	message    Type and Data
//	pong       Data
//	closed     Code, Reason and Clean as it understood them
//	trouble    Text says what went wrong in the counterpart itself
type event struct {
	Event      string            `json:"event"`
	Text       string            `json:"text"`
	Protocol   string            `json:"protocol"`
	Extensions string            `json:"extensions"`
	Status     int               `json:"status"`
	Header     map[string]string `json:"header"`
	Type       string            `json:"type"`
	Data       []byte            `json:"data"`
	Code       int               `json:"code"`
	Reason     string            `json:"reason"`
	Clean      bool              `json:"clean"`
}

// String describes an event in a failure; of long data only the length.
func (e event) String() string {
	data := fmt.Sprintf("%q", e.Data)
	if len(e.Data) > 200 {
		data = fmt.Sprintf("%d octets", len(e.Data))
	}
	return fmt.Sprintf("%s{%+v data: %s}", e.Event, struct {
		Text, Protocol, Extensions string
		Status                     int
		Header                     map[string]string
		Type                       string
		Code                       int
		Reason                     string
		Clean                      bool
	}{e.Text, e.Protocol, e.Extensions, e.Status, e.Header, e.Type, e.Code, e.Reason, e.Clean}, data)
}

// theirs is somebody else's endpoint.
type theirs struct {
	perform func(command) error
	events  chan event    // closed when there will be no more
	log     func() string // what it has said on the side
}

// newEvents makes room for all that a scenario lets happen unheard.
func newEvents() chan event { return make(chan event, 1<<14) }

// do gives a command; what comes of it is an event.
func (p *theirs) do(t *testing.T, c command) {
	t.Helper()
	if err := p.perform(c); err != nil {
		t.Fatalf("%s: %v\n%s", c.Do, err, p.log())
	}
}

// expect returns the next event, which must be of the given kind.
func (p *theirs) expect(t *testing.T, kind string) event {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case e, ok := <-p.events:
		if !ok {
			t.Fatalf("they have gone; want %s\n%s", kind, p.log())
		}
		if e.Event != kind {
			t.Fatalf("they report %v; want %s\n%s", e, kind, p.log())
		}
		return e
	case <-late.C:
		t.Fatalf("they report nothing in %v; want %s\n%s", patience, kind, p.log())
	}
	return event{}
}

// ask gives a command and returns the event that answers it.
func (p *theirs) ask(t *testing.T, c command, kind string) event {
	t.Helper()
	p.do(t, c)
	return p.expect(t, kind)
}

// able is a set of things that a counterpart can do or can show.
type able uint

const (
	pings      able = 1 << iota // sends pings and reports pongs
	fragments                   // sends fragments where it is told to
	raw                         // lets a test write to its transport
	bareClose                   // closes without a code
	anyCode                     // closes with codes other than 1000 and 3000-4999
	drops                       // ends the transport without a word
	checksText                  // refuses text that is not UTF-8
	limits                      // refuses messages above a limit
	origin                      // sends the Origin it is told to
	sees                        // reports the status of a refusal
	seesBody                    // reports its body too
)

// A peer is a counterpart. A nil client or server: it cannot be one.
type peer struct {
	name           string
	client, server func(*testing.T) *theirs
	can            able
	page           func(*testing.T) string // the origin it cannot help sending
}

// peers is every counterpart that takes part in this run.
var peers = []peer{
	{name: "gorilla", client: newGorilla, server: newGorilla,
		can: pings | fragments | raw | bareClose | anyCode | drops | limits | origin | sees | seesBody},
	{name: "coder", client: newCoder, server: newCoder,
		can: pings | fragments | bareClose | anyCode | drops | limits | origin | sees | seesBody},
}
