package jsondoc

import "encoding/binary"

// names knows the names of one open object's members. Most new names are told
// by a bit that is not set; few are compared one by one; many are looked up, so
// that a huge object does not cost the square of its size.
type names struct {
	first int       // of them in the parser's names
	seen  [4]uint64 // a bit for each name's hash: unset where nobody has it
	many  map[string]struct{}
}

const few = 64

// add takes the name of a further member; false if a member had it before.
func (n *names) add(p *parser, name span) bool {
	text, before := p.bytes(name), p.names.size
	p.names.push(name)
	if before-n.first >= few {
		return n.lookUp(p, before, text)
	}
	h := hash(text)
	word, bit := &n.seen[h>>6&3], uint64(1)<<(h&63)
	if *word&bit == 0 {
		*word |= bit
		return true
	}
	for i := n.first; i < before; i++ {
		if string(p.bytes(p.names.at(i))) == string(text) {
			return false
		}
	}
	return true
}

func (n *names) lookUp(p *parser, before int, text []byte) bool {
	if n.many == nil {
		n.many = make(map[string]struct{}, 4*few)
		for i := n.first; i < before; i++ {
			n.many[string(p.bytes(p.names.at(i)))] = struct{}{}
		}
	}
	if _, twice := n.many[string(text)]; twice {
		return false
	}
	n.many[string(text)] = struct{}{}
	return true
}

// hash mixes a name's length, beginning and end, for which it takes no loop.
// Equal hashes cost a comparison and nothing else.
func hash(name []byte) uint32 {
	h := uint64(len(name))
	switch {
	case len(name) >= 8:
		h += binary.LittleEndian.Uint64(name)*3 + binary.LittleEndian.Uint64(name[len(name)-8:])
	case len(name) >= 4:
		h += uint64(binary.LittleEndian.Uint32(name))<<32 | uint64(binary.LittleEndian.Uint32(name[len(name)-4:]))
	case len(name) > 0:
		h += uint64(name[0])<<16 | uint64(name[len(name)/2])<<8 | uint64(name[len(name)-1])<<24
	}
	return uint32(h * 0x9e3779b97f4a7c15 >> 56) // Fibonacci hashing, 8 bits
}

// stack is a list of spans that takes no memory of its own while it is short.
type stack struct {
	size int
	near [64]span
	far  []span
}

func (s *stack) push(v span) {
	if s.size < len(s.near) {
		s.near[s.size] = v
	} else {
		s.far = append(s.far, v)
	}
	s.size++
}

func (s *stack) at(i int) span {
	if i < len(s.near) {
		return s.near[i]
	}
	return s.far[i-len(s.near)]
}

// cut leaves the first n.
func (s *stack) cut(n int) {
	s.size = n
	s.far = s.far[:max(0, n-len(s.near))]
}
