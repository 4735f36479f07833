package enrich_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/stages/enrich"
	"github.com/reservoirhq/reservoir/stages/stagetest"
)

// steady answers everybody the same, at a time that stands still.
type steady struct{ pipeline.Provider }

func (steady) LookUp(_ context.Context, ev pipeline.Event) (pipeline.LookUp, error) {
	if ev.Key == "src/none" {
		return pipeline.LookUp{}, pipeline.Rejectf(pipeline.NotFound, "no booking %s", ev.Key)
	}
	return pipeline.LookUp{At: time.Unix(1, 0), Body: []byte("<b/>")}, nil
}

func TestContract(t *testing.T) {
	stagetest.Run(t, stagetest.Stage{
		Spec: enrich.Spec(),
		Deps: pipeline.StageDeps{
			Sources: map[string]pipeline.Source{"src": {Name: "src", Provider: steady{}}}, Clock: pipeline.WallClock{}, Log: slog.New(slog.DiscardHandler),
		},
		Events: func() []pipeline.Event { return []pipeline.Event{event("src/b1"), event("src/b2"), event("src/none")} },
	})
}
