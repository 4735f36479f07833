package booking

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// The functions below append one member each: its name, given as it stands in
// the text with the comma or brace before it, and the value.

func appendText[S ~string](dst []byte, name string, s S) []byte {
	return appendQuoted(append(dst, name...), string(s))
}

func appendMaybeText(dst []byte, name string, s *string) []byte {
	dst = append(dst, name...)
	if s == nil {
		return append(dst, null...)
	}
	return appendQuoted(dst, *s)
}

func appendInt[N int | int32 | int64](dst []byte, name string, n N) []byte {
	return strconv.AppendInt(append(dst, name...), int64(n), 10)
}

func appendMaybeInt[N int | int64](dst []byte, name string, n *N) []byte {
	if n == nil {
		return append(append(dst, name...), null...)
	}
	return appendInt(dst, name, *n)
}

// appendTime writes a time in UTC whose year has four digits.
func appendTime(dst []byte, name string, t time.Time) []byte {
	dst = append(append(dst, name...), '"')
	return append(t.AppendFormat(dst, time.RFC3339Nano), '"')
}

func appendMaybeTime(dst []byte, name string, t *time.Time) []byte {
	if t == nil {
		return append(append(dst, name...), null...)
	}
	return appendTime(dst, name, *t)
}

func appendBool(dst []byte, name string, b bool) []byte {
	return strconv.AppendBool(append(dst, name...), b)
}

func appendNotes(dst []byte, name string, notes []string) []byte {
	dst = append(dst, name...)
	if notes == nil {
		return append(dst, null...)
	}
	dst = append(dst, '[')
	for i, n := range notes {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendQuoted(dst, n)
	}
	return append(dst, ']')
}

const null = "null"

// appendQuoted writes a JSON string as encoding/json does without HTML escapes:
// analysts search for `&`. What is not UTF-8 becomes U+FFFD, and U+2028 and
// U+2029 are escaped, for readers that take JSON for JavaScript.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	done := 0 // s is written up to here
	for i := 0; i < len(s); {
		if b := s[i]; b < utf8.RuneSelf {
			if plain[b] {
				i++
				continue
			}
			dst = appendEscape(append(dst, s[done:i]...), b)
			i++
			done = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || r == '\u2028' || r == '\u2029' {
			dst = appendUnicode(append(dst, s[done:i]...), r)
			done = i + size
		}
		i += size
	}
	return append(append(dst, s[done:]...), '"')
}

func appendEscape(dst []byte, b byte) []byte {
	switch b {
	case '"', '\\':
		return append(dst, '\\', b)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return appendUnicode(dst, rune(b))
}

func appendUnicode(dst []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}

// plain tells the ASCII that stands for itself in a JSON string.
var plain = func() (t [utf8.RuneSelf]bool) {
	for b := byte(' '); b < utf8.RuneSelf; b++ {
		t[b] = b != '"' && b != '\\'
	}
	return t
}()
