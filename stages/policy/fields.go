package policy

import (
	"strconv"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
)

// fields says which part of the input a policy reads. To build the rest costs
// more than to evaluate a small policy, and nobody would see it.
type fields struct {
	whole bool // all below it
	of    map[string]*fields
}

// readFields finds what the modules read. A reading that is not by plain names
// (`input[x]`, `walk(input)`, `f(input.booking)`) takes all that it could reach.
func readFields(modules map[string]*ast.Module) *fields {
	root := &fields{}
	var visitor *ast.GenericVisitor
	visitor = ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case ast.Ref:
			if !x[0].Equal(ast.InputRootDocument) {
				return false
			}
			root.add(x[1:])
			for _, t := range x[1:] {
				visitor.Walk(t) // another reading may stand in brackets
			}
			return true
		case ast.Var:
			if x == ast.InputRootDocument.Value {
				root.whole = true
			}
		}
		return false
	})
	for _, m := range modules {
		for _, r := range m.Rules {
			visitor.Walk(r)
		}
	}
	return root
}

func (f *fields) add(path ast.Ref) {
	for i, step := range path {
		name, ok := step.Value.(ast.String)
		if !ok && i > 0 && path[i-1].Equal(inputNames["components"]) {
			continue // one of a list: what is read of it follows
		}
		if !ok {
			break
		}
		next := f.of[string(name)]
		if next == nil {
			next = &fields{}
			if f.of == nil {
				f.of = map[string]*fields{}
			}
			f.of[string(name)] = next
		}
		f = next
	}
	f.whole = true
}

// words are the texts that a policy knows by name: of these, all inputs share
// one term.
type words map[string]*ast.Term

// knownWords collects the texts in rules and data.
func knownWords(modules map[string]*ast.Module, data ast.Value) words {
	known := words{}
	visitor := ast.NewGenericVisitor(func(x any) bool {
		if t, ok := x.(*ast.Term); ok {
			if s, ok := t.Value.(ast.String); ok {
				known[string(s)] = ast.StringTerm(string(s))
			}
		}
		return false
	})
	for _, m := range modules {
		visitor.Walk(m)
	}
	if data != nil {
		visitor.Walk(ast.NewTerm(data))
	}
	return known
}

// builder makes one object of the input, of the fields that are read. It lives
// on the stack.
type builder struct {
	fields *fields
	arena  *arena
	words  words
	pairs  [16]pair // booking has as many
	n      int
}

func (b *builder) term() *ast.Term { return b.arena.term(ast.NewObject(b.pairs[:b.n]...)) }

// single gives an object of one word that the policy knows, which all inputs
// share: of a component most policies read the type alone.
func (b *builder) single(shared map[string]*ast.Term) *ast.Term {
	if b.n == 1 {
		if s, ok := b.pairs[0][1].Value.(ast.String); ok && shared[string(s)] != nil {
			return shared[string(s)]
		}
	}
	return b.term()
}

// only gives the objects of one known word for the place in the input of which
// the policy reads nothing but the name.
func (w words) only(f *fields, name string, place ...string) map[string]*ast.Term {
	for _, step := range place {
		if f == nil || f.whole {
			return nil
		}
		f = f.of[step]
	}
	if f == nil || f.whole || len(f.of) != 1 || f.of[name] == nil {
		return nil
	}
	shared := make(map[string]*ast.Term, len(w))
	for s, t := range w {
		shared[s] = ast.ObjectTerm(pair{inputNames[name], t})
	}
	return shared
}

// arena holds the terms of one input, which live and die together.
type arena struct {
	terms [32]ast.Term
	n     int
}

func (a *arena) term(v ast.Value) *ast.Term {
	if a.n == len(a.terms) {
		return ast.NewTerm(v)
	}
	t := &a.terms[a.n]
	t.Value = v
	a.n++
	return t
}

// word gives the term that all inputs share, where the policy knows the text.
func (a *arena) word(known words, s string) *ast.Term {
	if t, ok := known[s]; ok {
		return t
	}
	return a.term(ast.String(s))
}

func (a *arena) whole(n int64) *ast.Term {
	if n > -1 && n < 512 {
		return ast.InternedTerm(int(n))
	}
	return a.term(ast.Number(strconv.FormatInt(n, 10)))
}

// reads gives the fields below name, nil where nobody reads it.
func (b *builder) reads(name string) *fields {
	if b.fields.whole {
		return b.fields
	}
	return b.fields.of[name]
}

func (b *builder) put(name string, value *ast.Term) {
	b.pairs[b.n] = pair{inputNames[name], value}
	b.n++
}

func (b *builder) word(name, value string) {
	if b.reads(name) != nil {
		b.put(name, b.arena.word(b.words, value))
	}
}

func (b *builder) text(name string, value *string) {
	switch {
	case b.reads(name) == nil:
	case value == nil:
		b.put(name, ast.InternedNullTerm)
	default:
		b.put(name, b.arena.word(b.words, *value))
	}
}

func (b *builder) texts(name string, list []string) {
	switch {
	case b.reads(name) == nil:
	case len(list) == 0:
		b.put(name, ast.InternedEmptyArray)
	default:
		terms := make([]*ast.Term, len(list))
		for i, s := range list {
			terms[i] = b.arena.word(b.words, s)
		}
		b.put(name, b.arena.term(ast.NewArray(terms...)))
	}
}

func (b *builder) instant(name string, t *time.Time) {
	switch {
	case b.reads(name) == nil:
	case t == nil:
		b.put(name, ast.InternedNullTerm)
	default:
		b.put(name, b.arena.term(ast.String(t.UTC().Format(time.RFC3339Nano))))
	}
}

func (b *builder) whole(name string, n int64) {
	if b.reads(name) != nil {
		b.put(name, b.arena.whole(n))
	}
}

func number[N int | int64](b *builder, name string, n *N) {
	switch {
	case b.reads(name) == nil:
	case n == nil:
		b.put(name, ast.InternedNullTerm)
	default:
		b.put(name, b.arena.whole(int64(*n)))
	}
}
