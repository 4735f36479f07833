package dedupe

import (
	"context"
	"fmt"
	"time"

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
	mine, by, err := p.begin(ctx, ev.Key, ev.Input)
	if mine == nil {
		return nil, err
	}
	if err == nil {
		var out []pipeline.Event
		if out, err = s.judged(p, ev, mine, &by); err == nil {
			return out, nil
		}
	}
	p.leave(ev.Key, mine)
	if pipeline.IsTrouble(err) {
		p.heal()
	}
	return nil, err
}

// judged takes an event that has its place in the queue as far as its reserved
// state.
func (s *stage) judged(p *partition, ev pipeline.Event, mine *reserved, by *basis) ([]pipeline.Event, error) {
	news := ev.Booking.Type == booking.Created || ev.Booking.Type == booking.Confirmed
	known, err := p.latest(ev.Key, by, news)
	if err != nil {
		return nil, fmt.Errorf("dedupe %s: the state of %s: %w", ev.Input, ev.Key, trouble(err))
	}
	again := !by.reserved || by.input != ev.Input // else it is another event of the same record
	if err := known.judge(&ev, again, s.window); err != nil {
		return nil, err
	}
	var before *booking.Event
	if known.known {
		if before, err = known.whole(); err != nil {
			return nil, fmt.Errorf("dedupe %s: the state of %s: %w", ev.Input, ev.Key, trouble(err))
		}
	}
	published, latest := known.merge(before, ev.Booking)
	record, next, err := s.after(&known, &ev, published, latest)
	if err != nil {
		return nil, fmt.Errorf("dedupe %s: write the state of %s: %w", ev.Input, ev.Key, err)
	}
	p.reserve(mine, next, !known.known)
	ev.Refunds = known.memory.refunds.all()
	return []pipeline.Event{ev.Attach(pipeline.Current, record)}, nil
}

// Settle keeps the state once it is on bookings.current, and forgets it where
// the outputs were not acknowledged (invariant 4).
func (s *stage) Settle(ev pipeline.Event, ok bool) {
	if p := s.partition(ev.Input); p != nil {
		p.relieve(p.settle(&ev, ok))
	}
}

// judge gives an ending where the event adds nothing; again is whether a record
// that the state has seen is one that was read twice.
func (k *state) judge(ev *pipeline.Event, again bool, window windowLength) error {
	switch {
	case !k.known:
		return nil
	case again && k.memory.Input.covers(ev.Input):
		return pipeline.Done(pipeline.Settled)
	case k.seen(ev, window):
		return pipeline.Done(pipeline.Duplicate)
	}
	return nil
}

// seen is the contract's duplicate: an event id of the window, or, where the
// provider has none, content equal to the latest of the same resource. So A, B,
// A keeps all three.
func (k *state) seen(ev *pipeline.Event, window windowLength) bool {
	if ev.Booking.Origin.EventID != "" {
		return k.memory.ids.has(ev.Booking.ID, ev.ReceivedAt.Add(-window))
	}
	return k.memory.contents.of(resource(ev.Booking)) == ev.Booking.Origin.Content
}

// merge gives the event as it is published and the booking's latest state after
// it; before is the one it is judged by, nil where nothing is known.
func (k *state) merge(before, said *booking.Event) (published, latest *booking.Event) {
	var merged booking.Event
	public := *said
	if before == nil {
		before = &booking.Event{}
	} else if public.Stale = k.newerThan(said); public.Origin.Thin {
		public = booking.Inherit(public, *before)
	}
	if public.Stale {
		merged = booking.MergeStale(*before, public)
	} else {
		merged = booking.MergeNewer(*before, public)
	}
	// What a restore would not find must not be in the state either.
	merged.ID, merged.Type, merged.Time, merged.Origin = "", "", time.Time{}, booking.Origin{}
	merged.Tidy()
	return &public, &merged
}

// after gives the state after an event, which becomes the published one, and the
// state's record for bookings.current.
func (s *stage) after(k *state, ev *pipeline.Event, published, latest *booking.Event) (pipeline.Record, kept, error) {
	value, err := booking.Encode(*latest)
	if err != nil {
		return pipeline.Record{}, kept{}, err
	}
	head := k.head(ev, published, latest)
	ev.Booking = published
	n := len(ev.Key)
	texts := append(make([]byte, 0, n+k.memory.size()+memorySize), ev.Key...)
	packed := k.memory.after(texts[n:], &head, published, ev.ReceivedAt, s.window)
	headers := append(pipeline.BookingHeaders(*ev), pipeline.Header{Key: MemoryHeader, Value: packed})
	record := pipeline.Record{Key: texts[:n:n], Value: value, Headers: headers}
	if booking.SamePublic(published, latest) {
		// A whole and newest snapshot is its booking's state: written once.
		own := len(headers) - 1
		ev.Public = &pipeline.Record{Key: record.Key, Value: value, Headers: headers[:own:own]}
	}
	buffer := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buffer)
	*buffer = appendEvent(append(appendFront((*buffer)[:0], packed, &record), formLocal), latest)
	return record, kept{blob: string(*buffer), event: latest}, nil
}
