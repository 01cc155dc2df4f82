package handshake_test

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/handshake"
)

func TestTheSampleKeyIsAnsweredAsInTheRFC(t *testing.T) {
	got, err := handshake.AcceptKey(sampleKey)
	require.NoError(t, err)
	require.Equal(t, sampleAccept, got)
	require.Equal(t, "x"+sampleAccept, string(handshake.AppendAccept([]byte("x"), []byte(sampleKey))))
}

func TestAKeyIsSixteenBytesInTheirOneForm(t *testing.T) {
	encode := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	for _, key := range []string{
		"",
		encode(15),
		encode(17),
		encode(18),
		"AAAAAAAAAAAAAAAAAAAAAA",       // no padding
		"AAAAAAAAAAAAAAAAAAAAAA=",      // half of it
		"AAAAAAAAAAAAAAAAAAAAAB==",     // stray bits
		"____________________-A==",     // the other alphabet
		"dGhlIHNh bXBsZSBub25jZQ",      // 24 characters, one a space
		"dGhlIHNhbXBsZSBub25jZ\nQ=",    // a line end, over which base64 decoders pass
		"AAAAAAAAAAAAAAAAAAAA\r\n==",   //
		" dGhlIHNhbXBsZSBub25jZQ== ",   //
		"dGhlIHNhbXBsZSBub25jZQ==AAAA", //
	} {
		_, err := handshake.AcceptKey(key)
		requireBroken(t, err, "RFC 6455 §4.2.1(5): Sec-WebSocket-Key is not 16 bytes", 400, handshake.BadKey)
	}
}

func TestANewKeyIsValidAndNew(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		key := handshake.NewKey()
		_, err := handshake.AcceptKey(key)
		require.NoError(t, err, key)
		require.False(t, seen[key])
		seen[key] = true
	}
}

func TestAnsweringAKeyAllocatesNothing(t *testing.T) {
	dst, key := make([]byte, 0, 28), []byte(sampleKey)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		dst = handshake.AppendAccept(dst[:0], key)
	}))
}
