package engine

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

func testSegment(t *testing.T, log *memoryLog, steps ...pipeline.Stage) *segment {
	t.Helper()
	m := testMetrics(t)
	c := measuredChain(m, steps...)
	s := &segment{
		name: "one", chain: c, clock: pipeline.WallClock{}, metrics: m, inFlight: m.inFlight.WithLabelValues("one"),
		writer:    writer{pipeline: "bookings", topics: testTopics(), scrub: scrubber(nil), clock: pipeline.WallClock{}},
		committer: &atLeastOnce{to: log, clock: pipeline.WallClock{}, health: newHealth(m), log: quiet()},
		sources:   map[string]pipeline.Source{"src": {Name: "src"}},
		adopts:    func(string) bool { return false },
	}
	s.passed = m.passed(s)
	return s
}

func handle(t *testing.T, ctx context.Context, s *segment, r pipeline.Record) error {
	t.Helper()
	msg := kafka.NewMessage(r)
	msg.SetContext(&valuesOf{Context: ctx, values: msg.Context()})
	return s.handle(msg)
}

// valuesOf ends with one context and carries the values of another.
type valuesOf struct {
	context.Context
	values context.Context
}

func (v *valuesOf) Value(key any) any { return v.values.Value(key) }

var _ message.HandlerFunc // what the router calls

func rawRecord(t *testing.T) pipeline.Record {
	t.Helper()
	r, err := encode(rawEvent(), scrubber(nil))
	if err != nil {
		t.Fatal(err)
	}
	r.Topic, r.Partition, r.Offset = "bookings.raw.src", 1, 42
	return r
}

// booked makes the event's booking and attaches every kind of side record.
func booked(_ context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
	ev.Booking = bookingEvent().Booking
	ev.Key = ev.Booking.Booking.ID
	for _, o := range []pipeline.Output{pipeline.Current, pipeline.Decisions, pipeline.Lookups} {
		ev = ev.Attach(o, pipeline.Record{Key: []byte(ev.Key), Value: []byte(o)})
	}
	return []pipeline.Event{ev}, nil
}

func TestOutputsAreWrittenInTheOrderOfTheInvariants(t *testing.T) {
	var phases [][]string
	log := &memoryLog{fail: func(records []pipeline.Record) error {
		var names []string
		for _, r := range records {
			names = append(names, r.Topic)
		}
		phases = append(phases, names)
		return nil
	}}
	if err := handle(t, t.Context(), testSegment(t, log, stageFunc(booked)), rawRecord(t)); err != nil {
		t.Fatal(err)
	}
	want := "[[bookings.lookups] [bookings.decisions bookings.events] [bookings.current]]"
	if got := strings.TrimSpace(strings.ReplaceAll(stringsOf(phases), "  ", " ")); got != want {
		t.Errorf("written %s, want %s", got, want)
	}
}

func stringsOf(phases [][]string) string {
	parts := make([]string, len(phases))
	for i, p := range phases {
		parts[i] = "[" + strings.Join(p, " ") + "]"
	}
	return "[" + strings.Join(parts, " ") + "]"
}

func TestEveryRecordHasOneOutcome(t *testing.T) {
	tests := []struct {
		name   string
		stage  pipeline.Stage
		parks  bool
		change func(*pipeline.Record)
		topic  string
		header [2]string
	}{
		{name: "published", stage: stageFunc(booked), topic: "bookings.events", header: [2]string{"ce_id", "event"}},
		{name: "duplicate", stage: failing(pipeline.Done(pipeline.Duplicate)), topic: "bookings.outcomes", header: [2]string{"outcome", "duplicate"}},
		{name: "ignored", stage: failing(pipeline.Done(pipeline.Ignored)), topic: "bookings.outcomes", header: [2]string{"raw", "bookings.raw.src/1/42"}},
		{name: "rejected", stage: failing(pipeline.Reject(pipeline.BadAnswer, errTrouble)), parks: true, topic: "bookings.dead", header: [2]string{"dead_reason", "bad_answer"}},
		{name: "spent where it may be parked", stage: failing(errTrouble), parks: true, topic: "bookings.retry", header: [2]string{"parked_rounds", "1"}},
		{name: "spent where order matters", stage: failing(errTrouble), topic: "bookings.dead", header: [2]string{"dead_reason", "exhausted"}},
		{
			name: "parked too often", stage: failing(errTrouble), parks: true, topic: "bookings.dead", header: [2]string{"dead_attempts", "5"},
			change: func(r *pipeline.Record) {
				r.Headers = append(r.Headers, pipeline.Text("parked_rounds", strconv.Itoa(parkRounds)))
			},
		},
		{
			name: "a foreign record", stage: stageFunc(booked), topic: "bookings.dead", header: [2]string{"dead_reason", "unreadable"},
			change: func(r *pipeline.Record) { r.Headers = nil },
		},
		{
			name: "a source that is not configured", stage: stageFunc(booked), topic: "bookings.dead", header: [2]string{"dead_reason", "unknown_source"},
			change: func(r *pipeline.Record) { r.Headers = append(r.Headers, pipeline.Text("source", "gone")) },
		},
		{
			name: "a source of a newer file", stage: stageFunc(booked), parks: true, topic: "bookings.retry", header: [2]string{"parked_rounds", "1"},
			change: func(r *pipeline.Record) { r.Headers = append(r.Headers, pipeline.Text("source", "new")) },
		},
		{
			name: "a panic", stage: stageFunc(func(context.Context, pipeline.Event) ([]pipeline.Event, error) { panic(1) }), parks: true,
			topic: "bookings.dead", header: [2]string{"dead_reason", "panicked"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &memoryLog{}
				s := testSegment(t, log, tt.stage)
				s.parks = tt.parks
				r := rawRecord(t)
				if tt.change != nil {
					tt.change(&r)
				}
				if err := handle(t, t.Context(), s, r); err != nil {
					t.Fatal(err)
				}
				got := log.on(tt.topic)
				if len(got) != 1 || got[0].Text(tt.header[0]) != tt.header[1] {
					t.Fatalf("%s holds %d records; header %s is %q", tt.topic, len(got), tt.header[0], append(got, pipeline.Record{})[0].Text(tt.header[0]))
				}
				if tt.name != "published" && len(log.records) != 1 {
					t.Errorf("%d records were written", len(log.records))
				}
			})
		})
	}
}

func TestADeadLetterKeepsTheRecordAsItWas(t *testing.T) {
	log := &memoryLog{}
	r := rawRecord(t)
	r.Headers = append(r.Headers, pipeline.Text("twice", "1"), pipeline.Text("twice", "2"))
	if err := handle(t, t.Context(), testSegment(t, log, failing(pipeline.Reject(pipeline.Invalid, errTrouble))), r); err != nil {
		t.Fatal(err)
	}
	dead := log.on("bookings.dead")[0]
	if string(dead.Key) != string(r.Key) || string(dead.Value) != string(r.Value) {
		t.Errorf("key %q value %q", dead.Key, dead.Value)
	}
	for i, h := range r.Headers {
		if dead.Headers[i].Key != h.Key || string(dead.Headers[i].Value) != string(h.Value) {
			t.Fatalf("header %d is %s, was %s", i, dead.Headers[i].Key, h.Key)
		}
	}
	for name, want := range map[string]string{
		"dead_stage": "one", "dead_topic": "bookings.raw.src", "dead_partition": "1", "dead_offset": "42", "dead_attempts": "1",
		"dead_error": "one: invalid: trouble",
	} {
		if got := dead.Text(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"dead_first_at", "dead_at"} {
		if _, err := time.Parse(time.RFC3339Nano, dead.Text(name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestADeployBuriesNoHealthyBooking(t *testing.T) {
	log := &memoryLog{}
	ctx, cancel := context.WithCancel(t.Context())
	stage := stageFunc(func(ctx context.Context, _ pipeline.Event) ([]pipeline.Event, error) {
		cancel() // the shutdown comes while the stage works
		<-ctx.Done()
		return nil, errTrouble
	})
	s := testSegment(t, log, stage)
	s.parks = true
	if err := handle(t, ctx, s, rawRecord(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	if len(log.records) != 0 {
		t.Errorf("%d records were written", len(log.records))
	}
}

func TestTroubleOfTheBrokerIsWaitedOutAndSpendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		log := &memoryLog{fail: func([]pipeline.Record) error {
			if time.Since(began) < time.Hour {
				return errors.New("not enough replicas")
			}
			return nil
		}}
		s := testSegment(t, log, stageFunc(booked))
		if err := handle(t, t.Context(), s, rawRecord(t)); err != nil {
			t.Fatal(err)
		}
		if len(log.on("bookings.events")) != 1 || len(log.on("bookings.dead")) != 0 {
			t.Errorf("written: %+v", log.records)
		}
	})
}

func TestAnOutputThatNoTopicTakesIsADeadLetterNotALoop(t *testing.T) {
	var sizes []int
	log := &memoryLog{fail: func(records []pipeline.Record) error {
		for _, r := range records {
			sizes = append(sizes, len(r.Value))
			if len(r.Value) > 100 {
				return &kafka.TooLargeError{Topic: r.Topic, Bytes: len(r.Value), Limit: 100}
			}
		}
		return nil
	}}
	settled := &settling{stageFunc: booked}
	r := rawRecord(t)
	r.Value = []byte(strings.Repeat("x", 1000))
	if err := handle(t, t.Context(), testSegment(t, log, settled), r); err != nil {
		t.Fatal(err)
	}
	dead := log.on("bookings.dead")
	if len(dead) != 1 || dead[0].Text("dead_reason") != "too_large" || dead[0].Text("dead_offset") != "42" || len(dead[0].Value) != 0 {
		t.Fatalf("dead letters: %+v", dead)
	}
	if len(settled.told) != 1 || settled.told[0] {
		t.Errorf("the stage was told %v", settled.told)
	}
}

// TestABookingGoesOnWhereItsSourceIsNotConfiguredYet: members get a new file one
// after the other, and partitions of bookings.normalised are everybody's.
func TestABookingGoesOnWhereItsSourceIsNotConfiguredYet(t *testing.T) {
	ev := bookingEvent()
	ev.Source = "new"
	r, err := encode(ev, scrubber(nil))
	if err != nil {
		t.Fatal(err)
	}
	r.Topic, r.Partition, r.Offset = "bookings.normalised", 1, 42
	log := &memoryLog{}
	s := testSegment(t, log, stageFunc(pass))
	if err := handle(t, t.Context(), s, r); err != nil {
		t.Fatal(err)
	}
	events := log.on("bookings.events")
	if len(events) != 1 || string(events[0].Key) != ev.Key || len(log.records) != 1 {
		t.Errorf("written: %+v", log.records)
	}
	if n := testutil.ToFloat64(s.metrics.counter("bookings", "", "one", "published", "")); n != 1 {
		t.Errorf("%v are published of a source that has no name here", n)
	}
}

func sizeOf(r pipeline.Record) int {
	n := len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		n += len(h.Key) + len(h.Value)
	}
	return n
}

// TestADeadLetterFitsWhateverAStrangerWrote: a record that no letter is small
// enough for would be handled for ever.
func TestADeadLetterFitsWhateverAStrangerWrote(t *testing.T) {
	const limit = 128 << 10
	many := make([]pipeline.Header, 100_000)
	for i := range many {
		many[i] = pipeline.Text("h"+strconv.Itoa(i), "v")
	}
	for name, r := range map[string]pipeline.Record{
		"a large value":       {Key: []byte("k"), Value: make([]byte, 1<<20)},
		"a large key":         {Key: make([]byte, 1<<20)},
		"a large header":      {Headers: []pipeline.Header{pipeline.Text("h", strings.Repeat("v", 1<<20))}},
		"a header's name":     {Headers: []pipeline.Header{pipeline.Text(strings.Repeat("h", 1<<20), "v")}},
		"very many headers":   {Headers: many},
		"all of them at once": {Key: make([]byte, 1<<20), Value: make([]byte, 1<<20), Headers: append(many, pipeline.Text("h", strings.Repeat("v", 1<<20)))},
	} {
		t.Run(name, func(t *testing.T) {
			log := &memoryLog{large: func(r pipeline.Record) bool { return sizeOf(r) > limit }}
			log.fail = func(records []pipeline.Record) error { return log.Check(records...) }
			r.Topic, r.Partition, r.Offset = "bookings.raw.src", 1, 42
			if err := handle(t, t.Context(), testSegment(t, log, stageFunc(booked)), r); err != nil {
				t.Fatal(err)
			}
			dead := log.on("bookings.dead")
			if len(dead) != 1 || dead[0].Text("dead_topic") != "bookings.raw.src" || dead[0].Text("dead_offset") != "42" || dead[0].Text("dead_reason") == "" {
				t.Errorf("dead letters %+v", dead)
			}
		})
	}
}

func TestAParkedRecordIsTriedAgainWhenItIsDueAsTheRecordItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		s := testSegment(t, log, failing(errTrouble))
		s.parks = true
		if err := handle(t, t.Context(), s, rawRecord(t)); err != nil {
			t.Fatal(err)
		}
		parked := log.on("bookings.retry")[0]
		parked.Partition, parked.Offset = 0, 7
		began := time.Now()
		again := testSegment(t, log, stageFunc(func(_ context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
			if ev.Raw.String() != "bookings.raw.src/1/42" {
				t.Errorf("raw position is %s", ev.Raw)
			}
			return booked(t.Context(), ev)
		}))
		if err := handle(t, t.Context(), again, parked); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited != parkFor || len(log.on("bookings.events")) != 1 {
			t.Errorf("waited %s, %d events", waited, len(log.on("bookings.events")))
		}
	})
}

func TestParkedRecordsOfOtherSegmentsAreLeftToThem(t *testing.T) {
	log := &memoryLog{}
	r := rawRecord(t)
	r.Topic = "bookings.retry"
	r.Headers = append(r.Headers, pipeline.Text(headerParkedFor, "other"))
	s := testSegment(t, log, stageFunc(booked))
	if err := handle(t, t.Context(), s, r); err != nil || len(log.records) != 0 {
		t.Errorf("%d records, %v", len(log.records), err)
	}
	s.adopts = func(segment string) bool { return segment == "other" } // nobody else has it
	if err := handle(t, t.Context(), s, r); err != nil || len(log.on("bookings.events")) != 1 {
		t.Errorf("%d events, %v", len(log.on("bookings.events")), err)
	}
}

func TestStagesAreSettledAfterTheAcknowledgement(t *testing.T) {
	settled := &settling{stageFunc: booked}
	log := &memoryLog{}
	log.fail = func([]pipeline.Record) error {
		if len(settled.told) != 0 {
			t.Error("settled before everything was acknowledged")
		}
		return nil
	}
	if err := handle(t, t.Context(), testSegment(t, log, settled), rawRecord(t)); err != nil {
		t.Fatal(err)
	}
	if len(settled.told) != 1 || !settled.told[0] {
		t.Errorf("told %v", settled.told)
	}
}
