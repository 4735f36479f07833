package jsondoc

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// text passes over a quoted text, the opening quote being next, and tells where
// it stands: in the body, or, if it has escapes, decoded.
func (p *parser) text() (span, error) {
	p.at++
	start := p.at
	if p.plain(); p.at < len(p.body) {
		switch p.body[p.at] {
		case '"':
			p.at++
			return span{uint32(start), uint32(p.at - 1)}, nil
		case '\\':
			return p.escaped(start)
		}
	}
	return span{}, p.wrong()
}

// plain passes over what stands for itself in a text, eight bytes at a time:
// everything but a quote, a backslash and control characters.
func (p *parser) plain() {
	body, at := p.body, p.at
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; at+8 <= len(body); at += 8 {
		w := binary.LittleEndian.Uint64(body[at:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		// The top bit of a byte of x-ones&^x is set where the byte of x is
		// zero, of w-ones*' '&^w where it is below a blank. What is borrowed
		// may set further ones, but only behind a true one.
		stop := ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*' ')&^w) & tops
		if stop != 0 {
			p.at = at + bits.TrailingZeros64(stop)/8
			return
		}
	}
	for at < len(body) && body[at] != '"' && body[at] != '\\' && body[at] >= ' ' {
		at++
	}
	p.at = at
}

// escaped goes on with a text from its first backslash.
func (p *parser) escaped(start int) (span, error) {
	from := len(p.body) + len(p.decoded)
	p.decoded = append(p.decoded, p.body[start:p.at]...)
	for p.at < len(p.body) {
		switch p.body[p.at] {
		case '"':
			p.at++
			return span{uint32(from), uint32(len(p.body) + len(p.decoded))}, nil
		case '\\':
			r, err := p.escape()
			if err != nil {
				return span{}, err
			}
			p.decoded = utf8.AppendRune(p.decoded, r)
		default:
			start := p.at
			if p.plain(); p.at == start {
				return span{}, p.wrong()
			}
			p.decoded = append(p.decoded, p.body[start:p.at]...)
		}
	}
	return span{}, p.wrong()
}

// simple are the escapes of one character.
const simple, meaning = `"\/bfnrt`, "\"\\/\b\f\n\r\t"

// escape reads one escape, the backslash being next.
func (p *parser) escape() (rune, error) {
	p.at++
	if p.at == len(p.body) {
		return 0, p.wrong()
	}
	b := p.body[p.at]
	if b == 'u' {
		return p.unicode()
	}
	i := strings.IndexByte(simple, b)
	if i < 0 {
		return 0, p.wrong()
	}
	p.at++
	return rune(meaning[i]), nil
}

// unicode reads uXXXX, and the second half where it is one of a pair. Half a
// pair is no text.
func (p *parser) unicode() (rune, error) {
	r, ok := p.hex()
	if !ok {
		return 0, p.wrong()
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if p.at == len(p.body) || p.body[p.at] != '\\' {
		return 0, ErrUTF8
	}
	p.at++
	second, ok := p.hex()
	if r = utf16.DecodeRune(r, second); !ok || r == utf8.RuneError {
		return 0, ErrUTF8
	}
	return r, nil
}

func (p *parser) hex() (rune, bool) {
	if len(p.body)-p.at < len("uXXXX") || p.body[p.at] != 'u' {
		return 0, false
	}
	var r rune
	for _, b := range p.body[p.at+1 : p.at+len("uXXXX")] {
		switch {
		case '0' <= b && b <= '9':
			b -= '0'
		case 'a' <= b|0x20 && b|0x20 <= 'f':
			b = b | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(b)
	}
	p.at += len("uXXXX")
	return r, true
}

// number passes over a number.
func (p *parser) number() (kind, span, error) {
	start := p.at
	if p.body[p.at] == '-' {
		p.at++
	}
	if whole := p.at; p.digits() == 0 || p.body[whole] == '0' && p.at > whole+1 {
		return number, span{}, p.wrong()
	}
	if p.at < len(p.body) && p.body[p.at] == '.' {
		if p.at++; p.digits() == 0 {
			return number, span{}, p.wrong()
		}
	}
	if p.at < len(p.body) && p.body[p.at]|0x20 == 'e' {
		if p.at++; p.at < len(p.body) && (p.body[p.at] == '+' || p.body[p.at] == '-') {
			p.at++
		}
		if p.digits() == 0 {
			return number, span{}, p.wrong()
		}
	}
	return number, span{uint32(start), uint32(p.at)}, nil
}

// digits passes over digits and tells how many.
func (p *parser) digits() int {
	start := p.at
	for p.at < len(p.body) && '0' <= p.body[p.at] && p.body[p.at] <= '9' {
		p.at++
	}
	return p.at - start
}

// word passes over null, true or false.
func (p *parser) word() (kind, span, error) {
	switch p.body[p.at] {
	case 'n':
		return p.literal("null", null)
	case 't':
		return p.literal("true", boolean)
	case 'f':
		return p.literal("false", boolean)
	}
	return absent, span{}, p.wrong()
}

func (p *parser) literal(word string, k kind) (kind, span, error) {
	start, end := p.at, p.at+len(word)
	if end > len(p.body) || string(p.body[start:end]) != word {
		return absent, span{}, p.wrong()
	}
	p.at = end
	return k, span{uint32(start), uint32(end)}, nil
}
