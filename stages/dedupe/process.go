package dedupe

import (
	"bytes"
	"context"
	"fmt"
	"slices"
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
	// A handler that outlived its claim would meet the next one's partition, and
	// make its own record pass for one that was read twice (invariant 5).
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("dedupe %s: the claim on its partition is over: %w", ev.Input, err)
	}
	if ev.Booking == nil {
		return nil, pipeline.Rejectf(pipeline.Unreadable, "the record at %s holds no booking", ev.Input)
	}
	out, err := s.inTurn(ctx, p, ev)
	if pipeline.IsTrouble(err) {
		p.heal()
	}
	return out, err
}

// inTurn judges the event at its place in its booking's queue.
func (s *stage) inTurn(ctx context.Context, p *partition, ev pipeline.Event) (out []pipeline.Event, err error) {
	mine, by, err := p.begin(ctx, ev.Key, ev.Input)
	if mine == nil {
		return nil, err
	}
	// A place that a panic left behind would keep every later state from being
	// settled.
	defer func() {
		if out == nil {
			p.leave(ev.Key, mine)
		}
	}()
	if err != nil {
		return nil, err
	}
	return s.judged(p, ev, mine, &by)
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
	out, next, err := s.merged(&known, &ev)
	if err != nil {
		return nil, fmt.Errorf("dedupe %s: the state of %s: %w", ev.Input, ev.Key, trouble(err))
	}
	p.reserve(mine, &out[0], next, !known.known)
	return out, nil
}

// merged gives the event as it goes on, and the booking's state after it.
func (s *stage) merged(k *state, ev *pipeline.Event) ([]pipeline.Event, kept, error) {
	var before *booking.Event
	if k.known {
		room := s.rooms.Get().(*held)
		var err error
		if before, err = k.wholeIn(room); err != nil {
			return nil, kept{}, err
		}
		// What an event inherits goes on with it.
		if !ev.Booking.Origin.Thin {
			defer func() { *room = held{}; s.rooms.Put(room) }()
		}
	}
	var latest booking.Event
	published := k.merge(before, ev.Booking, &latest)
	out, next := s.after(k, ev, published, &latest)
	return out, next, nil
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

// merge gives the event as it is published, and in latest the booking's state
// after it; before is the one it is judged by, nil where nothing is known.
func (k *state) merge(before, said, latest *booking.Event) *booking.Event {
	published := said
	switch {
	case before == nil:
		before = &booking.Event{}
	case said.Origin.Thin:
		public := *said
		public.Stale = k.newerThan(said)
		public = booking.Inherit(public, *before)
		published = &public
	case said.Stale != k.newerThan(said):
		public := *said
		public.Stale = !said.Stale
		published = &public
	}
	if published.Stale {
		*latest = booking.MergeStale(*before, *published)
	} else {
		*latest = booking.MergeNewer(*before, *published)
	}
	// What a restore would not find must not be in the state either.
	latest.ID, latest.Type, latest.Time, latest.Origin = "", "", time.Time{}, booking.Origin{}
	latest.Tidy()
	return published
}

// goingOn is an event that goes on and what is written with it, made in one piece.
type goingOn struct {
	event  [1]pipeline.Event
	side   [1]pipeline.Side
	public pipeline.Record
}

// after gives the event that goes on, with its own record and that of its
// booking's state, and the state as it is kept.
func (s *stage) after(k *state, ev *pipeline.Event, published, latest *booking.Event) ([]pipeline.Event, kept) {
	buffer := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buffer)
	out := &goingOn{event: [1]pipeline.Event{*ev}}
	next := &out.event[0]
	next.Booking, next.Public, next.Refunds = published, &out.public, k.memory.refunds.all()
	key, packed := k.texts(ev, published, latest, s.window)
	headers := append(pipeline.BookingHeaders(*next), pipeline.Header{Key: pipeline.StateHeader, Value: packed})
	own := len(headers) - 1
	public, value := values(buffer, published, latest)
	out.public = pipeline.Record{Key: key, Value: public, Headers: headers[:own:own]}
	record := pipeline.Record{Key: key, Value: value, Headers: headers}
	out.side[0] = pipeline.Side{Output: pipeline.Current, Record: record}
	if next.Side = out.side[:]; len(ev.Side) > 0 {
		next.Side = slices.Concat(ev.Side, next.Side)
	}
	*buffer = appendEvent(append(appendFront((*buffer)[:0], packed, &record), formLocal), latest)
	return out.event[:], kept{blob: string(*buffer)}
}

// texts gives the key of the records and the packed memory after an event.
func (k *state) texts(ev *pipeline.Event, published, latest *booking.Event, window windowLength) (key, packed []byte) {
	head := k.head(ev, published, latest)
	n := len(ev.Key)
	texts := append(make([]byte, 0, n+k.memory.size()+memorySize), ev.Key...)
	return texts[:n:n], k.memory.after(texts[n:], &head, published, ev.ReceivedAt, window)
}

// values gives the public forms of the event and of the state, which are one
// where a whole and newest snapshot is its booking's state.
func values(buffer *[]byte, published, latest *booking.Event) (public, value []byte) {
	both, second := booking.AppendForms((*buffer)[:0], latest, published)
	*buffer = both
	both = bytes.Clone(both)
	if second == 0 {
		return both, both
	}
	return both[second:], both[:second:second]
}
