package plugintest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// part is one replaceable value of a webhook: a scalar of a JSON body, the text
// of an XML element, a value of the query.
type part struct {
	name string // such as data.object.student.firstName
	in   string // body, look-up or query
	kind string // json, xml or query
	with func(text []byte) recorded
}

// parts gives everything of the case that can be replaced.
func parts(c recorded) []part {
	var all []part
	for _, sp := range spans(c.Request.Body) {
		all = append(all, part{name: sp.name, in: "body", kind: sp.kind, with: func(text []byte) recorded {
			out := c
			out.Request.Body = splice(c.Request.Body, sp, text)
			return out
		}})
	}
	for _, sp := range spans(c.LookUp) {
		all = append(all, part{name: sp.name, in: "look-up", kind: sp.kind, with: func(text []byte) recorded {
			out := c
			out.LookUp = splice(c.LookUp, sp, text)
			return out
		}})
	}
	return append(all, queryParts(c)...)
}

func queryParts(c recorded) []part {
	var all []part
	pairs := strings.Split(c.Request.RawQuery, "&")
	for i, pair := range pairs {
		name, _, ok := strings.Cut(pair, "=")
		if !ok {
			continue
		}
		all = append(all, part{name: name, in: "query", kind: "query", with: func(text []byte) recorded {
			out, changed := c, slices.Clone(pairs)
			changed[i] = name + "=" + string(text)
			out.Request.RawQuery = strings.Join(changed, "&")
			return out
		}})
	}
	return all
}

// span is where a value stands in a document.
type span struct {
	name, kind string
	start, end int
}

func splice(doc []byte, sp span, text []byte) []byte {
	return slices.Concat(doc[:sp.start], text, doc[sp.end:])
}

func spans(doc []byte) []span {
	trimmed := bytes.TrimSpace(doc)
	switch {
	case len(trimmed) == 0:
		return nil
	case trimmed[0] == '{' || trimmed[0] == '[':
		return jsonSpans(doc)
	case trimmed[0] == '<':
		return xmlSpans(doc)
	}
	return nil
}

// level is one open object or array.
type level struct {
	array bool
	key   string // the name of the value that comes next; "" when a name comes next
	named bool
	index int
}

// jsonSpans finds the scalars of a JSON document, as far as it can be read.
func jsonSpans(doc []byte) []span {
	values, _ := jsonParts(doc)
	return values
}

// jsonKeys finds the names of members, in quotes.
func jsonKeys(doc []byte) []span {
	_, keys := jsonParts(doc)
	return keys
}

func jsonParts(doc []byte) (values, keys []span) {
	var open []level
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	for {
		from := int(dec.InputOffset())
		token, err := dec.Token()
		if err != nil {
			return values, keys
		}
		if d, ok := token.(json.Delim); ok {
			open = stepDelim(open, d)
			continue
		}
		end := int(dec.InputOffset())
		start := from + bytes.IndexFunc(doc[from:end], func(r rune) bool { return !strings.ContainsRune(" \t\r\n,:", r) })
		if n := len(open); n > 0 && !open[n-1].array && !open[n-1].named {
			open[n-1].key, open[n-1].named = fmt.Sprint(token), true
			keys = append(keys, span{name: string(doc[start:end]), kind: "json", start: start, end: end})
			continue
		}
		values = append(values, span{name: jsonPath(open), kind: "json", start: start, end: end})
		open = valueDone(open)
	}
}

func stepDelim(open []level, d json.Delim) []level {
	if d == '{' || d == '[' {
		return append(open, level{array: d == '['})
	}
	return valueDone(open[:len(open)-1])
}

// valueDone moves the innermost container on to its next member.
func valueDone(open []level) []level {
	if n := len(open); n > 0 {
		open[n-1].named = false
		open[n-1].index++
	}
	return open
}

func jsonPath(open []level) string {
	var b strings.Builder
	for _, l := range open {
		if l.array {
			fmt.Fprintf(&b, "[%d]", l.index)
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(l.key)
	}
	return b.String()
}

// xmlSpans finds the texts of an XML document's innermost elements.
func xmlSpans(doc []byte) []span {
	var all []span
	var path []string
	seen := map[string]int{}
	dec := xml.NewDecoder(bytes.NewReader(doc))
	opened := -1 // where the text of the element that was opened last begins
	for {
		from := int(dec.InputOffset())
		token, err := dec.Token()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				return nil
			}
			return all
		}
		switch tok := token.(type) {
		case xml.StartElement:
			path = append(path, tok.Name.Local)
			opened = int(dec.InputOffset())
		case xml.EndElement:
			if opened >= 0 && from > opened {
				name := strings.Join(path, ".")
				if seen[name]++; seen[name] > 1 {
					name = fmt.Sprintf("%s#%d", name, seen[name])
				}
				all = append(all, span{name: name, kind: "xml", start: opened, end: from})
			}
			path, opened = path[:len(path)-1], -1
		}
	}
}
