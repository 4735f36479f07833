package dedupe

import (
	"context"
	"fmt"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// Process judges the event against the booking's latest state. Events of one
// booking come one at a time, so nothing here races with itself.
func (s *stage) Process(_ context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
	p := s.partition(ev.Input)
	if p == nil {
		return nil, fmt.Errorf("dedupe %s: the claim on its partition is gone: %w", ev.Input, context.Canceled)
	}
	known, err := p.latest(ev.Key)
	if err != nil {
		return nil, err
	}
	if ending, over := known.judge(ev, s.window); over {
		return nil, pipeline.Done(ending)
	}
	published, next := known.merge(ev, s.window)
	record, err := next.record(ev, published)
	if err != nil {
		return nil, fmt.Errorf("dedupe %s: write the state of %s: %w", ev.Input, ev.Key, err)
	}
	if err := p.reserve(ev.Key, record); err != nil {
		return nil, err
	}
	ev.Refunds = known.memory.Refunds
	ev.Booking = &published
	return []pipeline.Event{ev.Attach(pipeline.Current, record)}, nil
}

// Settle keeps the state once it is on bookings.current, and forgets it where
// the outputs were not acknowledged (invariant 4).
func (s *stage) Settle(ev pipeline.Event, ok bool) {
	if p := s.partition(ev.Input); p != nil {
		p.settle(ev.Key, ok)
	}
}

// judge says whether the event adds nothing.
func (k state) judge(ev pipeline.Event, window windowLength) (pipeline.Ending, bool) {
	switch {
	case !k.known:
		return "", false
	case k.memory.Input.covers(ev.Input):
		return pipeline.Settled, true
	case k.seen(ev, window):
		return pipeline.Duplicate, true
	}
	return "", false
}

// seen is the contract's duplicate: an event id of the window, or, where the
// provider has none, content equal to the latest of the same resource. So A, B,
// A keeps all three.
func (k state) seen(ev pipeline.Event, window windowLength) bool {
	if ev.Booking.Origin.EventID != "" {
		return k.memory.IDs.has(ev.Booking.ID, ev.ReceivedAt.Add(-window))
	}
	return k.memory.Contents[resource(ev.Booking)] == ev.Booking.Origin.Content
}

// merge gives the event as it is published and the state after it.
func (k state) merge(ev pipeline.Event, window windowLength) (booking.Event, state) {
	published := *ev.Booking
	if k.known {
		published.Stale = k.newerThan(ev.Booking)
	}
	if k.known && published.Origin.Thin {
		published = booking.Inherit(published, k.event)
	}
	latest := booking.MergeNewer(k.event, published)
	if published.Stale {
		latest = booking.MergeStale(k.event, published)
	}
	next := state{known: true, event: latest, memory: k.memory.after(ev, published, window)}
	if !published.Stale && !payment(&published) {
		next.memory.Version = next.memory.Version.or(versionOf(ev.Booking))
	}
	return published, next
}
