package booking_test

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

func compiled(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(booking.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(booking.SchemaURN, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(booking.SchemaURN)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func follows(s *jsonschema.Schema, value []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		return err
	}
	return s.Validate(doc)
}

//go:embed testdata/contract.json
var contract []byte

func TestTheSchemaTakesTheEventOfTheContract(t *testing.T) {
	s := compiled(t)
	if err := follows(s, contract); err != nil {
		t.Fatal(err)
	}
	e, err := booking.Decode(contract)
	if err != nil {
		t.Fatal(err)
	}
	out, err := booking.Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := json.Compact(&want, contract); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out, want.Bytes()) {
		t.Fatalf("read and written again it is\n%s\nwant\n%s", out, want.Bytes())
	}
}

// Every set of nulls that one object can have is valid: whatever a provider
// leaves out, the event is published.
func TestTheSchemaTakesEveryCombinationOfNulls(t *testing.T) {
	s := compiled(t)
	checked := 0
	var walk func(e *booking.Event, v reflect.Value)
	walk = func(e *booking.Event, v reflect.Value) {
		var nullable []reflect.Value
		for i := range v.NumField() {
			f := v.Field(i)
			switch {
			case f.Kind() == reflect.Pointer:
				nullable = append(nullable, f)
			case f.Kind() == reflect.Struct && f.Type() != reflect.TypeFor[time.Time]():
				walk(e, f)
			}
		}
		for set := range 1 << len(nullable) {
			restore := clear(nullable, set)
			out, err := booking.Encode(*e)
			if err == nil {
				err = follows(s, out)
			}
			if err != nil {
				t.Fatalf("%s without set %b: %v", v.Type(), set, err)
			}
			checked++
			restore()
		}
		for _, f := range nullable {
			if f.Elem().Kind() == reflect.Struct && f.Elem().Type() != reflect.TypeFor[time.Time]() {
				walk(e, f.Elem())
			}
		}
	}
	e := full()
	walk(&e, reflect.ValueOf(&e).Elem())
	walk(&e, reflect.ValueOf(&e.RefundReported[0]).Elem())
	if checked < 1<<10 {
		t.Fatalf("only %d events were checked", checked)
	}
}

// clear sets the fields whose bit is in set to nil.
func clear(fields []reflect.Value, set int) (restore func()) {
	old := make([]reflect.Value, len(fields))
	for i, f := range fields {
		old[i] = reflect.ValueOf(f.Interface())
		if set&(1<<i) != 0 {
			f.SetZero()
		}
	}
	return func() {
		for i, f := range fields {
			f.Set(old[i])
		}
	}
}

func TestWhatIsValidFollowsTheSchema(t *testing.T) {
	s := compiled(t)
	for seed := range uint64(500) {
		e := random(dice(seed))
		e.Tidy()
		if err := e.Validate(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		out, err := booking.Encode(e)
		if err == nil {
			err = follows(s, out)
		}
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, out)
		}
	}
}

// An event of which nothing was filled in but the booking's id is written
// without a single null in place of a list.
func TestAnEmptyEventHasNoNullLists(t *testing.T) {
	out, err := booking.Encode(booking.Event{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"refs":[]`, `"people":[]`, `"refund_reported":[]`, `"missing":[]`, `"assumed":[]`, `"inherited":[]`, `"conflicts":[]`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%s is not in %s", want, out)
		}
	}
}

// The schema is closed and complete all the way down, and uses nothing that
// `opa check` passes over.
func TestTheSchemaIsClosedAndFlat(t *testing.T) {
	var root map[string]any
	if err := json.Unmarshal(booking.Schema(), &root); err != nil {
		t.Fatal(err)
	}
	if root["$id"] != booking.SchemaURN {
		t.Errorf("$id is %v", root["$id"])
	}
	objects := 0
	var walk func(path string, node any)
	walk = func(path string, node any) {
		if list, ok := node.([]any); ok {
			for _, x := range list {
				walk(path, x)
			}
		}
		m, ok := node.(map[string]any)
		if !ok {
			return
		}
		for _, word := range []string{"oneOf", "allOf", "$ref", "patternProperties"} {
			if _, found := m[word]; found {
				t.Errorf("%s has %s", path, word)
			}
		}
		if props, ok := m["properties"].(map[string]any); ok {
			objects++
			required, _ := m["required"].([]any)
			if m["additionalProperties"] != false || len(required) != len(props) {
				t.Errorf("%s is not closed, or does not require all it has", path)
			}
		}
		for name, child := range m {
			walk(path+"/"+name, child)
		}
	}
	walk("", root)
	if objects != 16 {
		t.Errorf("%d objects, want 16", objects)
	}
}

func TestTheSchemaHandedOutCannotBeChanged(t *testing.T) {
	booking.Schema()[0] = 'x'
	if booking.Schema()[0] != '{' {
		t.Fatal("a caller changed the schema of all others")
	}
}
