package deflate_test

import "errors"

// A judge inflates in the simplest way that can be right, bit by bit, and
// knows nothing of the package: it holds all that has ever been inflated, and
// notes how far back it was pointed to.
type judge struct {
	window int // a longer distance is an error
	out    []byte
	start  int // of what may be pointed back to
	far    int // the longest distance so far

	in  []byte
	pos int // in bits
}

var (
	errJudge = errors.New("judge: not valid")
	errShort = errors.New("judge: the input ends too early")
)

// message inflates one message and returns it.
func (j *judge) message(packed []byte, takeover bool) (p []byte, err error) {
	from := len(j.out)
	if !takeover {
		j.start = from
	}
	j.in, j.pos = append(append([]byte{}, packed...), 0, 0, 0xff, 0xff), 0
	end := 8 * len(packed)
	defer func() {
		if r := recover(); r != nil {
			err = r.(error)
		}
	}()
	for {
		final := j.block()
		if final {
			j.pos = (j.pos + 7) &^ 7
		}
		if j.pos == 8*len(j.in) || final && j.pos == end {
			return j.out[from:], nil
		}
	}
}

func (j *judge) bits(n int) (v int) {
	for i := range n {
		if j.pos == 8*len(j.in) {
			panic(errShort)
		}
		v |= int(j.in[j.pos/8]>>(j.pos%8)&1) << i
		j.pos++
	}
	return v
}

func (j *judge) block() (final bool) {
	final = j.bits(1) == 1
	switch j.bits(2) {
	case 0:
		j.pos = (j.pos + 7) &^ 7
		n := j.bits(16)
		if j.bits(16) != n^0xffff {
			panic(errJudge)
		}
		for range n {
			j.out = append(j.out, byte(j.bits(8)))
		}
	case 1:
		lit, dist := make([]int, 288), make([]int, 32)
		for i := range lit {
			lit[i] = 8
			if i >= 144 && i < 256 {
				lit[i] = 9
			} else if i >= 256 && i < 280 {
				lit[i] = 7
			}
		}
		for i := range dist {
			dist[i] = 5
		}
		j.symbols(newJudgeCode(lit), newJudgeCode(dist))
	case 2:
		j.symbols(j.codes())
	default:
		panic(errJudge)
	}
	return final
}

func (j *judge) codes() (lit, dist judgeCode) {
	nlit, ndist, n := 257+j.bits(5), 1+j.bits(5), 4+j.bits(4)
	if nlit > 286 || ndist > 30 {
		panic(errJudge)
	}
	lengths := make([]int, 19)
	for _, i := range []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}[:n] {
		lengths[i] = j.bits(3)
	}
	code := newJudgeCode(lengths)
	lengths = nil
	for len(lengths) < nlit+ndist {
		again, length := 1, j.symbol(code)
		switch length {
		case 16:
			again = 3 + j.bits(2)
			if len(lengths) == 0 {
				panic(errJudge)
			}
			length = lengths[len(lengths)-1]
		case 17:
			again, length = 3+j.bits(3), 0
		case 18:
			again, length = 11+j.bits(7), 0
		}
		for range again {
			lengths = append(lengths, length)
		}
	}
	if len(lengths) > nlit+ndist {
		panic(errJudge)
	}
	return newJudgeCode(lengths[:nlit]), newJudgeCode(lengths[nlit:])
}

// judgeCode is the symbol of each code, by its length and value.
type judgeCode map[[2]int]int

func newJudgeCode(lengths []int) judgeCode {
	c, code, used := judgeCode{}, 0, 0
	for n := 1; n <= 15; n++ {
		code <<= 1
		for symbol, length := range lengths {
			if length == n {
				c[[2]int{n, code}] = symbol
				code++
				used++
			}
		}
		if code > 1<<n {
			panic(errJudge)
		}
	}
	_, single := c[[2]int{1, 0}]
	if code != 1<<15 && used > 0 && (used > 1 || !single) {
		panic(errJudge)
	}
	return c
}

func (j *judge) symbol(c judgeCode) int {
	code := 0
	for n := 1; n <= 15 && len(c) > 0; n++ {
		code = code<<1 | j.bits(1)
		if s, ok := c[[2]int{n, code}]; ok {
			return s
		}
		if len(c) == 1 {
			break
		}
	}
	panic(errJudge)
}

func (j *judge) symbols(lit, dist judgeCode) {
	for {
		s := j.symbol(lit)
		switch {
		case s < 256:
			j.out = append(j.out, byte(s))
			continue
		case s == 256:
			return
		case s > 285:
			panic(errJudge)
		}
		length := 258
		if s < 285 {
			length = 3
			for i := 257; i < s; i++ {
				length += 1 << max(0, (i-261)/4)
			}
			length += j.bits(max(0, (s-261)/4))
		}
		s = j.symbol(dist)
		if s > 29 {
			panic(errJudge)
		}
		back := 1
		for i := range s {
			back += 1 << max(0, i/2-1)
		}
		back += j.bits(max(0, s/2-1))
		if back > j.window || back > len(j.out)-j.start {
			panic(errJudge)
		}
		j.far = max(j.far, back)
		for range length {
			j.out = append(j.out, j.out[len(j.out)-back])
		}
	}
}
