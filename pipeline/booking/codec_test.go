package booking_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

func TestBothFormsGiveTheEventBack(t *testing.T) {
	for seed := range uint64(500) {
		e := random(dice(seed))
		e.Tidy()
		internal, err := booking.MarshalInternal(e)
		if err != nil {
			t.Fatal(err)
		}
		back, err := booking.UnmarshalInternal(internal)
		if err != nil || !reflect.DeepEqual(back, e) {
			t.Fatalf("seed %d: %v\n%+v\n%+v", seed, err, back, e)
		}
		public, err := booking.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		seen, err := booking.Decode(public)
		e.ID, e.Type, e.Time, e.Origin = "", "", time.Time{}, booking.Origin{}
		if err != nil || !reflect.DeepEqual(seen, e) {
			t.Fatalf("seed %d: %v\n%+v\n%+v", seed, err, seen, e)
		}
	}
}

func TestEqualEventsGiveEqualBytes(t *testing.T) {
	a, b := full(), full()
	b.Booking.BookedAt = ptr(b.Booking.BookedAt.In(time.FixedZone("x", -7200)))
	b.Quality.Assumed = []string{"service.start_local", "service.end_local", "service.start_local"}
	b.Quality.Missing = nil
	for name, encode := range map[string]func(booking.Event) ([]byte, error){"public": booking.Encode, "internal": booking.MarshalInternal} {
		x, errX := encode(a)
		y, errY := encode(b)
		if errX != nil || errY != nil || !bytes.Equal(x, y) {
			t.Errorf("%s: %v, %v\n%s\n%s", name, errX, errY, x, y)
		}
		if !bytes.Contains(x, []byte("Casa <Azul> & Jardín")) || bytes.HasSuffix(x, []byte("\n")) {
			t.Errorf("%s: the text is escaped, or a line ends it: %s", name, x)
		}
	}
}

// invariant 10
func TestIdentitiesAreNeverWritten(t *testing.T) {
	e := full()
	e.Booking.People[0].Identity = "ana@example.com"
	for name, encode := range map[string]func(booking.Event) ([]byte, error){"public": booking.Encode, "internal": booking.MarshalInternal} {
		if out, err := encode(e); err != nil || bytes.Contains(out, []byte("ana@")) {
			t.Errorf("%s: %v %s", name, err, out)
		}
	}
}

func TestThePublicFormKeepsTheOriginOut(t *testing.T) {
	out, err := booking.Encode(full())
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(out, &fields); err != nil {
		t.Fatal(err)
	}
	if len(fields) != 7 {
		t.Fatalf("%d fields, want 7: %s", len(fields), out)
	}
}

// While versions are mixed, an older member reads what a newer one wrote.
func TestUnknownFieldsAreIgnored(t *testing.T) {
	public, err := booking.Encode(full())
	if err != nil {
		t.Fatal(err)
	}
	later := bytes.Replace(public, []byte(`"stale":`), []byte(`"weather":{"rain":[1]},"stale":`), 1)
	e, err := booking.Decode(later)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := booking.Encode(e); err != nil || !bytes.Equal(again, public) {
		t.Fatalf("%v\n%s\n%s", err, again, public)
	}
}

func TestDecodeRefusesWhatIsNotOurs(t *testing.T) {
	public, err := booking.Encode(full())
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"nothing": "", "space": " ", "null": "null", "a list": "[]", "a number": "1", "text": `"secret-text"`, "empty": "{}", "no id": `{"booking":{}}`,
		"cut off": string(public[:len(public)/2]), "two": string(public) + string(public), "something behind": string(public) + " secret-text",
		"a time that is none": strings.Replace(string(public), "2026-06-01T09:59:58Z", "secret-text", 1),
		"a number as text":    strings.Replace(string(public), "845050", `"secret-text"`, 1),
		"a broken number":     strings.Replace(string(public), "845050", "845050.5", 1),
		"an absurd number":    strings.Replace(string(public), "845050", "1e999999999", 1),
		"an overflow":         strings.Replace(string(public), "845050", "9223372036854775808", 1),
	} {
		for form, decode := range map[string]func([]byte) (booking.Event, error){"public": booking.Decode, "internal": booking.UnmarshalInternal} {
			if form == "internal" && strings.HasPrefix(value, `{"booking":{"id"`) {
				value = `{"id":"e","type":"t","event":` + value + `}`
			}
			_, err := decode([]byte(value))
			if !errors.Is(err, booking.ErrUnreadable) {
				t.Errorf("%s, %s: %v, want ErrUnreadable", name, form, err)
				continue
			}
			if strings.Contains(err.Error(), "secret-text") {
				t.Errorf("%s, %s: the error holds the value: %v", name, form, err)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(contract)
	f.Add([]byte(`{"booking":{"id":"a/b","refs":null},"quality":{"missing":["b","a"]}}`))
	f.Add([]byte(`{"id":"e","type":"t","time":"2026-01-01T00:00:00+01:00","event":{"booking":{"id":"a/b"}}}`))
	if value, err := booking.MarshalInternal(full()); err == nil {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		readAlike(t, value)
		if e, err := booking.Decode(value); err == nil {
			settled(t, e, booking.Encode, booking.Decode)
		}
		if e, err := booking.UnmarshalInternal(value); err == nil {
			settled(t, e, booking.MarshalInternal, booking.UnmarshalInternal)
		}
	})
}

// settled checks that what was read can be written, and comes back as it is.
func settled(t *testing.T, e booking.Event, encode func(booking.Event) ([]byte, error), decode func([]byte) (booking.Event, error)) {
	t.Helper()
	_ = e.Validate()
	once, err := encode(e)
	if err != nil {
		t.Fatalf("cannot write what was read: %v", err)
	}
	back, err := decode(once)
	if err != nil {
		t.Fatalf("cannot read what was written: %v\n%s", err, once)
	}
	if twice, err := encode(back); err != nil || !bytes.Equal(once, twice) {
		t.Fatalf("%v\n%s\n%s", err, once, twice)
	}
}
