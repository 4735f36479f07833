package dedupe

import (
	"context"
	"fmt"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// Process judges the event against the booking's latest state: that of the
// event before it, though its outputs may not be acknowledged yet. Process is
// never called at once for two events of one booking.
func (s *stage) Process(ctx context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
	p := s.partition(ev.Input)
	if p == nil {
		return nil, fmt.Errorf("dedupe %s: the claim on its partition is gone: %w", ev.Input, context.Canceled)
	}
	mine, before, err := p.begin(ctx, ev.Key, ev.Input)
	if mine == nil {
		return nil, err
	}
	if err == nil {
		var out pipeline.Event
		if out, err = s.judged(p, ev, mine, before); err == nil {
			return []pipeline.Event{out}, nil
		}
	}
	p.leave(ev.Key, mine)
	return nil, err
}

// judged takes an event that has its place in the queue as far as its reserved
// state.
func (s *stage) judged(p *partition, ev pipeline.Event, mine, before *reserved) (pipeline.Event, error) {
	news := ev.Booking.Type == booking.Created || ev.Booking.Type == booking.Confirmed
	known, err := p.latest(ev.Key, before, news)
	if err != nil {
		return pipeline.Event{}, fmt.Errorf("dedupe %s: the state of %s: %w", ev.Input, ev.Key, err)
	}
	again := before == nil || before.input != ev.Input // else it is another event of the same record
	if ending, over := known.judge(ev, again, s.window); over {
		return pipeline.Event{}, pipeline.Done(ending)
	}
	known, err = p.blobs.whole(known)
	if err != nil {
		return pipeline.Event{}, fmt.Errorf("dedupe %s: the state of %s: %w", ev.Input, ev.Key, trouble(err))
	}
	published, next := known.merge(ev, s.window)
	record, pack, err := next.record(ev, published)
	if err != nil {
		return pipeline.Event{}, fmt.Errorf("dedupe %s: write the state of %s: %w", ev.Input, ev.Key, err)
	}
	p.reserve(mine, next, pack, !known.known)
	ev.Refunds = known.memory.Refunds
	ev.Booking = published
	return ev.Attach(pipeline.Current, record), nil
}

// Settle keeps the state once it is on bookings.current, and forgets it where
// the outputs were not acknowledged (invariant 4).
func (s *stage) Settle(ev pipeline.Event, ok bool) {
	if p := s.partition(ev.Input); p != nil {
		p.settle(ev.Key, ev.Input, ok)
	}
}

// judge says whether the event adds nothing; again is whether a record that
// the state has seen is one that was read twice.
func (k *state) judge(ev pipeline.Event, again bool, window windowLength) (pipeline.Ending, bool) {
	switch {
	case !k.known:
		return "", false
	case again && k.memory.Input.covers(ev.Input):
		return pipeline.Settled, true
	case k.seen(ev, window):
		return pipeline.Duplicate, true
	}
	return "", false
}

// seen is the contract's duplicate: an event id of the window, or, where the
// provider has none, content equal to the latest of the same resource. So A, B,
// A keeps all three.
func (k *state) seen(ev pipeline.Event, window windowLength) bool {
	if ev.Booking.Origin.EventID != "" {
		return k.memory.IDs.has(ev.Booking.ID, ev.ReceivedAt.Add(-window))
	}
	return k.memory.Contents.of(resource(ev.Booking)) == ev.Booking.Origin.Content
}

// merge gives the event as it is published and the state after it.
func (k *state) merge(ev pipeline.Event, window windowLength) (*booking.Event, *state) {
	published := *ev.Booking
	latest := booking.Event{}
	if k.known {
		latest = *k.event
		published.Stale = k.newerThan(ev.Booking)
	}
	if k.known && published.Origin.Thin {
		published = booking.Inherit(published, latest)
	}
	if published.Stale {
		latest = booking.MergeStale(latest, published)
	} else {
		latest = booking.MergeNewer(latest, published)
	}
	next := &state{known: true, event: &latest, memory: k.memory.after(ev, &published, window)}
	next.memory.Ends = endOf(&latest)
	if !published.Stale && !payment(&published) {
		next.memory.Version = next.memory.Version.or(versionOf(ev.Booking))
	}
	return &published, next
}

// record gives the state as it stands on bookings.current, with its memory as
// that record's header has it.
func (k *state) record(ev pipeline.Event, published *booking.Event) (pipeline.Record, []byte, error) {
	// What a restore would not find must not be in the state either.
	k.event.ID, k.event.Type, k.event.Time, k.event.Origin = "", "", booking.Event{}.Time, booking.Origin{}
	k.event.Tidy()
	value, err := booking.Encode(*k.event)
	if err != nil {
		return pipeline.Record{}, nil, err
	}
	pack := k.memory.pack(make([]byte, 0, 512))
	ev.Booking = published
	headers := append(pipeline.BookingHeaders(ev), pipeline.Header{Key: MemoryHeader, Value: pack})
	r := pipeline.Record{Key: []byte(ev.Key), Value: value, Headers: headers}
	k.about = aboutOf(r)
	return r, pack, nil
}
