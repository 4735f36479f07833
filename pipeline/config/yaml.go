package config

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/token"
)

// YAML writes a configuration struct, or a pointer to one, with its values and
// each key's documentation above it. What is optional and has no value stands
// there as a comment. Secrets are written as `{env: NAME}`.
func YAML(values any) []byte {
	w := &yamlWriter{}
	if v := settled(reflect.ValueOf(values)); v.Kind() == reflect.Struct {
		w.structure(v, indent{})
	}
	return w.Bytes()
}

type yamlWriter struct{ bytes.Buffer }

// indent is what stands before a line: spaces and, in an optional section, a
// comment mark where that section begins.
type indent struct {
	outer   int
	comment string
	inner   int
}

func (i indent) deeper(n int) indent { return indent{i.outer, i.comment, i.inner + n} }

func (i indent) optional() indent {
	if i.comment != "" {
		return i
	}
	return indent{outer: i.outer + i.inner, comment: "# "}
}

func (i indent) String() string {
	return strings.Repeat(" ", i.outer) + i.comment + strings.Repeat(" ", i.inner)
}

func (w *yamlWriter) structure(v reflect.Value, in indent) {
	for _, f := range fieldsOf(v.Type()) {
		if !f.written() {
			continue
		}
		value := v.FieldByIndex(f.index)
		w.doc(f, in)
		at := in
		if !f.required && hasNoValue(value) {
			at = in.optional()
		}
		w.entry(f.name, value, at, f.keyed)
	}
}

func (w *yamlWriter) doc(f field, in indent) {
	text := f.doc
	if len(f.enum) > 0 {
		text += " One of " + strings.Join(f.enum, ", ") + "."
	}
	if f.required {
		text += " Required."
	}
	if text = strings.TrimSpace(text); text != "" {
		fmt.Fprintf(w, "%s# %s\n", in, text)
	}
}

// hasNoValue tells what stands in the output as a comment only.
func hasNoValue(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return v.IsNil()
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return v.Type() == secretType || v.Type() == nodeType || (v.Kind() == reflect.String && v.IsZero())
}

// entry writes one key and its value.
func (w *yamlWriter) entry(name string, v reflect.Value, in indent, keyed bool) {
	if text, ok := inline(v); ok {
		fmt.Fprintf(w, "%s%s: %s\n", in, yamlText(name), text)
		return
	}
	fmt.Fprintf(w, "%s%s:\n", in, yamlText(name))
	v = settled(v)
	switch {
	case keyed:
		w.entry("NAME", fresh(v.Type().Elem()), in.deeper(2), false)
	case v.Kind() == reflect.Struct:
		w.structure(v, in.deeper(2))
	case v.Kind() == reflect.Slice:
		w.items(v, in.deeper(2))
	case v.Kind() == reflect.Map:
		w.mapping(v, in.deeper(2))
	}
}

func (w *yamlWriter) items(v reflect.Value, in indent) {
	if v.Len() == 0 {
		w.item(fresh(v.Type().Elem()), in)
	}
	for i := range v.Len() {
		w.item(v.Index(i), in)
	}
}

func (w *yamlWriter) item(v reflect.Value, in indent) {
	if text, ok := inline(v); ok {
		fmt.Fprintf(w, "%s- %s\n", in, text)
		return
	}
	fmt.Fprintf(w, "%s-\n", in)
	w.structure(settled(v), in.deeper(2))
}

func (w *yamlWriter) mapping(v reflect.Value, in indent) {
	if v.Len() == 0 {
		w.entry("NAME", fresh(v.Type().Elem()), in, false)
	}
	names := v.MapKeys()
	slices.SortFunc(names, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, name := range names {
		w.entry(name.String(), v.MapIndex(name), in, false)
	}
}

// inline gives a value that is written on the line of its key.
func inline(v reflect.Value) (string, bool) {
	switch {
	case v.Type() == secretType:
		return "{env: NAME}", true
	case v.Type() == nodeType:
		return "{}", true
	case v.Type() == stageType:
		return "NAME", true
	}
	text, ok := scalarText(v)
	if ok && v.Kind() == reflect.String {
		text = yamlText(text)
	}
	return text, ok
}

// yamlText gives a text as it is written, in quotes where it needs them.
func yamlText(text string) string {
	if token.IsNeedQuoted(text) || strings.ContainsFunc(text, unicode.IsControl) || strings.ContainsAny(text, "{}[]") {
		return strconv.Quote(text)
	}
	return text
}
