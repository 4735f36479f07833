package jsontext

import (
	"encoding/binary"
	"strconv"
	"time"
	"unicode/utf8"
)

// Text appends a text.
func Text[S ~string](dst []byte, name string, s S) []byte {
	return Quoted(append(dst, name...), string(s))
}

// MaybeText appends a text or null.
func MaybeText(dst []byte, name string, s *string) []byte {
	dst = append(dst, name...)
	if s == nil {
		return append(dst, Null...)
	}
	return Quoted(dst, *s)
}

// Int appends a whole number.
func Int[N int | int32 | int64](dst []byte, name string, n N) []byte {
	return strconv.AppendInt(append(dst, name...), int64(n), 10)
}

// MaybeInt appends a whole number or null.
func MaybeInt[N int | int64](dst []byte, name string, n *N) []byte {
	if n == nil {
		return append(append(dst, name...), Null...)
	}
	return Int(dst, name, *n)
}

// Time appends a time in UTC whose year has four digits.
func Time(dst []byte, name string, t time.Time) []byte {
	dst = append(append(dst, name...), '"')
	return append(t.AppendFormat(dst, time.RFC3339Nano), '"')
}

// MaybeTime appends a time or null.
func MaybeTime(dst []byte, name string, t *time.Time) []byte {
	if t == nil {
		return append(append(dst, name...), Null...)
	}
	return Time(dst, name, *t)
}

// Bool appends true or false.
func Bool(dst []byte, name string, b bool) []byte {
	return strconv.AppendBool(append(dst, name...), b)
}

// Texts appends a list of texts, null for nil.
func Texts(dst []byte, name string, list []string) []byte {
	dst = append(dst, name...)
	if list == nil {
		return append(dst, Null...)
	}
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = Quoted(dst, s)
	}
	return append(dst, ']')
}

// Null is how null is written.
const Null = "null"

// Quoted appends a JSON string as encoding/json does without HTML escapes:
// analysts search for `&`. What is not UTF-8 becomes U+FFFD, and U+2028 and
// U+2029 are escaped, for readers that take JSON for JavaScript.
func Quoted(dst []byte, s string) []byte {
	start := len(dst) + 1
	dst = append(append(dst, '"'), s...)
	if allPlain(dst[start:]) {
		return append(dst, '"') // nearly every text
	}
	return escaped(dst[:start], s)
}

// allPlain tells a text of ASCII that stands for itself, eight bytes at a time.
func allPlain(text []byte) bool {
	for ; len(text) >= 8; text = text[8:] {
		const ones, tops = 0x0101010101010101, 0x8080808080808080
		w := binary.LittleEndian.Uint64(text)
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		// The top bit of a byte of x-ones&^x is set where the byte of x is
		// zero, of w-ones*' '&^w where it is below a blank, of w where it is no
		// ASCII. What is borrowed sets further ones only behind a true one.
		if ((quote-ones)&^quote|(slash-ones)&^slash|(w-ones*' ')&^w|w)&tops != 0 {
			return false
		}
	}
	for _, b := range text {
		if !Plain(b) {
			return false
		}
	}
	return true
}

// escaped goes on with a text behind its opening quote.
func escaped(dst []byte, s string) []byte {
	done := 0 // s is written up to here
	for i := 0; i < len(s); {
		if b := s[i]; b < utf8.RuneSelf {
			if plain[b] {
				i++
				continue
			}
			dst = escape(append(dst, s[done:i]...), b)
			i++
			done = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || r == '\u2028' || r == '\u2029' {
			dst = unicode(append(dst, s[done:i]...), r)
			done = i + size
		}
		i += size
	}
	return append(append(dst, s[done:]...), '"')
}

func escape(dst []byte, b byte) []byte {
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
	return unicode(dst, rune(b))
}

func unicode(dst []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}

// Plain tells the ASCII that stands for itself in a JSON string.
func Plain(b byte) bool { return b < utf8.RuneSelf && plain[b] }

var plain = func() (t [utf8.RuneSelf]bool) {
	for b := byte(' '); b < utf8.RuneSelf; b++ {
		t[b] = b != '"' && b != '\\'
	}
	return t
}()
