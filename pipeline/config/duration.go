package config

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time written `15d`, `10s`, `250ms`, `1h30m`. A day is
// 24 hours. It is never negative when it was read.
type Duration time.Duration

const day = 24 * time.Hour

// Units in the order in which they must be written, largest first.
var durationUnits = []struct {
	name string
	size time.Duration
}{{"d", day}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}, {"us", time.Microsecond}, {"ns", 1}}

var (
	errDuration         = errors.New("is not a length of time; write it such as 15d, 1h30m, 10s or 250ms")
	errDurationNegative = errors.New("is a negative length of time; write it such as 15d, 1h30m, 10s or 250ms")
	errDurationUnit     = errors.New("has no unit; write it such as 15d, 1h30m, 10s or 250ms")
	errDurationLarge    = errors.New("is too long; the most is 106751d")
)

// ParseDuration reads `15d`, `1h30m`, `250ms` or `0`: whole numbers, each with
// a unit of d, h, m, s, ms, us, ns, largest first. Its errors do not hold the text.
func ParseDuration(text string) (Duration, error) {
	switch {
	case text == "0":
		return 0, nil
	case strings.HasPrefix(text, "-"):
		return 0, errDurationNegative
	case text == "":
		return 0, errDuration
	}
	var total time.Duration
	next := 0
	for rest := text; rest != ""; {
		number, unit, tail := splitQuantity(rest)
		rest = tail
		if number == "" {
			return 0, errDuration
		}
		if unit == "" {
			return 0, errDurationUnit
		}
		i := durationUnit(unit, next)
		if i < 0 {
			return 0, errDuration
		}
		next = i + 1
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || n > int64((math.MaxInt64-total)/durationUnits[i].size) {
			return 0, errDurationLarge
		}
		total += time.Duration(n) * durationUnits[i].size
	}
	return Duration(total), nil
}

func durationUnit(name string, from int) int {
	for i := from; i < len(durationUnits); i++ {
		if durationUnits[i].name == name {
			return i
		}
	}
	return -1
}

// splitQuantity cuts the digits and the letters off the front of text.
func splitQuantity(text string) (number, unit, rest string) {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	u := n
	for u < len(text) && (text[u] < '0' || text[u] > '9') {
		u++
	}
	return text[:n], text[n:u], text[u:]
}

// Std gives the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String gives the duration as it is written, such as `15d` or `1h30m`.
func (d Duration) String() string {
	if d == 0 {
		return "0s"
	}
	if d < 0 {
		return time.Duration(d).String()
	}
	var b strings.Builder
	rest := time.Duration(d)
	for _, u := range durationUnits {
		if n := rest / u.size; n > 0 {
			b.WriteString(strconv.FormatInt(int64(n), 10))
			b.WriteString(u.name)
			rest %= u.size
		}
	}
	return b.String()
}

// MarshalText gives String.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDuration reads.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := ParseDuration(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
