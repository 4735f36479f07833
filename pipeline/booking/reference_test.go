package booking_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// What follows is the codec as encoding/json makes it of the types. The one
// that is written by hand has to agree with it to the byte.

type envelope struct {
	ID     string         `json:"id"`
	Type   booking.Type   `json:"type"`
	Time   time.Time      `json:"time"`
	Origin booking.Origin `json:"origin"`
	Event  booking.Event  `json:"event"`
}

func reflected(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), err
}

func reflectedPublic(e booking.Event) ([]byte, error) {
	e.Tidy()
	return reflected(&e)
}

func reflectedInternal(e booking.Event) ([]byte, error) {
	e.Tidy()
	return reflected(&envelope{ID: e.ID, Type: e.Type, Time: e.Time, Origin: e.Origin, Event: e})
}

func readPublic(value []byte) (e booking.Event, ok bool) {
	ok = object(value) && json.Unmarshal(value, &e) == nil && e.Booking.ID != ""
	e.Tidy()
	return e, ok
}

func readInternal(value []byte) (booking.Event, bool) {
	var in envelope
	ok := object(value) && json.Unmarshal(value, &in) == nil
	e := in.Event
	e.ID, e.Type, e.Time, e.Origin = in.ID, in.Type, in.Time, in.Origin
	e.Tidy()
	return e, ok && e.Booking.ID != "" && e.ID != "" && e.Type != ""
}

func object(value []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(value, " \t\r\n"), []byte("{")) }

// wild is an event with texts, numbers and times that are seldom.
func wild(seed uint64) booking.Event {
	r := dice(seed)
	e := random(r)
	scramble(r, reflect.ValueOf(&e).Elem())
	return e
}

var wildTexts = []string{
	"", " ", `"`, `\`, "\n\r\t\b\f\v\x00\x1f\x7f", "<&>", "é", "\u2028\u2029", "\xff", "a\xc3", "\xed\xa0\x80",
	"日本語", "🏖", "\ufffd", "\u0080", `\u0041`, "null", strings.Repeat("a", booking.MaxText+1), "a\\", "é\\\"",
}

// scramble puts another value into every third place of v.
func scramble(r *rand.Rand, v reflect.Value) {
	if at, ok := v.Addr().Interface().(*time.Time); ok {
		*at = pick(r, time.Time{}, at.Add(1), at.In(time.FixedZone("x", 1805)), time.Now(), at.AddDate(8000, 0, 0), *at, *at, *at)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			scramble(r, v.Field(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			scramble(r, v.Elem())
		}
	case reflect.Slice:
		if v.Len() == 0 {
			v.SetZero()
		}
		for i := range v.Len() {
			scramble(r, v.Index(i))
		}
	case reflect.String:
		if r.IntN(3) == 0 {
			v.SetString(pick(r, wildTexts...))
		}
	case reflect.Int, reflect.Int32, reflect.Int64:
		if r.IntN(3) == 0 {
			v.SetInt(pick[int64](r, 0, -1, 10, 1<<31-1, -1<<31))
		}
	default: // bools
	}
}

func TestBothFormsAreThoseOfReflection(t *testing.T) {
	for seed := range uint64(500) {
		e := wild(seed)
		public, err := booking.Encode(e)
		want, _ := reflectedPublic(e)
		if err != nil || !bytes.Equal(public, want) {
			t.Fatalf("seed %d: %v\n%s\n%s", seed, err, public, want)
		}
		if again := booking.AppendJSON([]byte("x"), &e); string(again) != "x"+string(want) {
			t.Fatalf("seed %d: appended %s", seed, again)
		}
		internal, err := booking.MarshalInternal(e)
		want, errWant := reflectedInternal(e)
		if (err == nil) != (errWant == nil) || err == nil && !bytes.Equal(internal, want) {
			t.Fatalf("seed %d: %v, %v\n%s\n%s", seed, err, errWant, internal, want)
		}
		readAlike(t, public)
		readAlike(t, internal)
	}
}

func TestContentVersionIsThatOfReflection(t *testing.T) {
	for seed := range uint64(500) {
		e := wild(seed)
		whole := e
		whole.Tidy() // here for its times alone, which are written as they are
		if !bytes.Equal(booking.AppendJSON(nil, &e), booking.AppendJSON(nil, &whole)) {
			t.Fatal("not tidy")
		}
		whole.Booking.Refs, whole.Quality.Missing = e.Booking.Refs, e.Quality.Missing
		form, err := json.Marshal(&whole)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := booking.ContentVersion(&whole), booking.Digest("content", string(whole.Type), string(form)); got != want {
			t.Fatalf("seed %d: %s, want %s of %s", seed, got, want, form)
		}
	}
}

// readAlike checks that value is read as encoding/json reads it.
func readAlike(t *testing.T, value []byte) {
	t.Helper()
	got, err := booking.Decode(value)
	if want, ok := readPublic(value); (err == nil) != ok || ok && !reflect.DeepEqual(got, want) {
		t.Fatalf("%v, want %t\n%+v\n%+v\n%s", err, ok, got, want, value)
	}
	got, err = booking.UnmarshalInternal(value)
	if want, ok := readInternal(value); (err == nil) != ok || ok && !reflect.DeepEqual(got, want) {
		t.Fatalf("internal: %v, want %t\n%+v\n%+v\n%s", err, ok, got, want, value)
	}
}

func TestWhatWeWriteIsReadByHand(t *testing.T) {
	for seed := range uint64(500) {
		e := random(dice(seed))
		value, _ := booking.Encode(e)
		public, _ := booking.ByHand(value)
		value, _ = booking.MarshalInternal(e)
		_, internal := booking.ByHand(value)
		if !public || !internal {
			t.Fatalf("seed %d: %t, %t", seed, public, internal)
		}
	}
}

// One byte more, less or different, anywhere.
func TestWhatIsAlmostOursIsReadAlike(t *testing.T) {
	const odd = "\"\\,:{}[] 0n-Ae\x00\xff"
	for _, encode := range []func(booking.Event) ([]byte, error){booking.Encode, booking.MarshalInternal} {
		value, err := encode(full())
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(value); i += 3 {
			b := odd[i*7%len(odd)]
			changed := slices.Clone(value)
			changed[i] = b
			readAlike(t, changed)
			readAlike(t, slices.Insert(slices.Clone(value), i, b))
			readAlike(t, slices.Delete(slices.Clone(value), i, i+1))
		}
	}
}
