package policy

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

// The bounds on what a policy may say, so that a decision fits its topic
// (invariant 11). An event has no more components than the list may be long.
const (
	maxList   = 256
	maxText   = 1024 // bytes
	maxParams = 2048 // bytes
)

// node is one object of a policy's answer that is being read. What is wrong
// is collected by path, never by value (invariant 10).
type node struct {
	faults *[]error
	path   string
	object ast.Object // nil where there is none
}

// open takes t as an object with no other names than these.
func open(faults *[]error, path string, t *ast.Term, names []string) node {
	n := node{faults: faults, path: path}
	o, ok := t.Value.(ast.Object)
	if !ok {
		n.fault("", "is not an object")
		return n
	}
	n.object = o
	known := 0
	for _, name := range names {
		if o.Get(answerName(name)) != nil {
			known++
		}
	}
	for range o.Len() - known {
		n.fault("", fmt.Sprintf("has a name that a decision does not have; it has %q", names))
	}
	return n
}

func (n node) open(name string, t *ast.Term, names []string) node {
	return open(n.faults, n.path+"."+name, t, names)
}

func (n node) fault(name, problem string) {
	path := n.path
	if name != "" {
		path += "." + name
	}
	*n.faults = append(*n.faults, fmt.Errorf("%s %s", path, problem))
}

// get gives the value, nil where it is absent or null.
func (n node) get(name string) *ast.Term {
	if n.object == nil {
		return nil
	}
	t := n.object.Get(answerName(name))
	if t == nil {
		return nil
	}
	if _, null := t.Value.(ast.Null); null {
		return nil
	}
	return t
}

func answerName(name string) *ast.Term {
	if t, ok := answerNames[name]; ok {
		return t
	}
	return ast.StringTerm(name)
}

// inner opens an object within, an empty one where it is absent.
func (n node) inner(name string, names []string) node {
	if t := n.get(name); t != nil {
		return n.open(name, t, names)
	}
	return node{faults: n.faults, path: n.path + "." + name}
}

func (n node) text(name string) *string {
	s, ok := n.readText(name)
	if !ok {
		return nil
	}
	return &s
}

// readText is not ok where there is none that can be read.
func (n node) readText(name string) (text string, ok bool) {
	t := n.get(name)
	if t == nil {
		return "", false
	}
	s, ok := t.Value.(ast.String)
	if !ok {
		n.fault(name, "is not text")
		return "", false
	}
	if len(s) > maxText {
		n.fault(name, fmt.Sprintf("is longer than %d bytes", maxText))
		return "", false
	}
	return string(s), true
}

// word is a text that must be there.
func (n node) word(name string) string {
	s, ok := n.readText(name)
	if !ok || s == "" {
		n.fault(name, "is missing")
		return ""
	}
	return s
}

// whole is an integer in int64; anything else is a fault, never rounded.
func (n node) whole(name string) *int64 {
	t := n.get(name)
	if t == nil {
		return nil
	}
	number, ok := t.Value.(ast.Number)
	if ok {
		if i, fits := number.Int64(); fits {
			return &i
		}
	}
	n.fault(name, "is not an integer of 64 bits")
	return nil
}

func (n node) must(name string) int64 {
	i := n.whole(name)
	if i == nil {
		n.fault(name, "is missing")
		return 0
	}
	return *i
}

// within is an integer from 0 to most that must be there.
func (n node) within(name string, most int64) int64 {
	i := n.must(name)
	if i < 0 || i > most {
		n.fault(name, fmt.Sprintf("is not from 0 to %d", most))
		return 0
	}
	return i
}

// optional is an integer of 0 or more, 0 where it is absent.
func (n node) optional(name string) int64 {
	if n.get(name) == nil {
		return 0
	}
	return n.within(name, maxMinor)
}

// list gives an array's elements, nil where it is absent. A set will do only
// where equal elements may collapse: lines of money may not.
func (n node) list(name string, setToo bool) []*ast.Term {
	t := n.get(name)
	if t == nil {
		return nil
	}
	if c, ok := t.Value.(interface{ Len() int }); ok && c.Len() > maxList {
		n.fault(name, fmt.Sprintf("has more than %d entries", maxList))
		return nil
	}
	switch l := t.Value.(type) {
	case *ast.Array:
		terms := make([]*ast.Term, l.Len())
		for i := range terms {
			terms[i] = l.Elem(i)
		}
		return terms
	case ast.Set:
		if setToo {
			return l.Slice()
		}
	}
	n.fault(name, "is not an array")
	return nil
}

func (n node) texts(name string) []string {
	var out []string
	for _, t := range n.list(name, true) {
		s, ok := t.Value.(ast.String)
		if !ok {
			n.fault(name, "holds something that is not text")
		}
		out = append(out, string(s))
	}
	return out
}

// each calls fn with every name and value of an object.
func (n node) each(name string, fn func(string, *ast.Term)) {
	o, ok := n.get(name).Value.(ast.Object)
	if !ok {
		n.fault(name, "is not an object")
		return
	}
	o.Foreach(func(k, v *ast.Term) {
		s, ok := k.Value.(ast.String)
		if !ok {
			n.fault(name, "has a name that is not text")
			return
		}
		fn(string(s), v)
	})
}

// params gives an object as JSON values, sets as sorted arrays.
func (n node) params(name string) map[string]any {
	t := n.get(name)
	if t == nil {
		return map[string]any{}
	}
	value, err := ast.JSONWithOpt(t.Value, ast.JSONOpt{SortSets: true})
	params, ok := value.(map[string]any)
	if err != nil || !ok || t.Value.StringLength() > maxParams {
		n.fault(name, fmt.Sprintf("is not an object of JSON values in %d bytes", maxParams))
		return map[string]any{}
	}
	return params
}

// answerNames are the names of an answer's fields as terms; they never change.
var answerNames = terms(
	"schema", "decision", "currency", "exponent", "rate_bp", "tier", "tier_version", "rule", "rates", "keep",
	"auto_limit_minor", "reasons", "violations", "policy", "lines", "refund_minor", "retained_minor",
	"bp", "keep_nights", "minor", "types", "code", "message", "params", "severity", "id", "version",
)

func terms(names ...string) map[string]*ast.Term {
	byName := make(map[string]*ast.Term, len(names))
	for _, n := range names {
		byName[n] = ast.StringTerm(n)
	}
	return byName
}
