package jsondoc

import (
	"iter"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is the type of a value; the zero one is that of a member that is not there.
type kind uint8

const (
	absent kind = iota
	null
	boolean
	number
	text
	list
	object
)

// Value is one value of a document. The zero Value is a member that is not
// there; every method takes it.
type Value struct {
	doc *document
	at  uint32 // its node
}

func (v Value) kind() kind {
	if v.doc == nil {
		return absent
	}
	return v.doc.nodes[v.at].kind
}

// raw is the text of a text, number or word.
func (v Value) raw() string { return v.doc.string(v.doc.nodes[v.at].text) }

// Get goes down by exact names. It gives the zero Value where a name is not
// there or something on the way is no object.
func (v Value) Get(names ...string) Value {
	for _, name := range names {
		v = v.member(name)
	}
	return v
}

func (v Value) member(name string) Value {
	if v.kind() != object {
		return Value{}
	}
	nodes := v.doc.nodes
	for at, end := v.at+1, nodes[v.at].next; at < end; at = nodes[at].next {
		n := nodes[at].name
		if int(n.end-n.start) == len(name) && v.doc.string(n) == name {
			return Value{doc: v.doc, at: at}
		}
	}
	return Value{}
}

// Exists tells a member that is there, be it null.
func (v Value) Exists() bool { return v.kind() != absent }

// IsNull tells a null.
func (v Value) IsNull() bool { return v.kind() == null }

// IsObject tells an object.
func (v Value) IsObject() bool { return v.kind() == object }

// IsList tells an array.
func (v Value) IsList() bool { return v.kind() == list }

// Items gives the members of an array, none for anything else.
func (v Value) Items() []Value {
	if v.kind() != list {
		return nil
	}
	nodes := v.doc.nodes
	first, end, n := v.at+1, nodes[v.at].next, 0
	for at := first; at < end; at = nodes[at].next {
		n++
	}
	if n == 0 {
		return nil
	}
	items := make([]Value, 0, n)
	for at := first; at < end; at = nodes[at].next {
		items = append(items, Value{doc: v.doc, at: at})
	}
	return items
}

// All goes through the members of an array, none for anything else. It makes no
// list of them.
func (v Value) All() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.kind() != list {
			return
		}
		nodes := v.doc.nodes
		for at, end := v.at+1, nodes[v.at].next; at < end; at = nodes[at].next {
			if !yield(Value{doc: v.doc, at: at}) {
				return
			}
		}
	}
}

// Text gives a text without the blanks around it; false for anything else and
// for a text that is empty, blank or has control characters.
func (v Value) Text() (string, bool) {
	if v.kind() != text {
		return "", false
	}
	s := strings.TrimSpace(v.raw())
	return s, s != "" && !hasControl(s)
}

func hasControl(s string) bool {
	for i := range len(s) {
		switch b := s[i]; {
		case b < ' ' || b == 0x7f:
			return true
		case b >= utf8.RuneSelf:
			return strings.IndexFunc(s[i:], unicode.IsControl) >= 0
		}
	}
	return false
}

// TextPtr is Text for a field that is null where there is none.
func (v Value) TextPtr() *string {
	if s, ok := v.Text(); ok {
		return &s
	}
	return nil
}

// maxName bounds an identifier; it becomes part of keys and headers.
const maxName = 128

// Name gives a text that can be part of a key: 1 to 128 visible ASCII
// characters, none of them a slash, with which keys are put together.
func (v Value) Name() (string, bool) {
	s, ok := v.Text()
	if !ok || len(s) > maxName {
		return "", false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || s[i] == '/' {
			return "", false
		}
	}
	return s, true
}

// Decimal gives a number as it is written, or a text, which the reader of the
// amount checks; false for anything else.
func (v Value) Decimal() (string, bool) {
	if v.kind() == number {
		return v.raw(), true
	}
	return v.Text()
}

// Count gives a whole number of 0 to 2^31-1; false for anything else.
func (v Value) Count() (int, bool) {
	if v.kind() != number {
		return 0, false
	}
	n, err := strconv.ParseInt(v.raw(), 10, 32)
	return int(n), err == nil && n >= 0
}
