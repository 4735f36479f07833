package plugintest

import (
	"bytes"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// followsSchema holds finished events against the schema that readers of the
// topic are given.
func (s *suite) followsSchema(t *testing.T, events []booking.Event) {
	t.Helper()
	for _, e := range events {
		value, err := booking.Encode(e)
		if err != nil {
			t.Fatalf("encode: %v", err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
		if err != nil {
			t.Fatalf("read the event back: %v", err)
		}
		if err := s.schema.Validate(doc); err != nil {
			t.Errorf("the event does not follow the schema: %v", err)
		}
	}
}

func compileSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(booking.Schema()))
	if err != nil {
		t.Fatalf("read the schema: %v", err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(booking.SchemaURN, doc); err != nil {
		t.Fatalf("add the schema: %v", err)
	}
	schema, err := c.Compile(booking.SchemaURN)
	if err != nil {
		t.Fatalf("compile the schema: %v", err)
	}
	return schema
}
