package booking_test

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// forms gives the forms of a state and an event, and whether they are written as
// one.
func forms(latest, published *booking.Event) (value, public []byte, same bool) {
	const before = "before"
	all, second := booking.AppendForms([]byte(before), latest, published)
	if second == len(before) {
		return all[second:], all[second:], true
	}
	return all[len(before):second], all[second:], false
}

func TestFormsAreThoseOfEachEvent(t *testing.T) {
	shared := 0
	for seed := range uint64(2000) {
		r := dice(seed)
		a := randomTidy(r)
		value, err := booking.Encode(a)
		if err != nil {
			t.Fatal(err)
		}
		b, err := booking.Decode(value)
		if _, _, same := forms(&a, &b); err != nil || !same {
			t.Fatalf("seed %d: read back it is another, %v\n%s", seed, err, value)
		}
		later := randomTidy(r)
		merged := booking.MergeNewer(a, later)
		merged.Tidy()
		for i, other := range []booking.Event{randomTidy(r), random(r), later} {
			state, stateValue := a, value
			if i == 2 {
				state = merged
				stateValue, _ = booking.Encode(merged)
			}
			public, _ := booking.Encode(other)
			gotValue, gotPublic, same := forms(&state, &other)
			if !bytes.Equal(gotValue, stateValue) || !bytes.Equal(gotPublic, public) {
				t.Fatalf("seed %d, %d:\n%s\n%s\nwant\n%s\n%s", seed, i, gotValue, gotPublic, stateValue, public)
			}
			if same {
				shared++
			}
		}
	}
	if shared == 0 {
		t.Error("no state was that of its event: the one form for both is not tested")
	}
}

// Every field of the public form, one after the other: a new one that is
// forgotten in the comparison is found here.
func TestFormsDifferInEveryField(t *testing.T) {
	event := full()
	event.Tidy()
	for _, path := range leaves(reflect.TypeFor[booking.Event](), nil) {
		other := full()
		other.Tidy()
		change(reflect.ValueOf(&other).Elem(), path)
		want, _ := booking.Encode(other)
		if _, public, same := forms(&event, &other); same || !bytes.Equal(public, want) {
			t.Errorf("a change at %v is not seen:\n%s\n%s", path, public, want)
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

// BenchmarkAppendForms is what most updates are: a state that differs from the
// event in what it inherited.
func BenchmarkAppendForms(b *testing.B) {
	x, y := full(), full()
	x.Booking.People = append(x.Booking.People, booking.Person{Role: "guest", Token: "tok_2"})
	x.Quality.Inherited = []string{"people"}
	var buffer []byte
	b.ReportAllocs()
	for b.Loop() {
		buffer, _ = booking.AppendForms(buffer[:0], &x, &y)
	}
}
