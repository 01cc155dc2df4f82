package pool

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/internal/invariant"
)

func TestABufferHasTheRoomThatWasAskedFor(t *testing.T) {
	for _, n := range []int{0, 1, Small, Small + 1, Page, Page + 1, Medium, Medium + 1, Large, Large + 1, 1 << 20} {
		b := Get(n)
		require.Empty(t, b)
		require.GreaterOrEqual(t, cap(b), n)
		Put(b)
	}
}

func TestLendingDoesNotAllocate(t *testing.T) {
	allocs := testing.AllocsPerRun(1000, func() {
		for _, n := range []int{Small, Page, Medium, Large} {
			Put(Get(n))
		}
	})
	if !invariant.Enabled { // the race detector drops what is pooled at random
		require.Zero(t, allocs)
	}
}

func TestForeignSlicesAreNotPooled(t *testing.T) {
	b := Get(Page)
	Put(b[1:1])
	Put(make([]byte, 100))
	Put(nil)
	require.Equal(t, Page, cap(Get(Page)))
}
