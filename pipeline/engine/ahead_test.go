package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// preparedOf has every record prepared and gives what that gave.
func preparedOf(t *testing.T, s *segment, records []*pipeline.Record) func(int) any {
	t.Helper()
	all := make([]any, len(records))
	for i, r := range records {
		var err error
		if all[i], err = s.prepare(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	return func(i int) any { return all[i] }
}

func TestWhatWasLookedUpAheadIsNotLookedUpAgain(t *testing.T) {
	log, asked := &memoryLog{}, 0
	lookUp := stageFunc(func(_ context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
		asked++
		return []pipeline.Event{ev.Attach(pipeline.Lookups, pipeline.Record{Key: []byte(ev.Key), Value: ev.Request.Body})}, nil
	})
	later := stageFunc(func(_ context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
		ev.Booking = bookingEvent().Booking
		return []pipeline.Event{ev}, nil
	})
	s := testSegment(t, log, lookUp, later)
	records := together(t, "one", "two", "three")
	prepared := preparedOf(t, s, records)
	if err := s.through(kafka.NewBatchMessage(records), prepared); err != nil {
		t.Fatal(err)
	}
	answers := log.on("bookings.lookups")
	if asked != 3 || len(answers) != 3 || len(log.on("bookings.events")) != 3 {
		t.Fatalf("asked %d times, written %+v", asked, log.records)
	}
	for i, want := range []string{"one", "two", "three"} {
		if string(answers[i].Value) != want {
			t.Errorf("answer %d is %s", i, answers[i].Value)
		}
	}
}

func TestALookUpAheadMayWaitAndItsOutcomeIsItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		s := testSegment(t, log, stageFunc(func(ctx context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
			if string(ev.Request.Body) == "fails" {
				return nil, errTrouble
			}
			return byBody(ctx, ev)
		}))
		s.parks = true
		records := together(t, "fine", "fails", "reject", "duplicate", "unreadable")
		records[4].Headers = nil
		began := time.Now()
		prepared := preparedOf(t, s, records)
		if time.Since(began) == 0 {
			t.Error("the attempts of one record were not made while it could wait")
		}
		began = time.Now()
		if err := s.through(kafka.NewBatchMessage(records), prepared); err != nil || time.Since(began) != 0 {
			t.Fatalf("after %s: %v", time.Since(began), err)
		}
		for topic, want := range map[string]int{"bookings.events": 1, "bookings.retry": 1, "bookings.dead": 2, "bookings.outcomes": 1} {
			if got := len(log.on(topic)); got != want {
				t.Errorf("%s holds %d records, want %d", topic, got, want)
			}
		}
		if got := log.on("bookings.retry"); len(got) == 1 && got[0].Text("parked_rounds") != "1" {
			t.Errorf("parked is %+v", got[0])
		}
	})
}

func TestALookUpAheadThatIsCutOffHasNoOutcome(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := testSegment(t, &memoryLog{}, stageFunc(func(ctx context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
		if string(ev.Request.Body) == "ends" {
			cancel()
			return nil, errTrouble
		}
		return byBody(ctx, ev)
	}))
	records := together(t, "cancel", "ends")
	for _, r := range records {
		if made, err := s.prepare(ctx, r); !errors.Is(err, context.Canceled) || made != nil {
			t.Errorf("%v, %v", made, err)
		}
	}
}
