package normalise_test

import (
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/stages/normalise"
	"github.com/reservoirhq/reservoir/stages/stagetest"
)

func TestContract(t *testing.T) {
	sources := map[string]pipeline.Source{
		"two":  {Name: "two", Plugin: "plug", Provider: plug{found: []booking.Event{found("b1"), found("b2")}}},
		"none": {Name: "none", Plugin: "plug", Provider: plug{}},
		"over": {Name: "over", Plugin: "plug", Provider: plug{err: pipeline.Done(pipeline.Ignored)}},
	}
	stagetest.Run(t, stagetest.Stage{
		Spec: normalise.Spec(), Deps: pipeline.StageDeps{Sources: sources, Tokens: tokens{}},
		Events: func() []pipeline.Event {
			var all []pipeline.Event
			for _, source := range []string{"two", "none", "over"} {
				all = append(all, pipeline.Event{
					Source: source, Plugin: "plug", ID: "d1", Key: source, Verified: "url-secret", ReceivedAt: received,
					Raw: pipeline.Raw{Position: pipeline.Position{Topic: "raw"}, SHA256: "abc"},
				})
			}
			return all
		},
	})
}
