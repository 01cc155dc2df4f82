package frame

// The rules by name, for tests that ask which of them was broken.
var (
	ErrControlFragment = errControlFragment
	ErrRSV             = errRSV
	ErrOpcode          = errOpcode
	ErrContinuation    = errContinuation
	ErrInterleaved     = errInterleaved
	ErrUnmasked        = errUnmasked
	ErrMasked          = errMasked
	ErrLengthBit       = errLengthBit
	ErrControlLength   = errControlLength
	ErrNotMinimal      = errNotMinimal
	ErrTooBig          = errTooBig
	ErrAfterClose      = errAfterClose
	ErrCloseLength     = errCloseLength
	ErrCloseCode       = errCloseCode
	ErrCloseReason     = errCloseReason
)
