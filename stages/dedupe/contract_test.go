package dedupe_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/stages/dedupe"
	"github.com/reservoirhq/reservoir/stages/stagetest"
)

func TestContract(t *testing.T) {
	stagetest.Run(t, stagetest.Stage{
		Spec: dedupe.Spec(), Deps: pipeline.StageDeps{Pipeline: "bookings", Clock: still{}, Log: slog.New(slog.DiscardHandler)},
		Prepare: func(t *testing.T, s pipeline.Stage) {
			t.Helper()
			if err := s.(pipeline.Partitioned).Assigned(t.Context(), part(), &house{t: t, clock: still{}}); err != nil {
				t.Fatal(err)
			}
		},
		Events: func() []pipeline.Event {
			var all []pipeline.Event
			for n := range 8 {
				e := status(booking.StatusConfirmed, fmt.Sprint("e", n), morning.Add(time.Minute))
				e.Booking.ID, e.Booking.Provider, e.Booking.Source = fmt.Sprint("src/b", n), "plug", "src"
				e.Tidy()
				all = append(all, pipeline.Event{
					Source: "src", Plugin: "plug", ID: "d", Key: e.Booking.ID, Booking: &e, ReceivedAt: morning,
					Input: pipeline.Position{Topic: part().Topic, Partition: part().ID, Offset: int64(n)},
				})
			}
			return all
		},
	})
}
