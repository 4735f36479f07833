package tourcms

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
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
	name     string
	text     string
	children []*node
	raw      []byte // the text while the element is open
}

// parseTree reads a document. It is stricter than needed to read TourCMS: no
// document type (so no entities), one root, known encodings, bounded.
func parseTree(doc []byte) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(doc, []byte("\xef\xbb\xbf"))))
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

type builder struct {
	root  *node
	open  []*node
	nodes int
}

func (b *builder) add(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		return b.start(t.Name.Local)
	case xml.EndElement:
		return b.end(t.Name.Local)
	case xml.CharData:
		return b.chars(t)
	case xml.Directive:
		return errors.New("the XML has a document type; refused, an answer needs no entities")
	}
	return nil // comments and processing instructions
}

func (b *builder) start(name string) error {
	if b.nodes++; b.nodes > maxNodes || len(b.open) >= maxDepth {
		return fmt.Errorf("the XML has more than %d elements or is nested deeper than %d", maxNodes, maxDepth)
	}
	n := &node{name: name}
	switch {
	case len(b.open) > 0:
		parent := b.open[len(b.open)-1]
		parent.children = append(parent.children, n)
	case b.root != nil:
		return errors.New("the XML has two root elements")
	default:
		b.root = n
	}
	b.open = append(b.open, n)
	return nil
}

func (b *builder) end(name string) error {
	if len(b.open) == 0 || b.open[len(b.open)-1].name != name {
		return errors.New("the XML closes an element that is not open")
	}
	n := b.open[len(b.open)-1]
	n.text, n.raw = strings.TrimSpace(string(n.raw)), nil
	b.open = b.open[:len(b.open)-1]
	return nil
}

func (b *builder) chars(text []byte) error {
	if len(b.open) > 0 {
		n := b.open[len(b.open)-1]
		n.raw = append(n.raw, text...)
		return nil
	}
	if len(bytes.TrimSpace(text)) > 0 {
		return errors.New("the XML has text outside its root element")
	}
	return nil
}

func (b *builder) finish() (*node, error) {
	if b.root == nil || len(b.open) > 0 {
		return nil, errors.New("the XML ends before its root element does")
	}
	return b.root, nil
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

// child gives the first child of that name, nil where there is none. A nil
// node has no children: an absent and an empty container read alike.
func (n *node) child(name string) *node {
	if n == nil {
		return nil
	}
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// all gives every child of that name: a list of one reads like any list.
func (n *node) all(name string) []*node {
	if n == nil {
		return nil
	}
	var found []*node
	for _, c := range n.children {
		if c.name == name {
			found = append(found, c)
		}
	}
	return found
}

// value gives the text of the child of that name, "" where it is absent or
// empty: agents see fields by permission, so both mean `not told`.
func (n *node) value(name string) string {
	if c := n.child(name); c != nil {
		return c.text
	}
	return ""
}
