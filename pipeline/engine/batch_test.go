package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// together gives raw records, each with its own delivery id and body.
func together(t *testing.T, bodies ...string) []*pipeline.Record {
	t.Helper()
	var all []*pipeline.Record
	for i, body := range bodies {
		ev := rawEvent()
		ev.ID, ev.Key, ev.Request.Body = fmt.Sprint("d", i), fmt.Sprint("b", i), []byte(body)
		r, err := encode(ev, scrubber(nil))
		if err != nil {
			t.Fatal(err)
		}
		r.Topic, r.Partition, r.Offset = "bookings.raw.src", 1, int64(i)
		all = append(all, &r)
	}
	return all
}

// byBody does what a record's body says.
func byBody(ctx context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
	switch body := string(ev.Request.Body); body {
	case "reject":
		return nil, pipeline.Reject(pipeline.Invalid, errTrouble)
	case "duplicate":
		return nil, pipeline.Done(pipeline.Duplicate)
	case "cancel":
		return nil, context.Canceled
	case "large":
		out, err := booked(ctx, ev)
		out[0].Side[0].Record.Value = []byte(strings.Repeat("x", 1000))
		return out, err
	}
	return booked(ctx, ev)
}

func over(limit int) func(pipeline.Record) bool {
	return func(r pipeline.Record) bool { return len(r.Value) > limit }
}

func TestEachRecordOfAMessageHasItsOwnOutcome(t *testing.T) {
	log := &memoryLog{large: over(900)}
	settled := &settling{stageFunc: byBody}
	s := testSegment(t, log, settled)
	msg := kafka.NewBatchMessage(together(t, "fine", "reject", "large", "duplicate", "fine"))
	if err := s.handle(msg); err != nil {
		t.Fatal(err)
	}
	for topic, want := range map[string]int{"bookings.events": 2, "bookings.current": 2, "bookings.dead": 2, "bookings.outcomes": 1} {
		if got := len(log.on(topic)); got != want {
			t.Errorf("%s holds %d records, want %d", topic, got, want)
		}
	}
	reasons := map[string]string{}
	for _, dead := range log.on("bookings.dead") {
		reasons[dead.Text("dead_offset")] = dead.Text("dead_reason")
	}
	if reasons["1"] != "invalid" || reasons["2"] != "too_large" {
		t.Errorf("dead letters by offset: %v", reasons)
	}
	kept, dropped := 0, 0
	for _, ok := range settled.told {
		if ok {
			kept++
		} else {
			dropped++
		}
	}
	if kept != 2 || dropped != 1 {
		t.Errorf("the stage was told %v", settled.told)
	}
}

func TestNothingOfAMessageIsWrittenWhenTheClaimEndsInTheMiddle(t *testing.T) {
	log := &memoryLog{}
	settled := &settling{stageFunc: byBody}
	err := testSegment(t, log, settled).handle(kafka.NewBatchMessage(together(t, "fine", "cancel", "fine")))
	if !errors.Is(err, context.Canceled) || len(log.records) != 0 {
		t.Errorf("%d records were written, %v", len(log.records), err)
	}
	if len(settled.told) != 1 || settled.told[0] {
		t.Errorf("the stage was told %v", settled.told)
	}
}

func TestNothingOfARecordIsPublishedWhenItsStateIsTooLarge(t *testing.T) {
	log := &memoryLog{large: over(900)}
	if err := testSegment(t, log, stageFunc(byBody)).handle(kafka.NewBatchMessage(together(t, "fine", "large"))); err != nil {
		t.Fatal(err)
	}
	if events, current, dead := len(log.on("bookings.events")), len(log.on("bookings.current")), log.on("bookings.dead"); events != 1 || current != 1 || len(dead) != 1 {
		t.Errorf("%d events, %d states, %d dead letters", events, current, len(dead))
	}
}

func TestADeadLetterThatFitsNowhereIsSaidAndTheRecordStays(t *testing.T) {
	log := &memoryLog{large: func(r pipeline.Record) bool { return r.Topic == "bookings.dead" }}
	err := testSegment(t, log, stageFunc(byBody)).handle(kafka.NewBatchMessage(together(t, "reject", "fine")))
	if err == nil || !strings.Contains(err.Error(), "bookings.raw.src/1/0") || len(log.records) != 0 {
		t.Errorf("%d records were written, %v", len(log.records), err)
	}
}

// remembering is a stage that keeps the events it was told of.
type remembering struct {
	stageFunc
	told []pipeline.Event
}

func (r *remembering) Settle(ev pipeline.Event, _ bool) { r.told = append(r.told, ev) }

func TestAStageIsToldWhereItsStateWasWritten(t *testing.T) {
	log := &memoryLog{}
	stage := &remembering{stageFunc: func(ctx context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
		one, err := booked(ctx, ev)
		two := one[0]
		two.Side = []pipeline.Side{{Output: pipeline.Current, Record: pipeline.Record{Key: []byte(ev.Key), Value: []byte("current")}}}
		return []pipeline.Event{one[0], two}, err // two states of one booking
	}}
	later := stageFunc(func(_ context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
		return []pipeline.Event{ev.Attach(pipeline.Decisions, pipeline.Record{Value: []byte("d")})}, nil
	})
	if err := testSegment(t, log, stage, later).handle(kafka.NewBatchMessage(together(t, "fine"))); err != nil {
		t.Fatal(err)
	}
	var offsets []int64
	for _, ev := range stage.told {
		for _, side := range ev.Side {
			if side.Output == pipeline.Current {
				r := side.Record
				offsets = append(offsets, r.Offset)
				if r.Topic != "bookings.current" || r.Partition != 3 || r.Time.IsZero() || !r.Time.Equal(r.Time.Truncate(time.Millisecond)) {
					t.Errorf("%s is at %s, %s", side.Output, r.Position(), r.Time)
				}
			}
		}
	}
	if len(offsets) != 2 || offsets[0] == offsets[1] {
		t.Errorf("two states stand at %v", offsets)
	}
}

func TestARecordThatHasToWaitLetsNobodyElseWait(t *testing.T) {
	log := &memoryLog{}
	stage := stageFunc(func(ctx context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
		if string(ev.Request.Body) == "waits" {
			return nil, errTrouble
		}
		return booked(ctx, ev)
	})
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := testSegment(t, log, stage).handle(kafka.NewBatchMessage(together(t, "fine", "waits")))
		if !errors.Is(err, context.Canceled) || len(log.records) != 0 {
			t.Errorf("%d records were written, %v: they are to be handed out apart", len(log.records), err)
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("it waited %s", waited)
		}
		if err := testSegment(t, log, stage).handle(kafka.NewBatchMessage(together(t, "waits"))); err != nil || len(log.on("bookings.dead")) != 1 {
			t.Errorf("alone: %d dead letters, %v", len(log.on("bookings.dead")), err)
		}
	})
}

func TestTroubleOfOurStateIsWaitedOutAndSpendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, began := &memoryLog{}, time.Now()
		s := testSegment(t, log, stageFunc(func(ctx context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
			if time.Since(began) < time.Hour {
				return nil, fmt.Errorf("dedupe: %w", pipeline.Trouble(errors.New("no space left on device")))
			}
			return booked(ctx, ev)
		}))
		h := newHealth(s.metrics)
		h.pinged(nil)
		h.start()
		waited := 0
		s.chain.retrier.trouble = func(error) func() {
			waited++
			h.waits(1)
			if h.why() == "" || h.unready() != "" {
				t.Errorf("readyz says %q, webhooks %q", h.why(), h.unready())
			}
			return func() { h.waits(-1) }
		}
		if err := s.handle(kafka.NewBatchMessage(together(t, "fine"))); err != nil {
			t.Fatal(err)
		}
		if len(log.on("bookings.events")) != 1 || len(log.on("bookings.dead"))+len(log.on("bookings.retry")) != 0 || waited != 1 {
			t.Errorf("written %+v; said %d times", log.records, waited)
		}
		if h.why() != "" {
			t.Errorf("not ready afterwards: %s", h.why())
		}
	})
}
