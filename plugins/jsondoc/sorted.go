package jsondoc

import (
	"encoding/json"
	"slices"
	"strings"
)

// Sorted writes a value in one form, whatever the order of its members and the
// blanks and escapes it was sent with: to the byte what encoding/json makes of
// it with json.Number, that is members sorted by name, no blanks, numbers as
// they were sent. Digests of it are kept, so the form never changes. A member
// that is not there is "".
func (v Value) Sorted() string {
	if v.kind() == absent {
		return ""
	}
	var out strings.Builder
	out.Grow(len(v.doc.text))
	v.sorted(&out)
	return out.String()
}

func (v Value) sorted(out *strings.Builder) {
	switch v.kind() {
	case text:
		quote(out, v.raw())
	case list:
		out.WriteByte('[')
		nodes := v.doc.nodes
		for at, end := v.at+1, nodes[v.at].next; at < end; at = nodes[at].next {
			if at > v.at+1 {
				out.WriteByte(',')
			}
			Value{doc: v.doc, at: at}.sorted(out)
		}
		out.WriteByte(']')
	case object:
		v.sortedMembers(out)
	default:
		out.WriteString(v.raw())
	}
}

func (v Value) sortedMembers(out *strings.Builder) {
	var room [32]uint32
	members, nodes := room[:0], v.doc.nodes
	for at, end := v.at+1, nodes[v.at].next; at < end; at = nodes[at].next {
		members = append(members, at)
	}
	slices.SortFunc(members, func(a, b uint32) int {
		return strings.Compare(v.doc.string(nodes[a].name), v.doc.string(nodes[b].name))
	})
	out.WriteByte('{')
	for i, at := range members {
		if i > 0 {
			out.WriteByte(',')
		}
		quote(out, v.doc.string(nodes[at].name))
		out.WriteByte(':')
		Value{doc: v.doc, at: at}.sorted(out)
	}
	out.WriteByte('}')
}

// quote leaves to the library what needs more than quotes.
func quote(out *strings.Builder, s string) {
	for i := range len(s) {
		switch b := s[i]; {
		case b < ' ', b > '~', b == '"', b == '\\', b == '<', b == '>', b == '&':
			quoted, _ := json.Marshal(s) // no text is refused
			out.Write(quoted)
			return
		}
	}
	out.WriteByte('"')
	out.WriteString(s)
	out.WriteByte('"')
}
