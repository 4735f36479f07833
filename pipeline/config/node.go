package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Node is a part of the file whose type only its owner knows: the
// configuration of a stage or plugin. It keeps its position. A node may be
// absent; the zero Node is absent and belongs to no file.
type Node struct {
	doc  *document
	tree *tree // nil where absent
	at   place // of the value, or of the nearest ancestor where absent
	path string
}

// IsAbsent tells a node that was not written, or was left empty (`- verify:`).
func (n Node) IsAbsent() bool { return n.tree == nil || n.tree.kind == nullKind }

// Path gives the key path, such as sources.tourcms.config.
func (n Node) Path() string { return n.path }

// String gives the path: what stands in a node may be a secret.
func (n Node) String() string { return n.path }

// GoString gives the path.
func (n Node) GoString() string { return "config.Node(" + n.path + ")" }

// Position gives file, line and column, "" and 0 where the node belongs to no file.
func (n Node) Position() (file string, line, column int) {
	if n.doc == nil {
		return "", 0, 0
	}
	return n.doc.name, n.at.line, n.at.column
}

// Fault makes a fault at the node, for checks that only its owner can make. It
// is returned, not kept: hand it to Collect with File.Faults.
func (n Node) Fault(problem string) error { return n.FaultAt("", problem) }

// FaultAt makes a fault at a key path below the node; where that does not
// exist, at its nearest ancestor.
func (n Node) FaultAt(path, problem string) error {
	return n.place(&Fault{Path: path, Problem: problem, Severity: Error, Kind: Invalid})
}

// Decode fills into, a pointer to a struct that holds the defaults, and calls
// its Validate. An absent node leaves the defaults. The error is a Faults with
// every fault that is no warning; warnings and faults are kept for File.Faults too.
func (n Node) Decode(into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("decode %s: into must be a pointer, is %T", n.path, into)
	}
	d := &decoder{doc: n.doc}
	if n.tree != nil && n.tree.kind == nullKind {
		n.tree = nil
	}
	d.value(n, v.Elem())
	d.validate(n, into)
	if n.doc != nil {
		n.doc.add(d.faults...)
	}
	return Collect(d.faults).Err()
}

// validate adds what Validate reports, unless the same place has a fault
// already: a key that could not be read is not also too small.
func (d *decoder) validate(n Node, into any) {
	checked, ok := into.(Validator)
	if !ok {
		return
	}
	known := slices.Clone(d.faults)
	for _, f := range Collect(checked.Validate()) {
		placed := n.place(f)
		if !slices.ContainsFunc(known, func(k *Fault) bool { return covers(k, placed) }) {
			d.faults = append(d.faults, placed)
		}
	}
}

// covers tells that what is wrong at known explains a fault at f: the same
// place, or one that holds it. An unknown key explains nothing of its mapping.
func covers(known, f *Fault) bool {
	if known.Kind == UnknownKey || known.Kind == LiteralSecret {
		return false
	}
	if known.Path == "" {
		return true
	}
	after, inside := strings.CutPrefix(f.Path, known.Path)
	return inside && (after == "" || after[0] == '.' || after[0] == '[')
}

// place turns a fault whose path is relative to the node into one with file,
// line, column and the whole path.
func (n Node) place(relative *Fault) *Fault {
	f := *relative
	f.Path = joinPath(n.path, relative.Path)
	if f.Severity == "" {
		f.Severity, f.Kind = Error, Invalid
	}
	if n.doc == nil {
		return &f
	}
	f.File, f.Line, f.Column = n.doc.name, n.at.line, n.at.column
	if found := n.tree.nearest(relative.Path); found != nil && found != n.tree {
		f.Line, f.Column = found.at().line, found.at().column
	}
	return &f
}

// child gives the node under a key, absent where the key is.
func (n Node) child(name string) Node {
	out := Node{doc: n.doc, tree: n.tree.child(name), at: n.at, path: joinPath(n.path, keyText(name))}
	if out.tree != nil {
		out.at = out.tree.at()
	}
	return out
}

// item gives the i-th node of a list.
func (n Node) item(i int) Node {
	t := n.tree.items[i]
	return Node{doc: n.doc, tree: t, at: t.at(), path: indexPath(n.path, i)}
}
