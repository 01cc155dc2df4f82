package conn

import (
	"crypto/rand"
	"sync"
)

// keys are octets of crypto/rand that have not been used yet. Asking the
// system for four at a time would cost more than the masking.
type keys struct {
	octets [512]byte
	left   int
}

var keyPool = sync.Pool{New: func() any { return new(keys) }}

// newKey returns a masking key: "derived from a strong source of entropy",
// RFC 6455 §5.3, and never used twice.
func newKey() (key [4]byte) {
	k := keyPool.Get().(*keys)
	if k.left == 0 {
		_, _ = rand.Read(k.octets[:]) // never fails: it would end the program
		k.left = len(k.octets)
	}
	k.left -= copy(key[:], k.octets[k.left-len(key):k.left])
	keyPool.Put(k)
	return key
}
