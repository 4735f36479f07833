package jsondoc

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// text reads a quoted text, the opening quote being next.
func (p *parser) text() (string, error) {
	p.at++
	start := p.at
	for p.at < len(p.doc) {
		switch b := p.doc[p.at]; {
		case b == '"':
			p.at++
			return p.doc[start : p.at-1], nil
		case b == '\\':
			return p.escaped(start)
		case b < ' ':
			return "", p.wrong()
		}
		p.at++
	}
	return "", p.wrong()
}

// escaped goes on with a text from its first backslash.
func (p *parser) escaped(start int) (string, error) {
	var out strings.Builder
	out.WriteString(p.doc[start:p.at])
	for p.at < len(p.doc) {
		switch b := p.doc[p.at]; {
		case b == '"':
			p.at++
			return out.String(), nil
		case b == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			out.WriteRune(r)
		case b < ' ':
			return "", p.wrong()
		default:
			out.WriteByte(b)
			p.at++
		}
	}
	return "", p.wrong()
}

// simple are the escapes of one character.
const simple, meaning = `"\/bfnrt`, "\"\\/\b\f\n\r\t"

// escape reads one escape, the backslash being next.
func (p *parser) escape() (rune, error) {
	p.at++
	if p.at == len(p.doc) {
		return 0, p.wrong()
	}
	b := p.doc[p.at]
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
	if p.at == len(p.doc) || p.doc[p.at] != '\\' {
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
	if len(p.doc)-p.at < len("uXXXX") || p.doc[p.at] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(p.doc[p.at+1:p.at+5], 16, 16)
	if err != nil {
		return 0, false
	}
	p.at += len("uXXXX")
	return rune(n), true
}

// number reads a number and keeps its text.
func (p *parser) number() (Value, error) {
	start := p.at
	p.pass("-")
	if whole := p.at; p.digits() == 0 || p.doc[whole] == '0' && p.at > whole+1 {
		return Value{}, p.wrong()
	}
	if p.pass(".") && p.digits() == 0 {
		return Value{}, p.wrong()
	}
	if p.pass("eE") {
		p.pass("+-")
		if p.digits() == 0 {
			return Value{}, p.wrong()
		}
	}
	return Value{kind: number, text: p.doc[start:p.at]}, nil
}

// pass passes over one character of set.
func (p *parser) pass(set string) bool {
	if p.at < len(p.doc) && strings.IndexByte(set, p.doc[p.at]) >= 0 {
		p.at++
		return true
	}
	return false
}

// digits passes over digits and tells how many.
func (p *parser) digits() int {
	start := p.at
	for p.at < len(p.doc) && '0' <= p.doc[p.at] && p.doc[p.at] <= '9' {
		p.at++
	}
	return p.at - start
}

// word reads null, true or false.
func (p *parser) word() (Value, error) {
	for _, w := range []struct {
		word string
		kind kind
	}{{"null", null}, {"true", boolean}, {"false", boolean}} {
		if strings.HasPrefix(p.doc[p.at:], w.word) {
			p.at += len(w.word)
			return Value{kind: w.kind, text: w.word}, nil
		}
	}
	return Value{}, p.wrong()
}
