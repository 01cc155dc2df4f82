// Package pool lends byte buffers of a few fixed sizes, so that a connection
// holds memory only while bytes are on their way.
package pool

import (
	"sync"

	"github.com/bellwire/bellwire/internal/invariant"
)

// The sizes that are pooled. A request for more than Large is served by make
// and left to the garbage collector.
const (
	Small  = 512
	Page   = 4 << 10
	Medium = 16 << 10
	Large  = 64 << 10
)

// Pools of array pointers: a pointer fits an interface without allocating,
// where a slice does not.
var (
	small  = sync.Pool{New: func() any { return new([Small]byte) }}
	page   = sync.Pool{New: func() any { return new([Page]byte) }}
	medium = sync.Pool{New: func() any { return new([Medium]byte) }}
	large  = sync.Pool{New: func() any { return new([Large]byte) }}
)

// Get lends an empty buffer with room for at least n bytes. It is the
// caller's until Put.
func Get(n int) []byte {
	switch {
	case n <= Small:
		return small.Get().(*[Small]byte)[:0]
	case n <= Page:
		return page.Get().(*[Page]byte)[:0]
	case n <= Medium:
		return medium.Get().(*[Medium]byte)[:0]
	case n <= Large:
		return large.Get().(*[Large]byte)[:0]
	}
	return make([]byte, 0, n)
}

// Put takes back a buffer, whole: a slice that no longer starts where Get's
// did has another capacity and is left to the garbage collector. Nobody may
// touch b afterwards.
func Put(b []byte) {
	b = b[:cap(b)]
	invariant.Poison(b)
	switch len(b) {
	case Small:
		small.Put((*[Small]byte)(b))
	case Page:
		page.Put((*[Page]byte)(b))
	case Medium:
		medium.Put((*[Medium]byte)(b))
	case Large:
		large.Put((*[Large]byte)(b))
	}
}
