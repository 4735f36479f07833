package booking

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/reservoirhq/reservoir/pipeline/booking/jsontext"
)

// reader reads what the encoder writes: the same members in the same order,
// without space between them. Its strings are parts of the text, which is so
// copied once and not once per value. Whatever else JSON may look like, and
// whatever is broken, makes it give up (off): encoding/json then reads the value
// again and judges it.
type reader struct {
	text string
	at   int
	off  bool
}

// done tells whether the whole text was read.
func (r *reader) done() bool { return !r.off && r.at == len(r.text) }

// skip passes over a text that has to come next.
func (r *reader) skip(text string) {
	if !r.next(text) {
		r.off = true
	}
}

// next passes over a text that may come next.
func (r *reader) next(text string) bool {
	if r.off || !strings.HasPrefix(r.text[r.at:], text) {
		return false
	}
	r.at += len(text)
	return true
}

// is passes over a member's name and tells whether its value is not null.
func (r *reader) is(name string) bool {
	r.skip(name)
	return !r.off && !r.next(jsontext.Null)
}

func (r *reader) bool(name string) bool {
	r.skip(name)
	if r.next("true") {
		return true
	}
	r.skip("false")
	return false
}

func (r *reader) str(name string) string {
	r.skip(name)
	return r.quoted()
}

// maybeStr reads a text or null; the text is kept in room.
func (r *reader) maybeStr(name string, room *string) *string {
	if !r.is(name) {
		return nil
	}
	*room = r.quoted()
	return room
}

// quoted reads a string.
func (r *reader) quoted() string {
	r.skip(`"`)
	if r.off {
		return ""
	}
	start := r.at
	for i := start; i < len(r.text); i++ {
		if jsontext.Plain(r.text[i]) {
			continue
		}
		if r.text[i] != '"' {
			return r.unquote(start, i)
		}
		r.at = i + 1
		return r.text[start:i]
	}
	r.off = true
	return ""
}

// unquote reads a string that begins at start and has something other than
// plain ASCII at i. Escapes and broken UTF-8 are seldom: encoding/json reads them.
func (r *reader) unquote(start, i int) (s string) {
	for i < len(r.text) && r.text[i] != '"' {
		if r.text[i] == '\\' {
			i++ // what is escaped ends no string
		}
		i++
	}
	if i >= len(r.text) {
		r.off = true
		return ""
	}
	r.at = i + 1
	if s = r.text[start:i]; !strings.Contains(s, `\`) && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl) {
		return s
	}
	r.off = json.Unmarshal([]byte(r.text[start-1:r.at]), &s) != nil
	return s
}

// instant reads a time as encoding/json does: its text has no escapes.
func (r *reader) instant(name string) (t time.Time) {
	r.skip(name)
	r.skip(`"`)
	text, _, _ := strings.Cut(r.text[r.at:], `"`)
	r.at += len(text)
	r.skip(`"`)
	if r.off || t.UnmarshalText([]byte(text)) != nil {
		r.off = true
	}
	return t
}

// maybeTime reads a time or null; the time is kept in room.
func (r *reader) maybeTime(name string, room *time.Time) *time.Time {
	if !r.is(name) {
		return nil
	}
	*room = r.instant("")
	return room
}

// number reads a whole number that fits into so many bits.
func (r *reader) number(name string, bits int) int64 {
	r.skip(name)
	start := r.at
	for r.at < len(r.text) && (r.text[r.at] == '-' || '0' <= r.text[r.at] && r.text[r.at] <= '9') {
		r.at++
	}
	digits := r.text[start:r.at]
	n, err := strconv.ParseInt(digits, 10, bits)
	// JSON has no 01, and -0 is not how we write zero.
	if err != nil || digits != "0" && strings.TrimPrefix(digits, "-")[0] == '0' {
		r.off = true
	}
	return n
}

// maybeInt reads a number or null; the number is kept in room.
func (r *reader) maybeInt(name string, room *int) *int {
	if !r.is(name) {
		return nil
	}
	*room = int(r.number("", strconv.IntSize))
	return room
}

func (r *reader) maybeMinor(name string, room *int64) *int64 {
	if !r.is(name) {
		return nil
	}
	*room = r.number("", 64)
	return room
}
