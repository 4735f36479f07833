package tourcms

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
)

// builder puts a tree together. Elements are made many at a time, and the room
// for an element's text is used again for the next one of its depth.
type builder struct {
	root  *node
	open  [maxDepth]frame
	depth int // how many of them are open
	nodes int
	room  []node
}

// frame is an element that is open.
type frame struct {
	n    *node
	last *node  // of the children so far
	raw  []byte // the text so far
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
	if b.nodes++; b.nodes > maxNodes || b.depth >= maxDepth {
		return fmt.Errorf("the XML has more than %d elements or is nested deeper than %d", maxNodes, maxDepth)
	}
	if b.depth == 0 && b.root != nil {
		return errors.New("the XML has two root elements")
	}
	n := b.node(name)
	if b.depth == 0 {
		b.root = n
	} else if parent := &b.open[b.depth-1]; parent.last == nil {
		parent.n.first, parent.last = n, n
	} else {
		parent.last.next, parent.last = n, n
	}
	f := &b.open[b.depth]
	f.n, f.last, f.raw = n, nil, f.raw[:0]
	b.depth++
	return nil
}

func (b *builder) node(name string) *node {
	const atOnce = 64
	if len(b.room) == 0 {
		b.room = make([]node, atOnce)
	}
	n := &b.room[0]
	n.name, b.room = name, b.room[1:]
	return n
}

func (b *builder) end(name string) error {
	if b.depth == 0 || b.open[b.depth-1].n.name != name {
		return errors.New("the XML closes an element that is not open")
	}
	b.depth--
	f := &b.open[b.depth]
	if text := bytes.TrimSpace(f.raw); len(text) > 0 {
		f.n.text = string(text)
	}
	return nil
}

func (b *builder) chars(text []byte) error {
	if b.depth > 0 {
		f := &b.open[b.depth-1]
		f.raw = append(f.raw, text...)
		return nil
	}
	if len(bytes.TrimSpace(text)) > 0 {
		return errors.New("the XML has text outside its root element")
	}
	return nil
}

func (b *builder) finish() (*node, error) {
	if b.root == nil || b.depth > 0 {
		return nil, errors.New("the XML ends before its root element does")
	}
	return b.root, nil
}
