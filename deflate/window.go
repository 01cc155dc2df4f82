package deflate

// A window keeps the end of what has been received, as a ring that grows until
// it has the agreed size. The zero value keeps nothing.
type window struct {
	ring []byte
	next int // where the next octet goes, if the ring is full: its oldest
	size int // it may grow to; 0: nothing is kept
}

func (w *window) len() int { return len(w.ring) }

// write appends p, and forgets what is too old.
func (w *window) write(p []byte) {
	p = p[max(0, len(p)-w.size):]
	if n := min(len(p), w.size-len(w.ring)); n > 0 {
		w.ring = keepEnd(w.ring, p[:n], w.size)
		p = p[n:]
	}
	for len(p) > 0 {
		n := copy(w.ring[w.next:], p)
		p = p[n:]
		w.next = (w.next + n) % w.size
	}
}

// read copies the octets that begin back octets from the end into dst, which
// is not longer than that.
func (w *window) read(dst []byte, back int) {
	from := w.next - back
	if from < 0 {
		from += len(w.ring)
	}
	n := copy(dst, w.ring[from:])
	copy(dst[n:], w.ring)
}

// keepEnd returns the last n octets of what was kept and of p behind it. It
// allocates no more than that, as this is what a connection occupies while it
// is silent.
func keepEnd(kept, p []byte, n int) []byte {
	p = p[max(0, len(p)-n):]
	old := kept[max(0, len(kept)+len(p)-n):]
	need := len(old) + len(p)
	if need > cap(kept) || cap(kept) > n {
		kept = make([]byte, 0, min(max(need, 2*cap(kept), 512), n))
	}
	return append(append(kept[:0], old...), p...)
}
