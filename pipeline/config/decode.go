package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// decoder fills values from nodes and goes on after every fault, so that all
// of them are reported at once.
type decoder struct {
	doc    *document
	faults Faults
}

var (
	nodeType     = reflect.TypeFor[Node]()
	secretType   = reflect.TypeFor[Secret]()
	pathType     = reflect.TypeFor[Path]()
	stageType    = reflect.TypeFor[Stage]()
	durationType = reflect.TypeFor[Duration]()
	sizeType     = reflect.TypeFor[Size]()
)

func (d *decoder) fault(n Node, kind Kind, problem string) {
	f := n.place(&Fault{Problem: problem, Severity: Error, Kind: kind})
	d.faults = append(d.faults, f)
}

func (d *decoder) warn(n Node, kind Kind, problem string) {
	f := n.place(&Fault{Problem: problem, Severity: Warning, Kind: kind})
	d.faults = append(d.faults, f)
}

// value fills v from a node. An absent node leaves v as it is, but for the
// faults of what is required inside.
func (d *decoder) value(n Node, v reflect.Value) {
	switch {
	case v.Type() == nodeType:
		v.Set(reflect.ValueOf(n))
		return
	case n.tree == nil:
		d.absent(n, v)
		return
	case n.tree.kind == nullKind:
		d.fault(n, WrongType, "has no value; give it one, or leave the key out")
		return
	case v.Type() == secretType:
		v.Set(reflect.ValueOf(d.secret(n)))
		return
	case v.Type() == stageType:
		d.stage(n, v.Addr().Interface().(*Stage)) //nolint:forcetypeassert // the line above is the check
		return
	}
	if text, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		d.unmarshal(n, v, text)
		return
	}
	d.byKind(n, v)
}

func (d *decoder) byKind(n Node, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v)
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
			setDefaults(v.Elem())
		}
		d.value(n, v.Elem())
	case reflect.Slice:
		d.slice(n, v)
	case reflect.Map:
		d.mapping(n, v)
	default:
		d.scalar(n, v)
	}
}

// absent looks for required keys in a section that is not written.
func (d *decoder) absent(n Node, v reflect.Value) {
	if v.Kind() == reflect.Struct && v.Type() != secretType {
		d.structure(n, v)
	}
}

func (d *decoder) structure(n Node, v reflect.Value) {
	if n.tree != nil && n.tree.kind != mapKind {
		d.wrongType(n, "a mapping of keys and values")
		return
	}
	fields := fieldsOf(v.Type())
	for _, f := range fields {
		d.field(n, f, v.FieldByIndex(f.index))
	}
	d.unknown(n, fields)
}

func (d *decoder) field(n Node, f field, v reflect.Value) {
	switch {
	case f.key:
		if n.tree != nil {
			v.SetString(n.tree.name)
		}
		return
	case f.self:
		v.Set(reflect.ValueOf(n))
		return
	}
	child := n.child(f.name)
	switch {
	case child.tree == nil && f.required:
		d.fault(child, Missing, "is required; add the key")
	case f.keyed && child.tree != nil:
		d.keyed(child, v)
	default:
		d.value(child, v)
		d.enum(child, f, v)
	}
}

// enum checks a text against the words it may be.
func (d *decoder) enum(n Node, f field, v reflect.Value) {
	if len(f.enum) == 0 || n.tree == nil || n.tree.kind != stringKind || v.Kind() != reflect.String {
		return
	}
	if slices.Contains(f.enum, v.String()) {
		return
	}
	d.fault(n, Invalid, "is none of the words that are known here; write "+orList(f.enum)+Hint(v.String(), f.enum))
}

// unknown reports the keys that no field takes. They are named, since a name
// is no secret; what stands behind them is not.
func (d *decoder) unknown(n Node, fields []field) {
	if n.tree == nil {
		return
	}
	var names []string
	for _, f := range fields {
		if f.written() {
			names = append(names, f.name)
		}
	}
	for _, item := range n.tree.items {
		if slices.Contains(names, item.name) {
			continue
		}
		problem := "is not known here; "
		if near := nearest(item.name, names); near != "" {
			problem += "did you mean `" + near + "`?"
		} else if len(names) > 0 {
			problem += "remove it, or write " + orList(names)
		} else {
			problem += "remove it: nothing is configured here"
		}
		child := n.child(item.name)
		child.at = item.key
		d.fault(child, UnknownKey, problem)
	}
}

func (d *decoder) slice(n Node, v reflect.Value) {
	if n.tree.kind != listKind {
		d.wrongType(n, "a list, [a, b] or one `- item` a line")
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.tree.items), len(n.tree.items))
	for i := range n.tree.items {
		setDefaults(out.Index(i))
		d.value(n.item(i), out.Index(i))
	}
	v.Set(out)
}

// keyed fills a list from a mapping, in the order of the file.
func (d *decoder) keyed(n Node, v reflect.Value) {
	if n.tree.kind != mapKind {
		d.wrongType(n, "a mapping of names")
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.tree.items), len(n.tree.items))
	for i, item := range n.tree.items {
		setDefaults(out.Index(i))
		d.value(n.child(item.name), out.Index(i))
	}
	v.Set(out)
}

func (d *decoder) mapping(n Node, v reflect.Value) {
	if n.tree.kind != mapKind {
		d.wrongType(n, "a mapping of names")
		return
	}
	if v.Type().Key().Kind() != reflect.String {
		d.fault(n, Invalid, "cannot be configured: its keys are no texts")
		return
	}
	out := reflect.MakeMapWithSize(v.Type(), len(n.tree.items))
	for _, item := range n.tree.items {
		value := reflect.New(v.Type().Elem()).Elem()
		setDefaults(value)
		d.value(n.child(item.name), value)
		out.SetMapIndex(reflect.ValueOf(item.name).Convert(v.Type().Key()), value)
	}
	v.Set(out)
}

// Defaulter is implemented by structs that stand in a list, in a map or behind
// a nil pointer, where a value of defaults cannot hold them.
type Defaulter interface{ SetDefaults() }

func setDefaults(v reflect.Value) {
	if d, ok := v.Addr().Interface().(Defaulter); ok {
		d.SetDefaults()
	}
}

// unmarshal fills a type that reads itself from text. Only our own types'
// errors are shown: those of others quote the text.
func (d *decoder) unmarshal(n Node, v reflect.Value, into encoding.TextUnmarshaler) {
	if n.tree.kind != stringKind && n.tree.kind != numberKind {
		d.wrongType(n, typeNoun(v.Type()))
		return
	}
	err := into.UnmarshalText([]byte(n.tree.text.Reveal()))
	var own *Fault
	switch {
	case err == nil:
	case v.Type() == durationType || v.Type() == sizeType:
		d.fault(n, Invalid, err.Error())
	case errors.As(err, &own):
		d.fault(n, Invalid, own.Problem)
	default:
		d.fault(n, Invalid, "cannot be read; it is to be "+typeNoun(v.Type()))
	}
}

func (d *decoder) wrongType(n Node, want string) {
	d.fault(n, WrongType, fmt.Sprintf("is %s; write %s", n.tree.kind.noun(), want))
}

// orList gives `a`, `b` or `c`.
func orList(words []string) string {
	marked := make([]string, len(words))
	for i, w := range words {
		marked[i] = "`" + w + "`"
	}
	if len(marked) < 2 {
		return strings.Join(marked, "")
	}
	last := len(marked) - 1
	return strings.Join(marked[:last], ", ") + " or " + marked[last]
}
