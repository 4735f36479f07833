package dedupe

import (
	"encoding/binary"
	"errors"
	"time"
)

// errCut is wrapped by errors about bytes that end too early or hold what was
// never written.
var errCut = errors.New("not in the form it was written in")

// reading takes values off the front of a text. The texts it gives are parts of
// it, so that a whole state costs one allocation. After the first value that is
// not there every further one is zero, and broken stays set.
type reading struct {
	rest   string
	broken bool
}

func (r *reading) fail() { r.rest, r.broken = "", true }

func (r *reading) one() byte {
	if r.rest == "" {
		r.fail()
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reading) uint() uint64 {
	if r.rest != "" && r.rest[0] < 0x80 {
		n := uint64(r.rest[0])
		r.rest = r.rest[1:]
		return n
	}
	var n uint64
	for i := 0; i < len(r.rest) && i < binary.MaxVarintLen64; i++ {
		b := r.rest[i]
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			r.rest = r.rest[i+1:]
			return n
		}
	}
	r.fail()
	return 0
}

func (r *reading) int() int64 {
	n := r.uint()
	return int64(n>>1) ^ -int64(n&1)
}

func (r *reading) text() string {
	n := r.uint()
	if !r.plausible(n) {
		return ""
	}
	t := r.rest[:n]
	r.rest = r.rest[n:]
	return t
}

// plausible tells a number of things that the rest can hold at one byte each:
// a broken length must not make us take memory for it (invariant 11).
func (r *reading) plausible(n uint64) bool {
	if n > uint64(len(r.rest)) {
		r.fail()
		return false
	}
	return true
}

func (r *reading) time() time.Time {
	nanos := r.uint()
	if nanos == 0 {
		return time.Time{}
	}
	return time.Unix(r.int(), int64(nanos-1)).UTC()
}

// skipText and skipTime take a value off without looking at it.
func (r *reading) skipText() {
	if n := r.uint(); r.plausible(n) {
		r.rest = r.rest[n:]
	}
}

func (r *reading) skipTime() {
	if r.uint() != 0 {
		r.uint()
	}
}

func appendUint(to []byte, n uint64) []byte { return binary.AppendUvarint(to, n) }

func appendInt(to []byte, n int64) []byte { return binary.AppendVarint(to, n) }

func appendText(to []byte, s string) []byte {
	return append(appendUint(to, uint64(len(s))), s...)
}

func appendBool(to []byte, b bool) []byte {
	if b {
		return append(to, 1)
	}
	return append(to, 0)
}

// appendTime writes an instant: 0 for the zero time, else its nanoseconds and
// one more, then its seconds.
func appendTime(to []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(to, 0)
	}
	return appendInt(appendUint(to, uint64(t.Nanosecond())+1), t.Unix())
}
