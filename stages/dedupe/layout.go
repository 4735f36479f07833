package dedupe

import (
	"fmt"
	"hash/fnv"
	"reflect"
	"time"
)

// layout writes and reads values of one Go type in a compact form that only
// this binary's own types explain: the fields in their order, without names.
// It is for local disk alone, where a third of the size of JSON is a third of
// what compactions move, and where reading is on the path of every update.
//
// A form without names breaks when a field is added. So print tells one set of
// types from another, and local state of another print is made anew from its
// topic, which holds JSON.
type layout struct {
	shape
	print uint64
}

// shape is how values of one type are written and read.
type shape struct {
	name  string
	write func(to []byte, v reflect.Value) []byte
	read  func(from *reading, v reflect.Value)
}

// layoutOf gives the layout of a sample's type. Fields that JSON leaves out
// (`json:"-"`) are left out here too: the topic does not hold them, and what is
// read from local disk must be what a restore from the topic would give.
func layoutOf(sample any) (layout, error) {
	s, err := shapeOf(reflect.TypeOf(sample))
	if err != nil {
		return layout{}, err
	}
	print := fnv.New64a()
	print.Write([]byte(s.name)) // never fails
	return layout{shape: s, print: print.Sum64()}, nil
}

func shapeOf(t reflect.Type) (shape, error) {
	if t == reflect.TypeFor[time.Time]() {
		return timeShape(), nil
	}
	switch t.Kind() {
	case reflect.Struct:
		return structShape(t)
	case reflect.Pointer:
		return pointerShape(t)
	case reflect.Slice:
		return sliceShape(t)
	case reflect.String:
		return shape{
			"string",
			func(to []byte, v reflect.Value) []byte { return appendText(to, v.String()) },
			func(from *reading, v reflect.Value) { v.SetString(from.text()) },
		}, nil
	case reflect.Bool:
		return shape{
			"bool",
			func(to []byte, v reflect.Value) []byte { return appendBool(to, v.Bool()) },
			func(from *reading, v reflect.Value) { v.SetBool(from.one() == 1) },
		}, nil
	case reflect.Int, reflect.Int32, reflect.Int64:
		return shape{
			"int",
			func(to []byte, v reflect.Value) []byte { return appendInt(to, v.Int()) },
			func(from *reading, v reflect.Value) { v.SetInt(from.int()) },
		}, nil
	}
	return shape{}, fmt.Errorf("dedupe: no layout for the type %s", t)
}

// structShape writes the fields one after the other.
func structShape(t reflect.Type) (shape, error) {
	var fields []shape
	var at []int
	name := t.Name() + "{"
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get("json") == "-" {
			continue
		}
		s, err := shapeOf(f.Type)
		if err != nil {
			return shape{}, err
		}
		fields, at = append(fields, s), append(at, i)
		name += f.Name + ":" + s.name + ","
	}
	return shape{
		name + "}",
		func(to []byte, v reflect.Value) []byte {
			for n, f := range fields {
				to = f.write(to, v.Field(at[n]))
			}
			return to
		},
		func(from *reading, v reflect.Value) {
			for n, f := range fields {
				f.read(from, v.Field(at[n]))
			}
		},
	}, nil
}

// pointerShape writes 0 for nil, else 1 and the value.
func pointerShape(t reflect.Type) (shape, error) {
	elem, err := shapeOf(t.Elem())
	if err != nil {
		return shape{}, err
	}
	return shape{
		"*" + elem.name,
		func(to []byte, v reflect.Value) []byte {
			to = appendBool(to, !v.IsNil())
			if v.IsNil() {
				return to
			}
			return elem.write(to, v.Elem())
		},
		func(from *reading, v reflect.Value) {
			if from.one() == 1 {
				v.Set(reflect.New(t.Elem()))
				elem.read(from, v.Elem())
			}
		},
	}, nil
}

// sliceShape writes the length and one more, 0 for nil: a tidy event's lists
// are empty, never nil.
func sliceShape(t reflect.Type) (shape, error) {
	elem, err := shapeOf(t.Elem())
	if err != nil {
		return shape{}, err
	}
	return shape{
		"[]" + elem.name,
		func(to []byte, v reflect.Value) []byte {
			if v.IsNil() {
				return appendUint(to, 0)
			}
			to = appendUint(to, uint64(v.Len())+1)
			for i := range v.Len() {
				to = elem.write(to, v.Index(i))
			}
			return to
		},
		func(from *reading, v reflect.Value) {
			n := from.uint()
			if n == 0 || !from.plausible(n-1) {
				return
			}
			v.Set(reflect.MakeSlice(t, int(n-1), int(n-1)))
			for i := range v.Len() {
				elem.read(from, v.Index(i))
			}
		},
	}, nil
}

func timeShape() shape {
	return shape{
		"time",
		func(to []byte, v reflect.Value) []byte {
			return appendTime(to, *v.Addr().Interface().(*time.Time))
		},
		func(from *reading, v reflect.Value) { *v.Addr().Interface().(*time.Time) = from.time() },
	}
}
