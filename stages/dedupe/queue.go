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
	next  *state // nil until it is judged
	pack  []byte // next's memory, as it stands in the record's header
	// void tells that an event before it failed: nothing is built on it.
	void    bool
	settled bool
	ok      bool
	first   bool // of its booking
}

// newest gives the state that the next event is judged by, nil where only the
// settled one stands.
func (q *queue) newest() *reserved {
	for i := len(q.events) - 1; i >= 0; i-- {
		if e := q.events[i]; !e.void && e.next != nil {
			return e
		}
	}
	return nil
}

// begin puts an event in its booking's queue, and gives its place and the
// state it is judged by: nil where that is the settled one.
func (p *partition) begin(ctx context.Context, bookingID string, in pipeline.Position) (mine, before *reserved, err error) {
	for {
		p.mu.Lock()
		q := p.queues[bookingID]
		if q == nil || q.mending == nil {
			break
		}
		mending := q.mending
		p.mu.Unlock()
		select {
		case <-mending:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
	defer p.mu.Unlock()
	q := p.queues[bookingID]
	if q == nil {
		q = &queue{}
		p.queues[bookingID] = q
	} else {
		before = q.newest()
	}
	mine = &reserved{input: in}
	q.events = append(q.events, mine)
	return mine, before, p.broken
}

// leave takes an event out that ended without a state.
func (p *partition) leave(bookingID string, mine *reserved) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.queues[bookingID]
	for i, e := range q.events {
		if e == mine {
			q.events = append(q.events[:i], q.events[i+1:]...)
			break
		}
	}
	p.drop(bookingID, q)
}

// reserve keeps the state after an event until it is settled.
func (p *partition) reserve(mine *reserved, next *state, pack []byte, first bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	mine.next, mine.pack, mine.first = next, pack, first
}

// drop forgets an empty queue.
func (p *partition) drop(bookingID string, q *queue) {
	if len(q.events) == 0 && q.mending == nil {
		delete(p.queues, bookingID)
	}
}

// settle applies what was acknowledged, in order, and forgets what was not
// together with what was built on it (invariant 4).
//
// An event that was built on a failed one and is acknowledged all the same is
// applied too: its state is on bookings.current, and the local state never
// differs from what a restore would give.
func (p *partition) settle(bookingID string, in pipeline.Position, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.queues[bookingID]
	if q == nil {
		return
	}
	q.mark(in, ok)
	done := 0
	var last *reserved
	for _, e := range q.events {
		if !e.settled {
			break
		}
		if done++; e.ok {
			e.first = e.first || last != nil && last.first
			last = e
		}
	}
	q.events = append(q.events[:0], q.events[done:]...)
	p.drop(bookingID, q)
	if last != nil {
		p.keep(bookingID, last)
	}
}

// mark notes the outcome of the oldest unsettled event of a record.
func (q *queue) mark(in pipeline.Position, ok bool) {
	for i, e := range q.events {
		if e.input != in || e.settled || e.next == nil {
			continue
		}
		e.settled, e.ok = true, ok
		if ok {
			return
		}
		for _, later := range q.events[i+1:] {
			later.void = true
		}
		e.void = true
		return
	}
}
