package booking

import (
	_ "embed"
	"slices"
)

// SchemaURN names the schema of the event's JSON form: `$id` of the schema and
// ce_dataschema of the records.
const SchemaURN = "urn:travel:booking-event:1.0.0"

//go:embed schema.json
var schema []byte

// Schema gives the JSON Schema (draft 2020-12) of the event's JSON form. It is
// flat and closed, without oneOf and without references, because that is what
// `opa check` understands.
func Schema() []byte { return slices.Clone(schema) }
