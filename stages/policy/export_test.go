package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/reservoirhq/reservoir/pipeline"
)

// InputTerms lets benchmarks build the whole input alone.
func InputTerms(ev pipeline.Event) ast.Value {
	return inputter{fields: &fields{whole: true}}.input(ev, derive(ev)).Value
}

// EncodeDecision is the value of the decision's record.
func EncodeDecision(d Decision) ([]byte, error) { return d.encode() }
