package config

import (
	"encoding"
	"fmt"
	"reflect"
)

// Field describes one key of a configuration, for people and for `-o json`.
type Field struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"` // what is to be written, such as "a whole number"
	Doc      string   `json:"doc,omitempty"`
	Default  string   `json:"default,omitempty"` // as it is written; "" where there is none
	Required bool     `json:"required"`
	Enum     []string `json:"enum,omitempty"`   // the words it may be
	Fields   []Field  `json:"fields,omitempty"` // of a section, or of each item of a list or mapping
}

// Describe lists the keys of a configuration struct, or a pointer to one, that
// holds its defaults.
func Describe(defaults any) []Field {
	v := settled(reflect.ValueOf(defaults))
	if v.Kind() != reflect.Struct {
		return nil
	}
	return describeStruct(v)
}

func describeStruct(v reflect.Value) []Field {
	var out []Field
	for _, f := range fieldsOf(v.Type()) {
		if f.written() {
			out = append(out, describeField(f, v.FieldByIndex(f.index)))
		}
	}
	return out
}

func describeField(f field, v reflect.Value) Field {
	out := Field{Name: f.name, Doc: f.doc, Required: f.required, Enum: f.enum, Type: shapeNoun(f, v.Type())}
	nothing := v.IsZero() && (f.required || v.Kind() == reflect.String)
	if text, ok := scalarText(v); ok && !nothing {
		out.Default = text
	}
	if inner := elementOf(v); inner.Kind() == reflect.Struct && !isScalar(inner.Type()) {
		out.Fields = describeStruct(inner)
	}
	return out
}

func shapeNoun(f field, t reflect.Type) string {
	switch {
	case isScalar(t):
		return typeNoun(t)
	case t == nodeType:
		return "what its owner says"
	case f.keyed:
		return "a mapping of names"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return shapeNoun(f, t.Elem())
	case reflect.Slice:
		return "a list"
	case reflect.Map:
		return "a mapping of names"
	}
	return "a mapping"
}

// isScalar tells a type that is written as one value.
func isScalar(t reflect.Type) bool {
	if t == nodeType || t == stageType {
		return false
	}
	if t == secretType || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return true
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Pointer, reflect.Slice, reflect.Map:
		return false
	}
	return true
}

// settled follows pointers; a nil one gives a value with its defaults.
func settled(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v = fresh(v.Type().Elem())
			continue
		}
		v = v.Elem()
	}
	return v
}

// elementOf gives what a section, list or mapping holds, with its defaults.
func elementOf(v reflect.Value) reflect.Value {
	v = settled(v)
	for v.Kind() == reflect.Slice || v.Kind() == reflect.Map {
		v = settled(fresh(v.Type().Elem()))
	}
	return v
}

func fresh(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	setDefaults(v)
	return v
}

// scalarText gives a value as it is written. A secret is never shown.
func scalarText(v reflect.Value) (string, bool) {
	switch {
	case v.Type() == secretType:
		return "", false
	case !isScalar(v.Type()):
		return "", false
	}
	if text, ok := v.Interface().(encoding.TextMarshaler); ok {
		b, err := text.MarshalText()
		return string(b), err == nil
	}
	return fmt.Sprint(v.Interface()), true
}
