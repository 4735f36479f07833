package booking_test

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

func TestSamePublicIsEqualBytes(t *testing.T) {
	for seed := range uint64(2000) {
		r := dice(seed)
		a := randomTidy(r)
		value, err := booking.Encode(a)
		if err != nil {
			t.Fatal(err)
		}
		b, err := booking.Decode(value)
		if err != nil || !booking.SamePublic(&a, &b) {
			t.Fatalf("seed %d: read back it is another, %v\n%s", seed, err, value)
		}
		for i, other := range []booking.Event{randomTidy(r), booking.MergeNewer(a, randomTidy(r))} {
			public, _ := booking.Encode(other)
			if got := booking.SamePublic(&a, &other); got != bytes.Equal(value, public) {
				t.Fatalf("seed %d, %d: %t\n%s\n%s", seed, i, got, value, public)
			}
		}
	}
}

// Every field of the public form, one after the other: a new one that is
// forgotten in the comparison is found here.
func TestSamePublicLooksAtEveryField(t *testing.T) {
	event := full()
	event.Tidy()
	for _, path := range leaves(reflect.TypeFor[booking.Event](), nil) {
		other := full()
		other.Tidy()
		change(reflect.ValueOf(&other).Elem(), path)
		if booking.SamePublic(&event, &other) {
			t.Errorf("a change at %v is not seen", path)
		}
	}
}

// leaves gives the index paths of the values in the public form.
func leaves(of reflect.Type, path []int) (paths [][]int) {
	switch {
	case of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice:
		return leaves(of.Elem(), path)
	case of.Kind() != reflect.Struct || of.String() == "time.Time":
		return [][]int{path}
	}
	for i := range of.NumField() {
		if of.Field(i).Tag.Get("json") != "-" {
			paths = append(paths, leaves(of.Field(i).Type, append(path[:len(path):len(path)], i))...)
		}
	}
	return paths
}

// change puts another value at a path; of a list, into its first entry.
func change(v reflect.Value, path []int) {
	for _, i := range path {
		v = entry(v).Field(i)
	}
	switch v = entry(v); v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Struct:
		v.Set(reflect.ValueOf(v.Interface().(time.Time).AddDate(0, 0, 1)))
	default:
		v.SetInt(v.Int() + 1)
	}
}

func entry(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Slice {
		if v.Kind() == reflect.Slice {
			if v.Len() == 0 {
				v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			}
			v = v.Index(0)
			continue
		}
		v = v.Elem()
	}
	return v
}

func BenchmarkSamePublic(b *testing.B) {
	value, err := booking.Encode(full())
	if err != nil {
		b.Fatal(err)
	}
	x, _ := booking.Decode(value)
	y, _ := booking.Decode(value)
	b.ReportAllocs()
	for b.Loop() {
		if !booking.SamePublic(&x, &y) {
			b.Fatal("not the same")
		}
	}
}
