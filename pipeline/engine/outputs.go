package engine

import (
	"fmt"
	"strings"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// topics say where the records of one pipeline go.
type topics map[pipeline.Output]string

// name gives the topic of an output; `{source}` stands for the source.
func (t topics) name(o pipeline.Output, source string) string {
	return forSource(t[o], source)
}

func forSource(topic, source string) string {
	return strings.ReplaceAll(topic, "{source}", source)
}

// outputSet is all that one record leads to, in the order of writing: a phase
// is acknowledged before the next begins (invariants 4 and 7).
type outputSet [3][]pipeline.Record

const (
	evidence = iota // look-ups
	results         // events, decisions, dead letters, outcomes, records for the next segment
	memory          // bookings.current
)

func phase(o pipeline.Output) int {
	switch o {
	case pipeline.Lookups:
		return evidence
	case pipeline.Current:
		return memory
	}
	return results
}

func (s *outputSet) add(phase int, topic string, r pipeline.Record) {
	r.Topic = topic
	s[phase] = append(s[phase], r)
}

// writer turns events into records of the segment's topics.
type writer struct {
	pipeline string
	to       string // the topic after this segment, "" at the end of the chain
	topics   topics
	scrub    *strings.Replacer
	clock    pipeline.Clock
}

// set gives the records of a result.
func (w writer) set(r result) (outputSet, error) {
	var set outputSet
	for _, ev := range r.events {
		for _, side := range ev.Side {
			set.add(phase(side.Output), w.topics.name(side.Output, ev.Source), side.Record)
		}
		topic, main, err := w.main(ev)
		if err != nil {
			return outputSet{}, err
		}
		set.add(results, topic, main)
	}
	for _, e := range r.ended {
		for _, side := range e.event.Side {
			set.add(phase(side.Output), w.topics.name(side.Output, e.event.Source), side.Record)
		}
		if e.ending != pipeline.Settled {
			set.add(results, w.topics.name(pipeline.Outcomes, e.event.Source), w.outcome(e))
		}
	}
	return set, nil
}

// main is the event itself: for the next segment, or, at the end of the chain,
// for readers.
func (w writer) main(ev pipeline.Event) (string, pipeline.Record, error) {
	if w.to != "" {
		r, err := encode(ev, w.scrub)
		return forSource(w.to, ev.Source), r, err
	}
	if ev.Booking == nil {
		return "", pipeline.Record{}, fmt.Errorf("the chain ends without a booking event for %s", ev.ID)
	}
	value, err := booking.Encode(*ev.Booking)
	if err != nil {
		return "", pipeline.Record{}, fmt.Errorf("write the booking event %s: %w", ev.Booking.ID, err)
	}
	r := pipeline.Record{Key: []byte(ev.Key), Value: value, Headers: pipeline.BookingHeaders(ev)}
	return w.topics.name(pipeline.Events, ev.Source), r, nil
}

// outcome says what became of a record that leaves no other (invariant 3).
func (w writer) outcome(e ended) pipeline.Record {
	return pipeline.Record{
		Key: []byte(e.event.Key),
		Headers: []pipeline.Header{
			pipeline.Text("outcome", string(e.ending)),
			pipeline.Text("pipeline", w.pipeline),
			pipeline.Text("stage", e.stage),
			pipeline.Text(headerSource, e.event.Source),
			pipeline.Text(headerDelivery, e.event.ID),
			pipeline.Text(headerRaw, e.event.Raw.String()),
			pipeline.Text(headerReceived, e.event.ReceivedAt.UTC().Format(time.RFC3339Nano)),
			pipeline.Text("at", w.clock.Now().UTC().Format(time.RFC3339Nano)),
			pipeline.Text(headerTrace, e.event.TraceParent),
		},
		Value: []byte{},
	}
}
