package tourcms

import (
	"strings"
	"unicode/utf8"
)

// declarations are the first lines that a plain document may have.
var declarations = []string{`<?xml version="1.0" encoding="utf-8"?>`, `<?xml version="1.0" encoding="UTF-8"?>`, `<?xml version="1.0"?>`}

// parsePlain reads what answers are made of as a rule: UTF-8, elements without
// attributes, text with the five entities of XML. False for every other
// document, be it well-formed or not: encoding/xml decides about it, so what is
// refused and what is read does not depend on this reader. The tree's texts are
// parts of doc.
func parsePlain(doc string) (*node, bool) {
	// U+FFFE and U+FFFF begin with these two bytes; XML has none of them.
	if !utf8.ValidString(doc) || strings.Contains(doc, "\xef\xbf") {
		return nil, false
	}
	for _, d := range declarations {
		if rest, ok := strings.CutPrefix(doc, d); ok {
			doc = rest
			break
		}
	}
	p := plain{rest: doc}
	if elements := strings.Count(doc, "<") - strings.Count(doc, "</"); elements <= maxNodes {
		p.room = make([]node, elements)
	}
	for p.rest != "" {
		if !p.text() || p.rest != "" && !p.tag() {
			return nil, false
		}
	}
	root, err := p.finish()
	return root, err == nil
}

type plain struct {
	builder
	rest string // what is still to be read
}

// text reads up to the next tag.
func (p *plain) text() bool {
	end := strings.IndexByte(p.rest, '<')
	if end < 0 {
		end = len(p.rest)
	}
	text := p.rest[:end]
	p.rest = p.rest[end:]
	if isBlank(text) {
		return true
	}
	// Text in several pieces is put together elsewhere.
	if p.depth == 0 || p.open[p.depth-1].n.text != "" || p.open[p.depth-1].last != nil {
		return false
	}
	escaped := false
	for i := range len(text) {
		switch b := text[i]; {
		case b == '&':
			escaped = true
		case b == '>', b < ' ' && b != '\n' && b != '\t':
			return false
		}
	}
	if escaped {
		var ok bool
		if text, ok = unescape(text); !ok {
			return false
		}
	}
	p.open[p.depth-1].n.text = strings.TrimSpace(text)
	return true
}

func isBlank(text string) bool {
	for i := range len(text) {
		if b := text[i]; b != ' ' && b != '\n' && b != '\t' && b != '\r' {
			return false
		}
	}
	return true
}

// unescape decodes the entities that every document has.
func unescape(text string) (string, bool) {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "&")
		out.WriteString(before)
		if !found {
			return out.String(), true
		}
		name, rest, closed := strings.Cut(after, ";")
		if !closed {
			return "", false
		}
		switch name {
		case "amp":
			out.WriteByte('&')
		case "lt":
			out.WriteByte('<')
		case "gt":
			out.WriteByte('>')
		case "quot":
			out.WriteByte('"')
		case "apos":
			out.WriteByte('\'')
		default:
			return "", false
		}
		text = rest
	}
}

// tag reads `<name>`, `</name>`, `<name/>` or `<name />`.
func (p *plain) tag() bool {
	if name, ok := strings.CutPrefix(p.rest, "</"); ok {
		end := strings.IndexByte(name, '>')
		if end < 0 || p.end(name[:end]) != nil {
			return false
		}
		p.rest = name[end+1:]
		return true
	}
	name := p.rest[1:nameEnd(p.rest)]
	rest := p.rest[1+len(name):]
	if name == "" || rest == "" || p.start(name) != nil {
		return false
	}
	if rest[0] == '>' {
		p.rest = rest[1:]
		return true
	}
	var ok bool
	if p.rest, ok = strings.CutPrefix(strings.TrimPrefix(rest, " "), "/>"); !ok {
		return false
	}
	return p.end(name) == nil
}

// nameEnd gives the end of the name behind the first character.
func nameEnd(tag string) int {
	for i := 1; i < len(tag); i++ {
		b := tag[i]
		letter := 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || b == '_'
		if !letter && (i == 1 || b != '-' && b != '.' && (b < '0' || b > '9')) {
			return i
		}
	}
	return len(tag)
}
