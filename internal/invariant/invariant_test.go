package invariant_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/internal/invariant"
)

func TestPoisonOverwritesExactlyWhenEnabled(t *testing.T) {
	memory := []byte("before, lent, after")
	invariant.Poison(memory[8:12])
	if invariant.Enabled {
		want := "before, " + string(bytes.Repeat([]byte{0xfd}, 4)) + ", after"
		require.Equal(t, want, string(memory))
	} else {
		require.Equal(t, "before, lent, after", string(memory))
	}
	invariant.Poison(nil)
}
