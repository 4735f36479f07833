package engine

import (
	"errors"
	"slices"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// written gives what a segment writes for a message, and the handler's error.
func written(t *testing.T, s *segment, log *memoryLog, bodies ...string) ([]string, error) {
	t.Helper()
	log.records = nil
	err := s.handle(kafka.NewBatchMessage(together(t, bodies...)))
	var all []string
	for _, r := range log.records {
		all = append(all, r.Topic+" "+string(r.Key)+" "+string(r.Value))
	}
	return all, err
}

func TestAMessageComesToTheSameAfterOthersAsAlone(t *testing.T) {
	log := &memoryLog{large: over(900)}
	settled := &settling{stageFunc: byBody}
	s := testSegment(t, log, settled)
	for range 3 {
		for _, bodies := range [][]string{
			{"fine", "duplicate", "fine"}, {"reject"}, {"fine", "cancel", "fine"}, {"duplicate", "large"}, {"fine"}, {"reject", "fine", "fine", "fine", "large"},
		} {
			settled.told = nil
			got, err := written(t, s, log, bodies...)
			freshLog, fresh := &memoryLog{large: over(900)}, &settling{stageFunc: byBody}
			want, wantErr := written(t, testSegment(t, freshLog, fresh), freshLog, bodies...)
			if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (wantErr == nil) {
				t.Errorf("%v: -alone +after others, %v\n%s", bodies, err, diff)
			}
			if !slices.Equal(settled.told, fresh.told) {
				t.Errorf("%v: the stage was told %v, want %v", bodies, settled.told, fresh.told)
			}
		}
	}
}

// naming is a stage that keeps the names of the events it was told of.
type naming struct {
	stageFunc
	told []string
}

func (n *naming) Settle(ev pipeline.Event, _ bool) { n.told = append(n.told, ev.ID) }

// later settles when the test says so, as a transaction does.
type later struct{ open []inputs }

func (l *later) commit(_ *message.Message, _ *outputSet, of inputs) error {
	l.open = append(l.open, of)
	return nil
}

func TestAStageIsToldOfItsOwnEventsAfterOtherMessagesCame(t *testing.T) {
	stage, committer := &naming{stageFunc: pass}, &later{}
	s := testSegment(t, &memoryLog{}, stage)
	s.writer.to, s.committer = "bookings.normalised", committer
	s.passed = s.metrics.passed(s)
	for _, bodies := range [][]string{{"a", "b", "c"}, {"d"}, {"e", "f"}} {
		if err := s.handle(kafka.NewBatchMessage(together(t, bodies...))); err != nil {
			t.Fatal(err)
		}
	}
	for _, of := range committer.open {
		for i := range of.count() {
			of.settled(i, true)
		}
		if err := s.handle(kafka.NewBatchMessage(together(t, "g"))); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"d0", "d1", "d2", "d0", "d0", "d1"}, stage.told); diff != "" {
		t.Errorf("-given +told\n%s", diff)
	}
}

// A claim may be lost, and its records dropped, before the handler returns.
func TestAMessageSettledBeforeItsHandlerReturnsIsStillItsOwn(t *testing.T) {
	stage := &naming{stageFunc: pass}
	s := testSegment(t, &memoryLog{}, stage)
	s.writer.to = "bookings.normalised"
	var inner error
	s.committer = commitFunc(func(set *outputSet, of inputs) error {
		set.phases[results].gone()
		of.settled(0, false)
		s.committer = &later{} // of a message that comes meanwhile
		inner = s.handle(kafka.NewBatchMessage(together(t, "other", "other")))
		if of.count() != 1 || set.inputs != 1 {
			t.Errorf("the message has become another of %d records", of.count())
		}
		return nil
	})
	if err := errors.Join(s.handle(kafka.NewBatchMessage(together(t, "mine"))), inner); err != nil {
		t.Fatal(err)
	}
}

func TestARecordOfAnotherSegmentCountsNothingOfAnEarlierMessage(t *testing.T) {
	log, stage := &memoryLog{}, &settling{stageFunc: byBody}
	s := testSegment(t, log, stage)
	records := together(t, "fine", "fine")
	if err := s.handle(kafka.NewBatchMessage(records)); err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		r.Topic = "bookings.retry"
		r.Headers = append(r.Headers, pipeline.Text(headerParkedFor, "other"))
	}
	for range 5 {
		if err := s.handle(kafka.NewBatchMessage(records)); err != nil {
			t.Fatal(err)
		}
	}
	if got := testutil.ToFloat64(s.passed["src"]); got != 2 || len(stage.told) != 2 {
		t.Errorf("%v events are counted, and the stage was told %v", got, stage.told)
	}
}

type commitFunc func(set *outputSet, of inputs) error

func (f commitFunc) commit(_ *message.Message, set *outputSet, of inputs) error { return f(set, of) }

// BenchmarkSegment takes messages of many records through a segment without a
// broker and with one stage that gives every event on.
func BenchmarkSegment(b *testing.B) {
	m := testMetrics(b)
	s := &segment{
		name: "one", chain: measuredChain(m, stageFunc(pass)), clock: pipeline.WallClock{}, metrics: m, inFlight: m.inFlight.WithLabelValues("one"),
		writer:  writer{pipeline: "bookings", to: "bookings.normalised", topics: testTopics(), scrub: scrubber(nil), clock: pipeline.WallClock{}},
		sources: map[string]pipeline.Source{"src": {Name: "src"}},
		adopts:  func(string) bool { return false },
	}
	s.passed = m.passed(s)
	s.committer = commitFunc(func(set *outputSet, of inputs) error {
		for p := range set.phases {
			set.phases[p].gone()
		}
		for i := range of.count() {
			of.settled(i, true)
		}
		return nil
	})
	records := make([]*pipeline.Record, batch)
	for i := range records {
		r, err := encode(rawEvent(), scrubber(nil))
		if err != nil {
			b.Fatal(err)
		}
		r.Topic, r.Offset = "bookings.raw.src", int64(i)
		records[i] = &r
	}
	b.ReportAllocs()
	for b.Loop() {
		msg := kafka.NewBatchMessage(records)
		if err := s.handle(msg); err != nil {
			b.Fatal(err)
		}
	}
}
