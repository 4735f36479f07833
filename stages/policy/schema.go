package policy

import (
	_ "embed"

	"github.com/reservoirhq/reservoir/policies"
)

// DecisionSchema is the ce_dataschema of decisions.
const DecisionSchema = "urn:travel:booking-decision:1.0.0"

//go:embed schema.json
var decisionSchema string

// Schema gives the JSON Schema of a decision, the value of bookings.decisions.
func Schema() []byte { return []byte(decisionSchema) }

// InputSchema gives the JSON Schema of what a policy reads as `input`.
func InputSchema() []byte {
	content, err := policies.FS.ReadFile("schemas/input.json")
	if err != nil {
		// It is compiled in: that it cannot be read is a defect of the build.
		panic("policy: the input schema is not in the binary: " + err.Error())
	}
	return content
}
