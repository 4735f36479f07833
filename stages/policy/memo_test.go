package policy

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// Whatever an evaluation does with it, a memo answers as OPA's own cache, also
// when it was used before.
func TestMemoIsOPAsCache(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	m := newMemo()
	for range 200 {
		own := topdown.NewVirtualCache()
		depth := 0
		for range 400 {
			ref := randomRef(r)
			switch n := r.IntN(20); {
			case n == 0:
				m.Push()
				own.Push()
				depth++
			case n == 1 && depth > 0:
				m.Pop()
				own.Pop()
				depth--
			case n < 8:
				// An evaluation puts a ref that it did not find, once.
				if v, undefined := own.Get(ref); v != nil || undefined {
					continue
				}
				value := ast.InternedTerm(r.IntN(9))
				if r.IntN(4) == 0 {
					value = nil
				}
				m.Put(ref, value)
				own.Put(ref, value)
			default:
				got, gotUndefined := m.Get(ref)
				want, wantUndefined := own.Get(ref)
				if got != want || gotUndefined != wantUndefined {
					t.Fatalf("%s: %v %v, want %v %v", ref, got, gotUndefined, want, wantUndefined)
				}
			}
			if len(m.Keys()) != len(own.Keys()) {
				t.Fatalf("keys %v, want %v", m.Keys(), own.Keys())
			}
		}
		m.reset()
	}
}

// randomRef is one of few hundred, with strings, numbers, objects and calls.
func randomRef(r *rand.Rand) ast.Ref {
	name := ast.StringTerm(fmt.Sprint("rule", r.IntN(40)))
	ref := ast.Ref{ast.DefaultRootDocument, ast.StringTerm("p"), name}
	switch r.IntN(5) {
	case 0:
		ref = ref.Append(ast.InternedTerm(r.IntN(5)))
	case 1:
		ref = ast.Ref{ast.NewTerm(ref), ast.ObjectTerm(ast.Item(ast.StringTerm("a"), ast.InternedTerm(r.IntN(3))))}
	case 2:
		ref = ast.Ref{ast.NewTerm(ref), ast.StringTerm("x"), ast.StringTerm(fmt.Sprint(r.IntN(3)))}
	}
	return ref
}

// Nothing of one booking stays behind for the next (invariants 10 and 11).
func TestMemoForgets(t *testing.T) {
	m := newMemo()
	for i := range 3 * maxMemo {
		m.Put(ast.Ref{ast.DefaultRootDocument, ast.StringTerm(fmt.Sprint(i))}, ast.InternedNullTerm)
		if i == 10 || i == maxMemo/2 || i == 3*maxMemo-1 {
			m.reset()
			for _, e := range m.entries[:cap(m.entries)] {
				if e.value != nil {
					t.Fatal("a value stays")
				}
			}
			for _, ref := range m.refs[:cap(m.refs)] {
				if ref != nil {
					t.Fatal("a ref stays")
				}
			}
			if cap(m.entries) > maxMemo {
				t.Errorf("%d entries are kept", cap(m.entries))
			}
		}
	}
}
