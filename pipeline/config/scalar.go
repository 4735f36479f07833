package config

import (
	"errors"
	"math"
	"reflect"
	"regexp"
	"strconv"
)

// decimal is a whole number as it is read: neither octal, as a leading zero
// would make it, nor hexadecimal, nor with underscores.
var decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

// scalar fills a text, boolean or number.
func (d *decoder) scalar(n Node, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		d.text(n, v)
	case reflect.Bool:
		if n.tree.kind != boolKind {
			d.wrongType(n, typeNoun(v.Type()))
			return
		}
		v.SetBool(n.tree.text.Reveal() == "true")
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		d.integer(n, v)
	case reflect.Float32, reflect.Float64:
		d.float(n, v)
	default:
		d.fault(n, Invalid, "cannot be configured: the type "+v.Type().String()+" is not supported")
	}
}

func (d *decoder) text(n Node, v reflect.Value) {
	switch {
	case n.tree.kind == numberKind || n.tree.kind == boolKind:
		d.fault(n, WrongType, "is "+n.tree.kind.noun()+"; put it in quotes to make it a text")
		return
	case n.tree.kind != stringKind:
		d.wrongType(n, typeNoun(v.Type()))
		return
	}
	text := n.tree.text.Reveal()
	if v.Type() == pathType && n.doc != nil {
		text = n.doc.locate(text)
	}
	v.SetString(text)
}

func (d *decoder) integer(n Node, v reflect.Value) {
	if n.tree.kind != numberKind {
		d.wrongType(n, typeNoun(v.Type()))
		return
	}
	if !decimal.MatchString(n.tree.text.Reveal()) {
		d.fault(n, WrongType, "is no whole number in plain digits; write it such as 42, without leading zeros")
		return
	}
	bits := v.Type().Bits()
	if v.CanInt() {
		i, err := strconv.ParseInt(n.tree.text.Reveal(), 10, bits)
		if err != nil {
			d.fault(n, Invalid, "is out of range; the most is "+strconv.FormatInt(math.MaxInt64>>(64-bits), 10))
			return
		}
		v.SetInt(i)
		return
	}
	u, err := strconv.ParseUint(n.tree.text.Reveal(), 10, bits)
	if errors.Is(err, strconv.ErrSyntax) {
		d.fault(n, Invalid, "is negative; write 0 or more")
		return
	}
	if err != nil {
		d.fault(n, Invalid, "is out of range; the most is "+strconv.FormatUint(math.MaxUint64>>(64-bits), 10))
		return
	}
	v.SetUint(u)
}

func (d *decoder) float(n Node, v reflect.Value) {
	if n.tree.kind != numberKind {
		d.wrongType(n, typeNoun(v.Type()))
		return
	}
	f, err := strconv.ParseFloat(n.tree.text.Reveal(), v.Type().Bits())
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		d.fault(n, WrongType, "is no number in plain digits; write it such as 42 or 0.5")
		return
	}
	v.SetFloat(f)
}

// typeNoun says what is to be written for a type.
func typeNoun(t reflect.Type) string {
	switch t {
	case durationType:
		return "a length of time such as 15d, 1h30m, 10s or 250ms"
	case sizeType:
		return "a size such as 1MiB, 256KiB or 512 (bytes)"
	case secretType:
		return secretForms
	case pathType:
		return "the path of a file or folder"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a text"
}
