package engine

import (
	"fmt"
	"strings"

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

// The phases of writing: one is acknowledged before the next begins
// (invariants 4 and 7).
const (
	evidence = iota // look-ups
	results         // events, decisions, dead letters, outcomes, records for the next segment
	memory          // bookings.current
	phases
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

// outputSet is all that the records of one message lead to.
type outputSet struct {
	inputs int // of the message; an input that leads to a phase mostly has one record there
	phases [phases]outputs
}

// outputs are the records of one phase.
type outputs struct {
	records []pipeline.Record
	owners  []int // the input of each, by its place in the message
}

func (s *outputSet) add(owner, phase int, topic string, r pipeline.Record) {
	to := &s.phases[phase]
	if cap(to.records) == 0 {
		to.records, to.owners = make([]pipeline.Record, 0, s.inputs), make([]int, 0, s.inputs)
	}
	r.Topic = topic
	to.records, to.owners = append(to.records, r), append(to.owners, owner)
}

// gone takes everything out and keeps the room, where that is not for very many
// (invariant 11).
func (o *outputs) gone() {
	if cap(o.records) > keptOutputs {
		*o = outputs{}
		return
	}
	clear(o.records[:cap(o.records)]) // also behind what drop left
	o.records, o.owners = o.records[:0], o.owners[:0]
}

// keptOutputs is for a batch of which each record leads to some.
const keptOutputs = 8 * batch

// empty tells that nothing is left to write.
func (s *outputSet) empty() bool {
	for p := range s.phases {
		if len(s.phases[p].records) > 0 {
			return false
		}
	}
	return true
}

// drop takes out what an input led to, where it was not written yet.
func (s *outputSet) drop(owner int) {
	for p := range s.phases {
		all, kept := &s.phases[p], 0
		for i, o := range all.owners {
			if o != owner {
				all.records[kept], all.owners[kept] = all.records[i], o
				kept++
			}
		}
		all.records, all.owners = all.records[:kept], all.owners[:kept]
	}
}

// strip leaves the body out of the letter about an input.
func (s *outputSet) strip(owner int) {
	letters := &s.phases[results]
	for i, o := range letters.owners {
		if o == owner {
			letters.records[i] = withoutBody(letters.records[i])
		}
	}
}

// byOwner gives the outputs of each input, in the order of the phases.
func (s *outputSet) byOwner() [][]pipeline.Record {
	counts, total := make([]int, s.inputs), 0
	for p := range s.phases {
		total += len(s.phases[p].owners)
		for _, o := range s.phases[p].owners {
			counts[o]++
		}
	}
	all, room := make([][]pipeline.Record, s.inputs), make([]pipeline.Record, total)
	for o, n := range counts {
		all[o], room = room[:0:n], room[n:]
	}
	for p := range s.phases {
		for i, o := range s.phases[p].owners {
			all[o] = append(all[o], s.phases[p].records[i])
		}
	}
	return all
}

// writer turns events into records of the segment's topics.
type writer struct {
	pipeline string
	to       string // the topic after this segment, "" at the end of the chain
	topics   topics
	scrub    *scrub
	clock    pipeline.Clock
}

// write adds the records of one input's result to the set.
func (w writer) write(set *outputSet, owner int, r *result) error {
	for _, ev := range r.events {
		w.beside(set, owner, ev)
		topic, main, err := w.main(ev)
		if err != nil {
			set.drop(owner)
			return err
		}
		set.add(owner, results, topic, main)
	}
	for _, e := range r.ended {
		w.beside(set, owner, e.event)
		if e.ending != pipeline.Settled {
			set.add(owner, results, w.topics.name(pipeline.Outcomes, e.event.Source), w.outcome(e))
		}
	}
	return nil
}

// beside adds what stages attached to an event.
func (w writer) beside(set *outputSet, owner int, ev *pipeline.Event) {
	for i := range ev.Side {
		o := ev.Side[i].Output
		set.add(owner, phase(o), w.topics.name(o, ev.Source), ev.Side[i].Record)
	}
}

// main is the event itself: for the next segment, or, at the end of the chain,
// for readers.
func (w writer) main(ev *pipeline.Event) (string, pipeline.Record, error) {
	if w.to != "" {
		r, err := encode(ev, w.scrub)
		return forSource(w.to, ev.Source), r, err
	}
	if ev.Booking == nil {
		return "", pipeline.Record{}, fmt.Errorf("the chain ends without a booking event for %s", ev.ID)
	}
	if ev.Public != nil {
		return w.topics.name(pipeline.Events, ev.Source), *ev.Public, nil
	}
	value, err := booking.Encode(*ev.Booking)
	if err != nil {
		return "", pipeline.Record{}, fmt.Errorf("write the booking event %s: %w", ev.Booking.ID, err)
	}
	r := pipeline.Record{Key: []byte(ev.Key), Value: value, Headers: pipeline.BookingHeaders(*ev)}
	return w.topics.name(pipeline.Events, ev.Source), r, nil
}

// outcome says what became of a record that leaves no other (invariant 3).
func (w writer) outcome(e ended) pipeline.Record {
	h := pipeline.NewHeaders(9)
	h.Add("outcome", string(e.ending))
	h.Add("pipeline", w.pipeline)
	h.Add("stage", e.stage)
	h.Add(headerSource, e.event.Source)
	h.Add(headerDelivery, e.event.ID)
	h.Add(headerRaw, e.event.Raw.String())
	h.AddTime(headerReceived, e.event.ReceivedAt)
	h.AddTime("at", w.clock.Now())
	h.Add(headerTrace, e.event.TraceParent)
	return pipeline.Record{Key: []byte(e.event.Key), Headers: h.All(), Value: []byte{}}
}
