package deflate

import (
	"sync"

	"github.com/klauspost/compress/flate"
)

// Variant says how data is compressed, apart from what it may point back to.
// Two compressors of the same Variant make the same of the same message, if
// both begin without context: see [Variant.Message].
type Variant struct{ level, bits uint8 }

// shortest is the size from which on package flate looks for repetitions at
// all. What is shorter is done by short.
const shortest = 128

// pools hold compressors that nobody is using, by their Variant: a level of
// its own for 15 bits, or one of the smaller windows.
var pools [10 + maxBits - 8]sync.Pool

func (v Variant) pool() *sync.Pool {
	if v.bits == maxBits {
		return &pools[v.level]
	}
	return &pools[10+v.bits-8]
}

// A writer is a compressor and where its output goes.
type writer struct {
	z   *flate.Writer
	out []byte
}

// Write takes what the compressor has made.
func (w *writer) Write(p []byte) (int, error) {
	w.out = append(w.out, p...)
	return len(p), nil
}

// get takes a writer from the pool, or makes one.
func (v Variant) get() *writer {
	if w, ok := v.pool().Get().(*writer); ok {
		return w
	}
	w := new(writer)
	// The errors are about levels and windows that a Variant does not have.
	if v.bits == maxBits {
		w.z, _ = flate.NewWriter(w, int(v.level))
	} else {
		w.z, _ = flate.NewWriterWindow(w, 1<<v.bits)
	}
	return w
}

// put gives a writer back.
func (v Variant) put(w *writer) { v.pool().Put(w) }

// begin makes the writer forget all but the context.
func (w *writer) begin(context []byte) { w.z.ResetDict(w, context) }

// piece appends p, compressed and flushed, to dst. A writer to memory has no
// errors.
func (w *writer) piece(dst, p []byte) []byte {
	w.out = dst
	_, _ = w.z.Write(p)
	_ = w.z.Flush()
	dst, w.out = w.out, nil
	return dst
}

// Message is [Compressor.Message] for a message that is going to be sent to
// many peers: it is compressed once for all those whose compressors are of
// this Variant, and stands alone. Each of them is then told by
// [Compressor.Sent].
func (v Variant) Message(dst, p []byte) (_ []byte, smaller bool) {
	return v.message(dst, p, nil)
}

// message appends p, as a whole message behind the context, to dst.
func (v Variant) message(dst, p, context []byte) ([]byte, bool) {
	start := len(dst)
	if len(p) < shortest {
		dst = short(dst, p, context, 1<<v.bits)
	} else {
		w := v.get()
		w.begin(context)
		dst = w.piece(dst, p)
		v.put(w)
		dst = dst[:len(dst)-len(afterAll)]
	}
	if len(dst)-start >= len(p) {
		return dst[:start], false
	}
	return dst, true
}
