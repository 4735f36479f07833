package config

import (
	"reflect"
	"strings"
	"unicode"
)

// field is one field of a configuration struct, by its tags.
type field struct {
	index    []int
	name     string
	doc      string
	enum     []string
	required bool
	keyed    bool // a list of structs written as a mapping; its items have a key field
	key      bool // takes the key of the mapping it stands in
	self     bool // takes the node of its own struct
}

// fieldsOf gives the fields of a struct type in their order.
func fieldsOf(t reflect.Type) []field {
	var out []field
	for i := range t.NumField() {
		sf := t.Field(i)
		tag := sf.Tag.Get("yaml")
		if !sf.IsExported() || tag == "-" {
			continue
		}
		if sf.Anonymous && tag == "" && sf.Type.Kind() == reflect.Struct {
			for _, inner := range fieldsOf(sf.Type) {
				inner.index = append([]int{i}, inner.index...)
				out = append(out, inner)
			}
			continue
		}
		out = append(out, newField(sf, tag))
	}
	return out
}

func newField(sf reflect.StructField, tag string) field {
	name, options, _ := strings.Cut(tag, ",")
	f := field{index: sf.Index, name: name, doc: sf.Tag.Get("doc")}
	if enum := sf.Tag.Get("enum"); enum != "" {
		f.enum = strings.Split(enum, ",")
	}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "required":
			f.required = true
		case "keyed":
			f.keyed = true
		case "key":
			f.key = true
		case "self":
			f.self = true
		}
	}
	if name == "" {
		f.name = snakeCase(sf.Name)
	}
	return f
}

// written tells a field that stands in the file under its name.
func (f field) written() bool { return !f.key && !f.self }

// snakeCase makes a Go name the one that operators write: BaseURL is base_url.
func snakeCase(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		upper := unicode.IsUpper(r)
		word := i > 0 && upper && (!unicode.IsUpper(runes[i-1]) || (i+1 < len(runes) && unicode.IsLower(runes[i+1])))
		if word {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
