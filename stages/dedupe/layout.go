package dedupe

import (
	"fmt"
	"hash/fnv"
	"reflect"
	"time"
)

// layoutVersion rises when form.go writes the same types in another way.
const layoutVersion = 2

// layoutPrint tells one layout of a sample's type from another. The compact form
// of form.go has no names, so it breaks when a field is added or moved: local
// state of another print is made anew from its topic, which holds JSON.
func layoutPrint(sample any) (uint64, error) {
	name, err := shapeOf(reflect.TypeOf(sample))
	if err != nil {
		return 0, err
	}
	print := fnv.New64a()
	fmt.Fprintf(print, "%d %s", layoutVersion, name)
	return print.Sum64(), nil
}

// shapeOf spells out a type. Fields that JSON leaves out (`json:"-"`) are left
// out here too: the topic does not hold them, and what is read from local disk
// must be what a restore from the topic would give.
func shapeOf(t reflect.Type) (string, error) {
	if t == reflect.TypeFor[time.Time]() {
		return "time", nil
	}
	switch t.Kind() {
	case reflect.Struct:
		return structShape(t)
	case reflect.Pointer:
		elem, err := shapeOf(t.Elem())
		return "*" + elem, err
	case reflect.Slice:
		elem, err := shapeOf(t.Elem())
		return "[]" + elem, err
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int32, reflect.Int64:
		return t.Kind().String(), nil
	}
	return "", fmt.Errorf("dedupe: no layout for the type %s", t)
}

func structShape(t reflect.Type) (string, error) {
	name := t.Name() + "{"
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get("json") == "-" {
			continue
		}
		s, err := shapeOf(f.Type)
		if err != nil {
			return "", err
		}
		name += f.Name + ":" + s + ","
	}
	return name + "}", nil
}
