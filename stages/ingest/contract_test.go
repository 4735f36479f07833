package ingest_test

import (
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/stages/ingest"
	"github.com/reservoirhq/reservoir/stages/stagetest"
)

func TestContract(t *testing.T) {
	stagetest.Run(t, stagetest.Stage{
		Spec: ingest.Spec(),
		Deps: pipeline.StageDeps{Sources: map[string]pipeline.Source{"src": source(nil)}, Clock: pipeline.WallClock{}},
		Events: func() []pipeline.Event {
			return []pipeline.Event{hook("right", "Key", "b1", "Event", "e1"), hook("right", "Key", "b2"), hook("right"), hook("wrong")}
		},
	})
}
