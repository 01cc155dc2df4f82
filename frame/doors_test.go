package frame_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/frame"
)

// What Mask, MaskCopy and UTF8 lead to is tested where it stands. These tests
// see that the doors lead there.

func TestMaskAndMaskCopyAgree(t *testing.T) {
	text := []byte("a payload in two parts")
	copied := make([]byte, len(text))
	next := frame.MaskCopy(copied, text[:9], key, 0)
	require.Equal(t, 1, next)
	require.Equal(t, len(text)%4, frame.MaskCopy(copied[9:], text[9:], key, next))
	require.Equal(t, masked("a payload in two parts"), string(copied))
	require.Equal(t, "a payload in two parts", string(text))

	require.Equal(t, 2, frame.Mask(copied, key, 0))
	require.Equal(t, text, copied)
}

func TestTextIsValidatedAcrossFragments(t *testing.T) {
	var u frame.UTF8
	require.True(t, u.Write([]byte("\xce\xba\xe1")))
	require.False(t, u.Complete())
	require.True(t, u.Write([]byte("\xbd\xb9")))
	require.True(t, u.Complete())
	require.True(t, u.Write([]byte("\xf4")))
	require.False(t, u.Write([]byte("\x90")))
	require.False(t, u.Complete())
	u.Reset()
	require.True(t, u.Complete())
}

// FuzzMask: masking in two parts, in place or while copying, is masking at
// once, and masking twice is nothing.
func FuzzMask(f *testing.F) {
	f.Add([]byte("Hello"), uint8(2), uint8(3))
	f.Add([]byte{}, uint8(0), uint8(0))
	f.Fuzz(func(t *testing.T, p []byte, pos, cut uint8) {
		n := min(int(cut), len(p))
		b := make([]byte, len(p))
		next := frame.MaskCopy(b[:n], p[:n], key, int(pos))
		frame.MaskCopy(b[n:], p[n:], key, next)
		for i := range b {
			require.Equal(t, p[i]^key[(int(pos)+i)%4], b[i], "octet %d", i)
		}
		frame.Mask(b, key, int(pos))
		require.Equal(t, p, b)
	})
}
