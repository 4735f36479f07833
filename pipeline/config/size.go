package config

import (
	"errors"
	"math"
	"strconv"
)

// Size is a number of bytes written `1MiB`, `256KiB`, `512`.
type Size int64

var sizeUnits = []struct {
	name string
	size Size
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

var (
	errSize         = errors.New("is not a size; write it such as 1MiB, 256KiB or 512 (bytes)")
	errSizeNegative = errors.New("is a negative size; write it such as 1MiB, 256KiB or 512 (bytes)")
	errSizeDecimal  = errors.New("has a unit that two readers take for two sizes; write KiB, MiB or GiB")
	errSizeLarge    = errors.New("is too large; the most is 8589934591GiB")
)

// ParseSize reads `512`, `512B`, `256KiB`, `1MiB`, `2GiB`: a whole number, with
// a unit of 1024 bytes to some power. Its errors do not hold the text.
func ParseSize(text string) (Size, error) {
	if len(text) > 0 && text[0] == '-' {
		return 0, errSizeNegative
	}
	number, unit, rest := splitQuantity(text)
	if number == "" || rest != "" {
		return 0, errSize
	}
	factor, err := sizeUnit(unit)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || Size(n) > math.MaxInt64/factor {
		return 0, errSizeLarge
	}
	return Size(n) * factor, nil
}

func sizeUnit(name string) (Size, error) {
	switch name {
	case "":
		return 1, nil
	case "K", "KB", "kB", "k", "M", "MB", "G", "GB":
		return 0, errSizeDecimal
	}
	for _, u := range sizeUnits {
		if u.name == name {
			return u.size, nil
		}
	}
	return 0, errSize
}

// String gives the size as it is written, in the largest unit that divides it.
func (s Size) String() string {
	for _, u := range sizeUnits {
		if u.size > 1 && s != 0 && s%u.size == 0 {
			return strconv.FormatInt(int64(s/u.size), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// MarshalText gives String.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what ParseSize reads.
func (s *Size) UnmarshalText(text []byte) error {
	parsed, err := ParseSize(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}
