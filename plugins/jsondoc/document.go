package jsondoc

// document holds every value of a text that was read in one list: a value, then
// what is in it, then what follows it.
type document struct {
	text    string // as it was sent
	decoded string // the texts that had escapes
	nodes   []node
	room    *[]node // where a Reader's document gives its nodes back
}

// node is one value.
type node struct {
	name span   // of the member, where it is one
	text span   // of texts without quotes; of numbers and words as written
	next uint32 // the node behind it and all that is in it
	kind kind
}

// span is where a text begins and ends, decoded texts being counted on from the
// end of the sent one.
type span struct{ start, end uint32 }

func (d *document) string(s span) string {
	if int(s.start) < len(d.text) {
		return d.text[s.start:s.end]
	}
	sent := uint32(len(d.text))
	return d.decoded[s.start-sent : s.end-sent]
}

// bytes gives the text of a span while the document is read.
func (p *parser) bytes(s span) []byte {
	if int(s.start) < len(p.body) {
		return p.body[s.start:s.end]
	}
	sent := uint32(len(p.body))
	return p.decoded[s.start-sent : s.end-sent]
}
