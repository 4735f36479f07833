package tourcms

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// Bounds of an answer, far above any real booking (invariant 11).
const (
	maxDepth = 32
	maxNodes = 200_000
)

// node is one element: its name, its text without surrounding white space,
// its children in order. Namespaces and attributes play no part in an answer.
type node struct {
	name  string
	text  string
	first *node // of the children
	next  *node // child of the same parent
}

// parseTree reads a document. It is stricter than needed to read TourCMS: no
// document type (so no entities), one root, known encodings, bounded.
func parseTree(doc []byte) (*node, error) {
	doc = bytes.TrimPrefix(doc, []byte("\xef\xbb\xbf"))
	if root, ok := parsePlain(string(doc)); ok {
		return root, nil
	}
	return parseAny(doc)
}

// parseAny reads every document there is.
func parseAny(doc []byte) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(doc))
	d.CharsetReader = charset
	b := builder{}
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return b.finish()
		}
		if err != nil {
			return nil, errors.New("the XML is not well-formed") // its own message may quote the document
		}
		if err := b.add(token); err != nil {
			return nil, err
		}
	}
}

// child gives the first child of that name, nil where there is none. A nil
// node has no children: an absent and an empty container read alike.
func (n *node) child(name string) *node {
	if n == nil {
		return nil
	}
	for c := n.first; c != nil; c = c.next {
		if c.name == name {
			return c
		}
	}
	return nil
}

// all gives every child of that name: a list of one reads like any list.
func (n *node) all(name string) []*node {
	var found []*node
	for c := n.child(name); c != nil; c = c.next {
		if c.name == name {
			found = append(found, c)
		}
	}
	return found
}

// twice tells that there is more than one child of that name.
func (n *node) twice(name string) bool {
	c := n.child(name)
	for c != nil && c.next != nil {
		if c = c.next; c.name == name {
			return true
		}
	}
	return false
}

// value gives the text of the child of that name, "" where it is absent or
// empty: agents see fields by permission, so both mean `not told`.
func (n *node) value(name string) string {
	if c := n.child(name); c != nil {
		return c.text
	}
	return ""
}

// charset reads the encodings an answer was seen or may be expected in;
// UTF-8 itself never comes here.
func charset(label string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf8":
		return in, nil
	case "us-ascii", "ascii", "iso-8859-1", "latin1":
		raw, err := io.ReadAll(in)
		if err != nil {
			return nil, err
		}
		runes := make([]rune, len(raw))
		for i, c := range raw {
			if c > 0x7f && strings.HasSuffix(strings.ToLower(label), "ascii") {
				return nil, errors.New("a byte above 127 in an ASCII document")
			}
			runes[i] = rune(c) // ISO 8859-1 is the first 256 code points
		}
		return strings.NewReader(string(runes)), nil
	}
	return nil, errors.New("an encoding that is neither UTF-8, ASCII nor ISO 8859-1")
}
