package jsondoc

// Wanted names a member that Pick keeps, and which of its own members: none of
// them where Members is empty.
type Wanted struct {
	Name    string
	Members []Wanted
}

// everything is what Parse keeps.
var everything = Wanted{}

func (w *Wanted) member(name []byte) *Wanted {
	for i := range w.Members {
		if w.Members[i].Name == string(name) {
			return &w.Members[i]
		}
	}
	return nil
}

// Pick reads a document as Parse does and refuses what Parse refuses, but keeps
// only the members that are asked for: for who needs an id or two of a request
// that nobody trusts yet. What is kept is as Parse has it, but for lists, which
// are empty, and for objects, which have the wanted members alone. The values
// share no memory with body.
func Pick(body []byte, members []Wanted) (Value, error) {
	p := parser{body: body}
	if err := p.check(); err != nil {
		return Value{}, err
	}
	whole := Wanted{Members: members}
	p.nodes = make([]node, 0, whole.count())
	if err := p.document(&whole); err != nil {
		return Value{}, err
	}
	return Value{doc: p.picked()}, nil
}

// count tells how many nodes there are at most.
func (w *Wanted) count() int {
	n := 1
	for i := range w.Members {
		n += w.Members[i].count()
	}
	return n
}

// picked copies the texts of the few nodes there are out of the body.
func (p *parser) picked() *document {
	d := &document{nodes: p.nodes}
	var room [256]byte
	texts := room[:0]
	move := func(s *span) {
		start := len(texts)
		texts = append(texts, p.bytes(*s)...)
		*s = span{uint32(start), uint32(len(texts))}
	}
	for i := range d.nodes {
		move(&d.nodes[i].name)
		move(&d.nodes[i].text)
	}
	d.text = string(texts)
	return d
}
