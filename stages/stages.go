package stages

import (
	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/stages/dedupe"
	"github.com/reservoirhq/reservoir/stages/enrich"
	"github.com/reservoirhq/reservoir/stages/ingest"
	"github.com/reservoirhq/reservoir/stages/normalise"
	"github.com/reservoirhq/reservoir/stages/policy"
	"github.com/reservoirhq/reservoir/stages/verify"
)

// All gives every built-in stage, in the order in which a webhook meets them.
func All() []pipeline.StageSpec {
	return []pipeline.StageSpec{
		ingest.Spec(),
		verify.Spec(),
		enrich.Spec(),
		normalise.Spec(),
		dedupe.Spec(),
		policy.Spec(),
	}
}
