package conn

import (
	"slices"
	"sync"

	"github.com/bellwire/bellwire/internal/pool"
)

// item is a message, or a fragment of one, that waits to be framed. It is
// framed when it leaves the queue, not when it enters: only then is it
// certain that it will be sent, and in which order.
type item struct {
	typ    Type
	data   []byte  // pooled, unless shared
	shared bool    // data belongs to a Prepared
	first  bool    // of its message
	last   bool    // of its message
	key    string  // of WriteLatest
	size   int64   // of the message, up to and with data
	number uint64  // counts admissions; see Flush
	turn   *Writer // no data: from here on the message of this Writer goes out
}

var items = sync.Pool{New: func() any { return new(item) }}

// newItem copies what it is given, unless that is shared.
func newItem(f outgoing) *item {
	it := items.Get().(*item)
	*it = item{typ: f.typ, shared: f.shared, first: f.first, last: f.last, key: f.key, size: f.size, turn: f.turn}
	if f.shared {
		it.data = f.data
	} else if len(f.data) > 0 { // an empty slice may still have memory, and an owner
		it.data = append(pool.Get(len(f.data)), f.data...)
	}
	return it
}

// free gives back the item and its memory.
func (it *item) free() {
	if !it.shared && it.data != nil {
		pool.Put(it.data)
	}
	*it = item{}
	items.Put(it)
}

// overhead is what the bookkeeping of a waiting message is counted as, so
// that a million empty messages are not free.
const overhead = 64

func (it *item) charge() int {
	if it.turn != nil {
		return 0 // nothing waits but a caller
	}
	return overhead + len(it.data)
}

// outgoing is the item as its caller gave it.
func (it *item) outgoing() outgoing {
	return outgoing{typ: it.typ, data: it.data, size: it.size, first: it.first, last: it.last}
}

// queue holds items in the order in which they will leave. It is guarded by
// the write side's mutex.
type queue struct {
	items  []*item
	head   int              // items before it have left
	bytes  int              // charged: what waits, and what is being written
	latest map[string]*item // those that WriteLatest may still replace
}

func (q *queue) empty() bool { return q.head == len(q.items) }

// room reports whether n more bytes may wait. An empty queue takes anything.
func (q *queue) room(n, limit int) bool {
	return q.empty() || q.bytes+n <= limit
}

func (q *queue) push(it *item) {
	if q.head > len(q.items)/2 && len(q.items) == cap(q.items) {
		q.items = slices.Delete(q.items, 0, q.head)
		q.head = 0
	}
	q.items = append(q.items, it)
	q.bytes += it.charge()
	if it.key != "" {
		if q.latest == nil {
			q.latest = make(map[string]*item)
		}
		q.latest[it.key] = it
	}
}

// peek returns the oldest item, or nil.
func (q *queue) peek() *item {
	if q.empty() {
		return nil
	}
	return q.items[q.head]
}

// message returns the oldest item that is not a turn, or nil.
func (q *queue) message() *item {
	for _, it := range q.items[q.head:] {
		if it.turn == nil {
			return it
		}
	}
	return nil
}

// pop removes the oldest item. It stays charged until it has been written.
func (q *queue) pop() *item {
	it := q.items[q.head]
	q.items[q.head] = nil
	q.head++
	q.reset()
	q.forget(it)
	return it
}

// reset begins again at the front, if the queue is empty.
func (q *queue) reset() {
	if !q.empty() {
		return
	}
	q.items, q.head = q.items[:0], 0
	if cap(q.items) > 1024 {
		q.items = nil // do not keep the memory of a bad hour
	}
}

// forget makes it unreachable for WriteLatest.
func (q *queue) forget(it *item) {
	if it.key != "" && q.latest[it.key] == it {
		delete(q.latest, it.key)
	}
}

// replace puts f's data in the place of the message with the same key that is
// still waiting. It reports whether there was one, and room for the change.
func (q *queue) replace(f outgoing, limit int) bool {
	old, ok := q.latest[f.key]
	if !ok || q.bytes-len(old.data)+len(f.data) > limit && len(f.data) > len(old.data) {
		return false
	}
	fresh := newItem(f)
	fresh.number = old.number
	q.bytes += fresh.charge() - old.charge()
	*old, *fresh = *fresh, *old
	fresh.free()
	return true
}

// dropOldest removes the oldest message that waits, and reports whether there
// was one.
func (q *queue) dropOldest() bool {
	return q.removeIf(func(it *item) bool { return it.turn == nil })
}

// remove takes the i-th item out, which need not be the oldest.
func (q *queue) remove(i int) {
	it := q.items[i]
	q.bytes -= it.charge()
	if i == q.head {
		q.pop()
		return
	}
	q.forget(it)
	q.items = slices.Delete(q.items, i, i+1)
}

// removeIf removes the first item that f is true for, and frees it.
func (q *queue) removeIf(f func(*item) bool) bool {
	for i := q.head; i < len(q.items); i++ {
		if it := q.items[i]; f(it) {
			q.remove(i)
			it.free()
			return true
		}
	}
	return false
}

// clear drops everything that waits.
func (q *queue) clear() {
	for !q.empty() {
		it := q.pop()
		q.bytes -= it.charge()
		it.free()
	}
	q.items, q.head, q.latest = nil, 0, nil
}
