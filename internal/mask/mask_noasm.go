package mask

// apply has the contract of applyGeneric.
func apply(dst, src []byte, key uint32) { applyGeneric(dst, src, key) }
