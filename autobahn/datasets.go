package autobahn

import (
	"sync"
	"unicode/utf8"
)

// A dataSet is what the messages of sections 12 and 13 are cut from.
type dataSet struct {
	octets []byte
	binary bool
	starts []int32 // where each character of a text begins; nil: one octet each
}

// dataTitles are what the sets are like, by their names in the file of cases.
var dataTitles = map[string]string{
	"json":    "a report in JSON",
	"picture": "a grey picture",
	"prose":   "prose, sent as binary",
	"html":    "a report in HTML",
	"pdf":     "a document in PDF",
}

// dataSets make the sets, the same every time, to be like the originals in
// kind, size and how well they compress.
var dataSets = map[string]func() *dataSet{
	"json":    sync.OnceValue(func() *dataSet { return newDataSet(makeJSON(), false) }),
	"picture": sync.OnceValue(func() *dataSet { return newDataSet(makePicture(), true) }),
	"prose":   sync.OnceValue(func() *dataSet { return newDataSet(makeProse(), true) }),
	"html":    sync.OnceValue(func() *dataSet { return newDataSet(makeHTML(), false) }),
	"pdf":     sync.OnceValue(func() *dataSet { return newDataSet(makePDF(), true) }),
}

func newDataSet(octets []byte, binary bool) *dataSet {
	s := &dataSet{octets: octets, binary: binary}
	if !binary && utf8.RuneCount(octets) != len(octets) {
		for i := range string(octets) {
			s.starts = append(s.starts, int32(i))
		}
	}
	return s
}

// units is the length in octets, or characters if it is text.
func (s *dataSet) units() int {
	if s.starts != nil {
		return len(s.starts)
	}
	return len(s.octets)
}

// offset is where a unit begins.
func (s *dataSet) offset(unit int) int {
	switch {
	case s.starts == nil:
		return unit
	case unit == len(s.starts):
		return len(s.octets)
	}
	return int(s.starts[unit])
}

// piece cuts n units out, from unit at, and goes on at the beginning when the
// set ends. It returns where the next piece begins. n is less than units.
func (s *dataSet) piece(at, n int) (octets []byte, next int) {
	next = (at + n) % s.units()
	if next > at {
		return s.octets[s.offset(at):s.offset(next)], next
	}
	tail := s.octets[s.offset(at):]
	return append(tail[:len(tail):len(tail)], s.octets[:s.offset(next)]...), next
}

// dice are the same in every run.
type dice uint64

func (d *dice) roll(n int) int {
	x := uint64(*d)
	x ^= x << 13
	x ^= x >> 7
	x ^= x << 17
	*d = dice(x)
	return int((x >> 11) % uint64(n))
}
