package main

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/server"
)

// A room is who is there and what was said last.
type room struct {
	group server.Group // every connection, those too that have not joined yet

	// Events are sent with mu held, so that everybody sees them in one order.
	// Nothing waits: sending puts a message in a queue.
	mu     sync.Mutex
	people map[*conn.Conn]person
	recent []event // the last maxRecent messages
}

type person struct{ name, key string }

func newRoom() *room {
	return &room{
		group:  server.Group{MaxConns: 1000},
		people: make(map[*conn.Conn]person),
	}
}

// join lets a person in, tells them what there is and the others about them.
// Somebody with the same name has to be the same person, who has the key: the
// old connection gives way to the new one.
func (r *room) join(c *conn.Conn, p person) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	back := false
	for old, q := range r.people {
		if !strings.EqualFold(p.name, q.name) {
			continue
		}
		if p.name != q.name || p.key == "" || subtle.ConstantTimeCompare([]byte(p.key), []byte(q.key)) == 0 {
			return conn.Abort(codeTaken, "Somebody here has this name. Please pick another one.")
		}
		delete(r.people, old)
		go old.Close(context.Background(), codeReplaced, "You have joined from another window.")
		back = true
	}
	if !back {
		r.broadcast(event{Type: "joined", Name: p.name})
	}
	r.people[c] = p
	names := make([]string, 0, len(r.people))
	for _, p := range r.people {
		names = append(names, p.name)
	}
	slices.Sort(names)
	return c.TryWrite(conn.Text, encode(event{Type: "welcome", Name: p.name, People: names, Recent: r.recent}))
}

// leave is for every connection that has joined, when it ends.
func (r *room) leave(c *conn.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p, ok := r.people[c]; ok { // not replaced by another connection
		delete(r.people, c)
		r.broadcast(event{Type: "left", Name: p.name})
	}
}

// say shows everybody what the person on c has said.
func (r *room) say(c *conn.Conn, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, ok := r.people[c]
	if !ok {
		return
	}
	e := event{Type: "said", Name: p.name, Text: text, At: time.Now().UnixMilli()}
	if n := len(r.recent); n > 0 {
		e.At = max(e.At, r.recent[n-1].At+1)
	}
	if len(r.recent) == maxRecent {
		r.recent = slices.Delete(r.recent, 0, 1)
	}
	r.recent = append(r.recent, e)
	r.broadcast(e)
}

// broadcast sends e to everybody who has joined. It is encoded once, and does
// not wait for anybody: who is too slow is disconnected (see upgrader).
func (r *room) broadcast(e event) {
	r.group.Broadcast(conn.Prepare(conn.Text, encode(e)), func(c *conn.Conn) bool {
		_, ok := r.people[c]
		return ok
	})
}

func encode(e event) []byte {
	b, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings and numbers: cannot be
	}
	return b
}
