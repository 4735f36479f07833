package verify_test

import (
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/stages/stagetest"
	"github.com/reservoirhq/reservoir/stages/verify"
)

func TestContract(t *testing.T) {
	sources := map[string]pipeline.Source{
		"good": {Provider: plug{verdict: pipeline.Verification{Method: "url-secret"}}},
		"old":  {Provider: plug{verdict: pipeline.Verification{SignedAt: now.Add(-time.Hour)}}},
		"bad":  {Provider: plug{err: pipeline.Rejectf(pipeline.Unverified, "no")}},
	}
	stagetest.Run(t, stagetest.Stage{
		Spec: verify.Spec(), Deps: pipeline.StageDeps{Clock: clock{}, Sources: sources},
		Events: func() []pipeline.Event {
			var all []pipeline.Event
			for _, source := range []string{"good", "old", "bad"} {
				all = append(all, pipeline.Event{Source: source, Key: source, Request: pipeline.Request{PathSecret: "s3cret"}})
			}
			return all
		},
	})
}
