package dedupe

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// partition holds the states of one input partition, as they stand on
// bookings.current: encoded, because most are never looked at again.
type partition struct {
	mu       sync.Mutex
	stored   map[string]pipeline.Record
	reserved map[string]pipeline.Record
}

// Assigned restores the partition's states before its first record.
func (s *stage) Assigned(ctx context.Context, id pipeline.Partition, reader pipeline.StateReader) error {
	p := &partition{stored: map[string]pipeline.Record{}, reserved: map[string]pipeline.Record{}}
	r := restorer{into: p, id: id, end: reader.End(), now: s.clock.Now(), window: s.window, behind: map[string]bool{}, expired: map[string]bool{}}
	if err := reader.Each(ctx, 0, r.take); err != nil {
		return fmt.Errorf("restore the state of %s: %w", id, err)
	}
	if err := r.writeBack(ctx, reader); err != nil {
		return fmt.Errorf("write back the state of %s: %w", id, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.partitions[id] = p
	return nil
}

// Revoked forgets the partition's states: another member has them now.
func (s *stage) Revoked(id pipeline.Partition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.partitions, id)
}

func (p *partition) latest(bookingID string) (state, error) {
	p.mu.Lock()
	r, ok := p.stored[bookingID]
	p.mu.Unlock()
	if !ok {
		return state{}, nil
	}
	return decode(r)
}

func (p *partition) reserve(bookingID string, r pipeline.Record) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, twice := p.reserved[bookingID]; twice {
		return fmt.Errorf("dedupe %s: another event of the booking is under way", bookingID)
	}
	p.reserved[bookingID] = r
	return nil
}

func (p *partition) settle(bookingID string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, reserved := p.reserved[bookingID]
	delete(p.reserved, bookingID)
	if ok && reserved {
		p.stored[bookingID] = r
	}
}

// restorer reads a partition of bookings.current.
type restorer struct {
	into *partition
	id   pipeline.Partition
	end  int64 // next offset of the input partition
	now  time.Time

	window windowLength
	// behind are the bookings whose newest state is not the last one written:
	// a member that had lost its claim overwrote it (invariant 6).
	behind map[string]bool
	// expired are the bookings whose state has outlived its use; a tombstone
	// lets compaction drop them.
	expired map[string]bool
}

func (r *restorer) take(rec pipeline.Record) error {
	key := string(rec.Key)
	if _, ours := rec.Header(MemoryHeader); !ours {
		r.forget(key, rec.Value == nil)
		return nil
	}
	read, err := decode(rec)
	if err != nil {
		return err
	}
	if read.expired(r.now, r.window) {
		r.forget(key, true)
		r.expired[key] = true
		return nil
	}
	delete(r.expired, key)
	if r.overwritten(key, read.memory.Input) {
		r.behind[key] = true
		return nil
	}
	delete(r.behind, key)
	return r.keep(key, rec, read)
}

// forget drops a booking at its tombstone. A record that no dedupe stage wrote
// is no state and changes none.
func (r *restorer) forget(key string, tombstone bool) {
	if !tombstone {
		return
	}
	delete(r.into.stored, key)
	delete(r.behind, key)
	delete(r.expired, key)
}

// overwritten tells that the state known so far saw a later record of this
// very partition.
func (r *restorer) overwritten(key string, in seenUpTo) bool {
	prior, ok := r.into.stored[key]
	if !ok {
		return false
	}
	known, err := decode(prior)
	return err == nil && known.memory.Input != in && known.memory.Input.covers(in.Position)
}

// keep stores the state. One that claims to have seen more than its input
// holds was written for a topic that was deleted and made again: what it knows
// of the booking still holds, its position does not.
func (r *restorer) keep(key string, rec pipeline.Record, read state) error {
	in := read.memory.Input
	if in.Topic == r.id.Topic && in.Partition == r.id.ID && in.Offset >= r.end {
		read.memory.Input = seenUpTo{}
		again, err := read.restamped(rec)
		if err != nil {
			return err
		}
		rec = again
	}
	r.into.stored[key] = pipeline.Record{Key: rec.Key, Value: rec.Value, Headers: rec.Headers}
	return nil
}

func (r *restorer) writeBack(ctx context.Context, reader pipeline.StateReader) error {
	for key := range r.behind {
		if err := reader.Restore(ctx, r.into.stored[key]); err != nil {
			return err
		}
	}
	for key := range r.expired {
		if err := reader.Restore(ctx, pipeline.Record{Key: []byte(key)}); err != nil {
			return err
		}
	}
	return nil
}

// afterService is how long a state lives on after its booking is over.
const afterService = 400 * day

// expired tells a booking that is long over, and of which nothing was heard
// within the window: until then a repeat must still find its id.
func (k state) expired(now time.Time, window windowLength) bool {
	s := k.event.Booking.Service
	if s == nil || s.EndsAt == nil || now.Before(s.EndsAt.Add(afterService)) {
		return false
	}
	return !k.memory.IDs.since(now.Add(-window))
}
