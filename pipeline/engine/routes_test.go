package engine

import (
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
)

func TestOnlyWhatIsLookedUpBeforehandOrWaitsForNothingGoesTogether(t *testing.T) {
	first := PlannedSegment{Name: "ingest", Stages: []string{"ingest", "verify"}, To: "raw.{source}"}
	tests := []struct {
		name, topic string
		stages      []string
		batch       int
		prepared    bool
	}{
		{name: "a source that looks up", topic: "raw.hints", stages: []string{"enrich", "normalise"}, batch: batch, prepared: true},
		{name: "one that says everything", topic: "raw.full", stages: []string{"enrich", "normalise"}, batch: batch},
		{name: "parked records wait for their time", topic: "retry", stages: []string{"enrich", "normalise"}, batch: 1},
		{name: "a look-up in the middle", topic: "raw.hints", stages: []string{"other", "enrich"}, batch: 1},
		{name: "no look-up in this segment", topic: "raw.hints", stages: []string{"other"}, batch: batch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := &Engine{plan: &Plan{sources: map[string]plannedSource{
				"hints": {spec: pipeline.ProviderSpec{Enriches: true}}, "full": {},
			}}}
			s := builtSegment{plan: PlannedSegment{Name: tt.stages[0], Stages: tt.stages}}
			b := built{
				plan:     PlannedPipeline{Sources: []string{"hints", "full"}, topics: topics{pipeline.Retry: "retry"}},
				segments: []builtSegment{{plan: first}, s},
			}
			if got := e.batches(b, s)(tt.topic); got != tt.batch {
				t.Errorf("a message stands for up to %d records, want %d", got, tt.batch)
			}
			if got := e.prepares(b, s, &segment{})(tt.topic) != nil; got != tt.prepared {
				t.Errorf("looked up before that: %v, want %v", got, tt.prepared)
			}
		})
	}
}
