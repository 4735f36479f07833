package dedupe

import (
	"context"

	"github.com/reservoirhq/reservoir/pipeline"
)

// queue is one booking's events under way, oldest first: each is judged by the
// state that the one before it would leave, though none of them may be
// acknowledged yet.
type queue struct {
	events []*reserved
	// mending is closed when the background no longer writes this booking to
	// the topic; until then no event of it may begin, or what is written back
	// could overwrite what the event wrote (invariant 6).
	mending chan struct{}
}

// reserved is one event under way, and the state after it.
type reserved struct {
	input pipeline.Position
	next  kept // empty until the event is judged
	// value is that of its state's record, by which its outcome is known: the
	// input would not do, an earlier claim may have taken the same one.
	value []byte
	// void tells that an event before it failed: nothing is built on it.
	void    bool
	settled bool
	ok      bool
	first   bool // of its booking
	// at is the state's record on its topic, where placed.
	at     pipeline.Record
	placed bool
}

// newest gives the state that the next event is judged by, nil where only the
// settled one stands.
func (q *queue) newest() *reserved {
	for i := len(q.events) - 1; i >= 0; i-- {
		if e := q.events[i]; !e.void && e.next.blob != "" {
			return e
		}
	}
	return nil
}

// basis is what an event is judged by.
type basis struct {
	state kept
	// reserved tells that the state is that of an event before it, which came
	// from input.
	reserved bool
	input    pipeline.Position
	// found tells that it is the settled one, and was in memory, as is that there
	// is none where the disk holds nothing else.
	found bool
}

// begin puts an event in its booking's queue, and gives its place and what it is
// judged by.
func (p *partition) begin(ctx context.Context, bookingID string, in pipeline.Position) (*reserved, basis, error) {
	p.mu.Lock()
	q := p.queues[bookingID]
	for q != nil && q.mending != nil {
		mending := q.mending
		p.mu.Unlock()
		select {
		case <-mending:
		case <-ctx.Done():
			return nil, basis{}, ctx.Err()
		}
		p.mu.Lock()
		q = p.queues[bookingID]
	}
	defer p.mu.Unlock()
	var b basis
	if q == nil {
		q = p.spares.queue()
		p.queues[bookingID] = q
	}
	if before := q.newest(); before != nil {
		b.state, b.reserved, b.input = before.next, true, before.input
	} else {
		b.state.blob, b.found = p.hot.find(bookingID)
		b.found = b.found || !p.hot.partial
	}
	mine := p.spares.reserved()
	mine.input = in
	q.events = append(q.events, mine)
	return mine, b, p.broken
}

// leave takes an event out that ended without a state.
func (p *partition) leave(bookingID string, mine *reserved) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.queues[bookingID]
	for i, e := range q.events {
		if e == mine {
			q.events = append(q.events[:i], q.events[i+1:]...)
			p.spares.give(mine)
			break
		}
	}
	p.drop(bookingID, q)
}

// reserve keeps the state after an event until it is settled.
func (p *partition) reserve(mine *reserved, out *pipeline.Event, next kept, first bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	mine.next, mine.value, mine.first = next, stateOfEvent(out).Value, first
}

// drop forgets an empty queue.
func (p *partition) drop(bookingID string, q *queue) {
	if len(q.events) == 0 && q.mending == nil {
		delete(p.queues, bookingID)
		p.spares.giveQueue(q)
	}
}

// settle applies what was acknowledged, in order, and forgets what was not
// together with what was built on it (invariant 4).
//
// An event that was built on a failed one and is acknowledged all the same is
// applied too: its state is on bookings.current, and the local state never
// differs from what a restore would give.
//
// It tells how much waits to be written.
func (p *partition) settle(ev *pipeline.Event, ok bool) load {
	p.mu.Lock()
	defer p.mu.Unlock()
	bookingID := ev.Key
	q := p.queues[bookingID]
	if q == nil {
		return little
	}
	q.mark(ev, ok)
	done := 0
	var last *reserved
	for _, e := range q.events {
		if !e.settled {
			break
		}
		if done++; e.ok {
			e.first = e.first || last != nil && last.first
			last = e
			if e.placed {
				p.own.add(e.at) // it or a later state of its booking is kept
			}
		}
	}
	if last != nil {
		p.keep(bookingID, last)
	}
	for _, e := range q.events[:done] {
		p.spares.give(e)
	}
	q.events = append(q.events[:0], q.events[done:]...)
	p.drop(bookingID, q)
	return p.load()
}

// mark notes the outcome of an event. One of an earlier claim is not here: a
// handler that outlived it must not speak for the same record of this claim.
func (q *queue) mark(ev *pipeline.Event, ok bool) {
	value := stateOfEvent(ev).Value
	for i, e := range q.events {
		if !same(e.value, value) || e.settled {
			continue
		}
		e.settled, e.ok = true, ok
		if ok {
			e.at, e.placed = placed(ev)
			return
		}
		for _, later := range q.events[i+1:] {
			later.void = true
		}
		e.void = true
		return
	}
}

// same tells the very bytes of a value from equal ones.
func same(a, b []byte) bool {
	return len(a) == len(b) && len(a) > 0 && &a[0] == &b[0]
}

// spares are queues and places in them that ended, to be used again. There are
// never more than events were under way at once, and no more than maxSpares are
// kept.
type spares struct {
	queues []*queue
	places []*reserved
}

const maxSpares = 1024

func (s *spares) queue() *queue {
	n := len(s.queues) - 1
	if n < 0 {
		return &queue{}
	}
	q := s.queues[n]
	s.queues = s.queues[:n]
	return q
}

func (s *spares) giveQueue(q *queue) {
	if len(s.queues) < maxSpares {
		s.queues = append(s.queues, q)
	}
}

func (s *spares) reserved() *reserved {
	n := len(s.places) - 1
	if n < 0 {
		return &reserved{}
	}
	e := s.places[n]
	s.places = s.places[:n]
	return e
}

// give takes a place that nobody holds any more.
func (s *spares) give(e *reserved) {
	if len(s.places) < maxSpares {
		*e = reserved{}
		s.places = append(s.places, e)
	}
}
