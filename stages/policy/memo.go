package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// dataCache answers every reading of a bundle's data from memory. OPA builds
// such a cache anew for each evaluation, because its data may change; ours never
// does, and it is shared by all evaluations without a lock.
type dataCache struct{ root ast.Value }

var _ topdown.BaseCache = dataCache{}

// Get gives nil for what is not there; the store then says that it is not.
func (c dataCache) Get(ref ast.Ref) ast.Value {
	if c.root == nil || len(ref) < 2 {
		return nil // the root itself is the store's: OPA hides a part of it
	}
	value, err := c.root.Find(ref[1:])
	if err != nil {
		return nil
	}
	return value
}

// Put has nothing to keep.
func (c dataCache) Put(ast.Ref, ast.Value) {}

// memo remembers what rules came to during one evaluation, and is used again by
// the next one: OPA's own is a tree of hash maps, a tenth of all that an
// evaluation allocates. It is one list with chains of equal hash; frames are
// stretches of the list.
type memo struct {
	entries []remembered
	refs    []*ast.Term // of all entries, one after the other
	frames  []int       // where each frame begins
	chains  [256]int32  // last entry of each chain, counted from 1

	first *memo            // the constants, with which it begins; nil where it has none
	used  []map[string]any // labels of the constants that were asked for
}

type remembered struct {
	from, to int // its ref in refs
	hash     int
	before   int32            // the chain's entry before, counted from 1
	value    *ast.Term        // nil is undefined
	labels   []map[string]any // of the rules that a constant comes from
}

var _ topdown.VirtualCache = (*memo)(nil)

func newMemo() *memo { return &memo{frames: []int{0}} }

// begun makes a memo that begins with those constants.
func begun(first *memo) *memo {
	m := newMemo()
	m.first = first
	m.reset()
	return m
}

// maxMemo bounds what a memo holds on to between evaluations (invariant 11).
const maxMemo = 4096

// reset forgets all but the constants, so that no input outlives its evaluation.
func (m *memo) reset() {
	if cap(m.entries) > maxMemo || cap(m.refs) > 8*maxMemo {
		*m = memo{frames: []int{0}, first: m.first}
	}
	clear(m.entries[:cap(m.entries)])
	clear(m.refs[:cap(m.refs)])
	m.entries, m.refs, m.frames, m.chains, m.used = m.entries[:0], m.refs[:0], m.frames[:1], [256]int32{}, nil
	if m.first != nil {
		m.entries, m.refs, m.chains = append(m.entries, m.first.entries...), append(m.refs, m.first.refs...), m.first.chains
	}
}

// Push begins a frame in which nothing is remembered yet.
func (m *memo) Push() { m.frames = append(m.frames, len(m.entries)) }

// Pop ends the frame and forgets what it held.
func (m *memo) Pop() {
	last := len(m.frames) - 1
	first := m.frames[last]
	m.frames = m.frames[:last]
	for i := len(m.entries) - 1; i >= first; i-- {
		m.chains[m.entries[i].hash&255] = m.entries[i].before
		m.refs = m.refs[:m.entries[i].from]
	}
	m.entries = m.entries[:first]
}

// Get gives the value, or that it is known to be undefined, or neither.
func (m *memo) Get(ref ast.Ref) (value *ast.Term, undefined bool) {
	e := m.find(ref, hashRef(ref))
	if e == nil {
		return nil, false
	}
	if e.labels != nil {
		m.used = append(m.used, e.labels...)
	}
	return e.value, e.value == nil
}

// Put remembers; a nil value is undefined.
func (m *memo) Put(ref ast.Ref, value *ast.Term) {
	hash := hashRef(ref)
	if e := m.find(ref, hash); e != nil {
		e.value = value
		return
	}
	from := len(m.refs)
	m.refs = append(m.refs, ref...)
	chain := &m.chains[hash&255]
	m.entries = append(m.entries, remembered{from: from, to: len(m.refs), hash: hash, before: *chain, value: value})
	*chain = int32(len(m.entries))
}

// Keys gives what has a value in the frame.
func (m *memo) Keys() []ast.Ref {
	var keys []ast.Ref
	for _, e := range m.entries[m.frames[len(m.frames)-1]:] {
		if e.value != nil {
			keys = append(keys, append(ast.Ref(nil), m.refs[e.from:e.to]...))
		}
	}
	return keys
}

// holds says that something is remembered of the ref.
func (m *memo) holds(ref ast.Ref) bool { return m.find(ref, hashRef(ref)) != nil }

func (m *memo) find(ref ast.Ref, hash int) *remembered {
	first := m.frames[len(m.frames)-1]
	for i := int(m.chains[hash&255]) - 1; i >= first; i = int(m.entries[i].before) - 1 {
		e := &m.entries[i]
		if e.hash == hash && sameRef(m.refs[e.from:e.to], ref) {
			return e
		}
	}
	return nil
}

// sameRef begins at the end, where refs of one policy differ.
func sameRef(a, b ast.Ref) bool {
	if len(a) != len(b) {
		return false
	}
	for i := len(a) - 1; i >= 0; i-- {
		if a[i] != b[i] && !a[i].Equal(b[i]) {
			return false
		}
	}
	return true
}

// hashRef takes the last two terms: what stands before them is mostly the
// package that all rules share.
func hashRef(ref ast.Ref) int {
	hash := len(ref)
	for _, t := range ref[max(0, len(ref)-2):] {
		hash = hash*31 + t.Hash()
	}
	return hash
}
