package config

import (
	"regexp"
	"strconv"
	"strings"
)

// kind is what a value is in YAML.
type kind int

const (
	nullKind kind = iota
	boolKind
	numberKind
	stringKind
	listKind
	mapKind
)

// noun gives the kind as a fault names it.
func (k kind) noun() string {
	return [...]string{"nothing", "a boolean", "a number", "a text", "a list", "a mapping"}[k]
}

// place is a line and a column, from 1.
type place struct{ line, column int }

// tree is a YAML value of its own making: what the library's tree has that a
// configuration may use, and no more, so that nothing else can slip through.
type tree struct {
	kind  kind
	text  Secret  // of a boolean, number or text, which may be a secret in the wrong place
	start place   // where the value begins
	name  string  // its key in the mapping it stands in
	key   place   // where that key stands; zero in a list
	flow  bool    // written with [ ] or { }
	items []*tree // of a list or mapping, in the order of the file
}

// at gives the place that a fault about the value points to: a mapping or list
// over several lines is found at its key.
func (t *tree) at() place {
	if (t.kind == mapKind || t.kind == listKind || t.kind == nullKind) && !t.flow && t.key.line > 0 {
		return t.key
	}
	return t.start
}

// child gives the value under a key, nil if there is none.
func (t *tree) child(name string) *tree {
	if t == nil || t.kind != mapKind {
		return nil
	}
	for _, item := range t.items {
		if item.name == name {
			return item
		}
	}
	return nil
}

// nearest follows a relative key path as far as it exists and gives the value
// there, or its nearest ancestor.
func (t *tree) nearest(path string) *tree {
	for t != nil && path != "" {
		next, rest := t.step(path)
		if next == nil {
			return t
		}
		t, path = next, rest
	}
	return t
}

// step follows the first part of path: `[2]`, or the longest key that path
// begins with, since a key may hold a dot itself.
func (t *tree) step(path string) (next *tree, rest string) {
	if t.kind == listKind {
		inside, after, ok := strings.Cut(strings.TrimPrefix(path, "["), "]")
		i, err := strconv.Atoi(inside)
		if !ok || err != nil || i < 0 || i >= len(t.items) {
			return nil, ""
		}
		return t.items[i], strings.TrimPrefix(after, ".")
	}
	longest := -1
	for _, item := range t.items {
		name := keyText(item.name)
		after, ok := strings.CutPrefix(path, name)
		if !ok || len(name) <= longest || (after != "" && after[0] != '.' && after[0] != '[') {
			continue
		}
		longest, next, rest = len(name), item, strings.TrimPrefix(after, ".")
	}
	return next, rest
}

// plainKey is a key that a path shows as it is.
var plainKey = regexp.MustCompile(`^[\pL\pN_./:@+-]{1,80}$`)

// keyText gives a key as paths show it: one that would break the line, or is
// too long to be a name, is quoted or cut.
func keyText(name string) string {
	if plainKey.MatchString(name) {
		return name
	}
	if len(name) > 80 {
		name = name[:77] + "..."
	}
	return strconv.Quote(name)
}

// joinPath puts two key paths together.
func joinPath(parent, child string) string {
	if parent == "" || child == "" || child[0] == '[' {
		return parent + child
	}
	return parent + "." + child
}

// indexPath gives the path of a list's item.
func indexPath(parent string, i int) string { return parent + "[" + strconv.Itoa(i) + "]" }
