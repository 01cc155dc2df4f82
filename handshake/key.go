package handshake

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
)

// guid is what both ends append to the key. RFC 6455 §1.3.
const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

const (
	keyBytes  = 16 // of a key, before base64
	keyLength = 24 // of a key on the wire
)

// NewKey returns a key for one handshake: "a nonce consisting of a randomly
// selected 16-byte value that has been base64-encoded". RFC 6455 §4.1.
func NewKey() string {
	var b [keyBytes]byte
	_, _ = rand.Read(b[:]) // never returns an error
	return base64.StdEncoding.EncodeToString(b[:])
}

// AcceptKey returns the Sec-WebSocket-Accept that answers a key, or an *Error
// when the key is not 16 bytes in base64.
func AcceptKey(key string) (string, error) {
	if !validKey(key) {
		return "", ruleKey.got(key)
	}
	return accept(key), nil
}

func accept(key string) string {
	var k [keyLength]byte
	var b [sha1.Size * 2]byte
	return string(AppendAccept(b[:0], append(k[:0], key...)))
}

// AppendAccept appends the Sec-WebSocket-Accept that answers a key, which it
// does not check. For a key of the right length it allocates nothing beyond
// what dst needs.
func AppendAccept(dst, key []byte) []byte {
	// "The value of this header field is constructed by concatenating /key/
	// [...] with the string "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", taking the
	// SHA-1 hash of this concatenated value to obtain a 20-byte value and
	// base64-encoding [...] this 20-byte hash." RFC 6455 §4.2.2.
	var b [keyLength + len(guid)]byte
	sum := sha1.Sum(append(append(b[:0], key...), guid...))
	return base64.StdEncoding.AppendEncode(dst, sum[:])
}

// validKey reports whether a key is the one way to write 16 bytes: standard
// alphabet, padding, no stray bits in the last character.
func validKey(key string) bool {
	if len(key) != keyLength {
		return false
	}
	var in [keyLength]byte
	var out [keyBytes + 2]byte
	n, err := base64.StdEncoding.Strict().Decode(out[:], append(in[:0], key...))
	// A line end, which the decoder would pass over, leaves fewer bytes.
	return err == nil && n == keyBytes
}
