package jsondoc

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// What can be wrong with a document; Parse and Pick wrap one of these. No error
// holds any of the text (invariant 10).
var (
	ErrSyntax    = errors.New("not JSON")
	ErrUTF8      = errors.New("text that is not UTF-8")
	ErrDuplicate = errors.New("an object has a name twice")
	ErrDepth     = errors.New("nested too deeply")
	ErrSize      = errors.New("2 GiB or more")
)

// maxDepth bounds how deep a document is nested (invariant 11); a booking has
// no reason for a tenth of it.
const maxDepth = 64

// Parse reads one document and nothing after it. The values share no memory
// with body.
func Parse(body []byte) (Value, error) {
	d, err := parse(body, nil)
	if err != nil {
		return Value{}, err
	}
	return Value{doc: d}, nil
}

// parse reads a document in a room for its values.
func parse(body []byte, room []node) (*document, error) {
	p := parser{body: body, all: true}
	// Checked at once: no text below is cut within a character.
	if err := p.check(); err != nil {
		return nil, err
	}
	p.nodes = slices.Grow(room, guess(body))
	if err := p.document(&everything); err != nil {
		return nil, err
	}
	return &document{text: string(body), decoded: string(p.decoded), nodes: p.nodes}, nil
}

// guess is how many values a document has at most, unless it is huge: each of
// them is the first one, the first in its list or object, or behind a comma.
func guess(body []byte) int {
	const enough = 4096 // a text of commas holds no values (invariant 11)
	return min(enough, 1+bytes.Count(body, []byte{','})+bytes.Count(body, []byte{'{'})+bytes.Count(body, []byte{'['}))
}

// parser reads a document once, from left to right.
type parser struct {
	body    []byte
	at      int
	decoded []byte // the texts with escapes, decoded; spans beyond body mean it
	all     bool   // every value is kept
	nodes   []node // what is kept
	names   stack  // of the open objects' members so far
}

func (p *parser) check() error {
	// Spans count 32 bits, body and decoded texts together.
	if len(p.body) > math.MaxInt32 {
		return ErrSize
	}
	if !utf8.Valid(p.body) {
		return ErrUTF8
	}
	return nil
}

// document reads the whole text.
func (p *parser) document(keep *Wanted) error {
	if err := p.value(0, span{}, keep); err != nil {
		return err
	}
	if p.blanks(); p.at != len(p.body) {
		return p.wrong()
	}
	return nil
}

// wrong reports where the document stops being JSON.
func (p *parser) wrong() error {
	return fmt.Errorf("at byte %d of %d: %w", p.at, len(p.body), ErrSyntax)
}

func (p *parser) blanks() {
	for p.at < len(p.body) {
		if b := p.body[p.at]; b > ' ' || b != ' ' && b != '\n' && b != '\t' && b != '\r' {
			return
		}
		p.at++
	}
}

// next passes over b and blanks before it, if it comes next.
func (p *parser) next(b byte) bool {
	p.blanks()
	if p.at == len(p.body) || p.body[p.at] != b {
		return false
	}
	p.at++
	return true
}

// value reads a value. It becomes a node if it is wanted; keep is nil where it
// is only to be checked.
func (p *parser) value(depth int, name span, keep *Wanted) error {
	if p.blanks(); p.at == len(p.body) {
		return p.wrong()
	}
	at := len(p.nodes)
	if keep != nil {
		p.nodes = append(p.nodes, node{name: name})
	}
	kind, scalar, err := p.content(depth, keep)
	if keep != nil {
		n := &p.nodes[at]
		n.kind, n.text, n.next = kind, scalar, uint32(len(p.nodes))
	}
	return err
}

func (p *parser) content(depth int, keep *Wanted) (kind, span, error) {
	switch b := p.body[p.at]; {
	case b == '"':
		s, err := p.text()
		return text, s, err
	case b == '{':
		return object, span{}, p.object(depth+1, keep)
	case b == '[':
		return list, span{}, p.list(depth+1, keep)
	case b == '-' || '0' <= b && b <= '9':
		return p.number()
	}
	return p.word()
}

func (p *parser) object(depth int, keep *Wanted) error {
	if depth > maxDepth {
		return ErrDepth
	}
	p.at++
	if p.next('}') {
		return nil
	}
	names := names{first: p.names.size}
	for {
		if err := p.pair(depth, keep, &names); err != nil {
			return err
		}
		if p.next('}') {
			p.names.cut(names.first)
			return nil
		}
		if !p.next(',') {
			return p.wrong()
		}
	}
}

func (p *parser) pair(depth int, keep *Wanted, names *names) error {
	if p.blanks(); p.at == len(p.body) || p.body[p.at] != '"' {
		return p.wrong()
	}
	name, err := p.text()
	if err != nil {
		return err
	}
	if !p.next(':') {
		return p.wrong()
	}
	if !p.all && keep != nil {
		keep = keep.member(p.bytes(name))
	}
	if err := p.value(depth, name, keep); err != nil {
		return err
	}
	if !names.add(p, name) {
		return ErrDuplicate
	}
	return nil
}

func (p *parser) list(depth int, keep *Wanted) error {
	if depth > maxDepth {
		return ErrDepth
	}
	p.at++
	if p.next(']') {
		return nil
	}
	if !p.all {
		keep = nil // a list that is picked is empty
	}
	for {
		if err := p.value(depth, span{}, keep); err != nil {
			return err
		}
		if p.next(']') {
			return nil
		}
		if !p.next(',') {
			return p.wrong()
		}
	}
}
