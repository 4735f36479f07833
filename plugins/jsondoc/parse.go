package jsondoc

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// What can be wrong with a document; Parse wraps one of these. No error holds
// any of the text (invariant 10).
var (
	ErrSyntax    = errors.New("not JSON")
	ErrUTF8      = errors.New("text that is not UTF-8")
	ErrDuplicate = errors.New("an object has a name twice")
	ErrDepth     = errors.New("nested too deeply")
)

// maxDepth bounds how deep a document is nested (invariant 11); a booking has
// no reason for a tenth of it.
const maxDepth = 64

// Parse reads one document and nothing after it. The values share no memory
// with body.
func Parse(body []byte) (Value, error) {
	// Checked at once: no text below is cut within a character.
	if !utf8.Valid(body) {
		return Value{}, ErrUTF8
	}
	p := parser{doc: string(body)}
	v, err := p.value(0)
	if err == nil {
		if p.blanks(); p.at != len(p.doc) {
			err = p.wrong()
		}
	}
	if err != nil {
		return Value{}, err
	}
	return v, nil
}

type parser struct {
	doc string
	at  int
}

// wrong reports where the document stops being JSON.
func (p *parser) wrong() error {
	return fmt.Errorf("at byte %d of %d: %w", p.at, len(p.doc), ErrSyntax)
}

func (p *parser) blanks() {
	for p.at < len(p.doc) {
		switch p.doc[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// next passes over b and blanks before it, if it comes next.
func (p *parser) next(b byte) bool {
	p.blanks()
	if p.at == len(p.doc) || p.doc[p.at] != b {
		return false
	}
	p.at++
	return true
}

func (p *parser) value(depth int) (Value, error) {
	if p.blanks(); p.at == len(p.doc) {
		return Value{}, p.wrong()
	}
	switch b := p.doc[p.at]; {
	case b == '{':
		return p.object(depth + 1)
	case b == '[':
		return p.list(depth + 1)
	case b == '"':
		s, err := p.text()
		return Value{kind: text, text: s}, err
	case b == '-' || '0' <= b && b <= '9':
		return p.number()
	}
	return p.word()
}

func (p *parser) object(depth int) (Value, error) {
	if depth > maxDepth {
		return Value{}, ErrDepth
	}
	p.at++
	v := Value{kind: object}
	if p.next('}') {
		return v, nil
	}
	var names names
	for {
		m, err := p.pair(depth)
		if err != nil {
			return Value{}, err
		}
		if !names.add(v.members, m.name) {
			return Value{}, ErrDuplicate
		}
		v.members = append(v.members, m)
		if p.next('}') {
			return v, nil
		}
		if !p.next(',') {
			return Value{}, p.wrong()
		}
	}
}

func (p *parser) pair(depth int) (member, error) {
	if p.blanks(); p.at == len(p.doc) || p.doc[p.at] != '"' {
		return member{}, p.wrong()
	}
	name, err := p.text()
	if err != nil {
		return member{}, err
	}
	if !p.next(':') {
		return member{}, p.wrong()
	}
	v, err := p.value(depth)
	return member{name: name, value: v}, err
}

func (p *parser) list(depth int) (Value, error) {
	if depth > maxDepth {
		return Value{}, ErrDepth
	}
	p.at++
	v := Value{kind: list}
	if p.next(']') {
		return v, nil
	}
	for {
		item, err := p.value(depth)
		if err != nil {
			return Value{}, err
		}
		v.items = append(v.items, item)
		if p.next(']') {
			return v, nil
		}
		if !p.next(',') {
			return Value{}, p.wrong()
		}
	}
}

// names knows the names of one object. Few are compared one by one; many are
// looked up, so that a huge object does not cost the square of its size.
type names struct{ seen map[string]bool }

const few = 32

// add takes the name of a further member; false if a member had it before.
func (n *names) add(before []member, name string) bool {
	if len(before) < few {
		for i := range before {
			if before[i].name == name {
				return false
			}
		}
		return true
	}
	if n.seen == nil {
		n.seen = make(map[string]bool, 2*len(before))
		for i := range before {
			n.seen[before[i].name] = true
		}
	}
	if n.seen[name] {
		return false
	}
	n.seen[name] = true
	return true
}
