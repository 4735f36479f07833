package dedupe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// errAnew is given by a tail that shows that one of the topics is not the one
// that the checkpoint was written for.
var errAnew = errors.New("a topic was made anew")

// restore brings the local state up to the end of its topic: by the tail from
// the checkpoint on where that holds, else whole.
func (s *stage) restore(ctx context.Context, p *partition) error {
	began, from := s.clock.Now(), checkpoint{}
	end, err := p.reader.StateEnd(ctx)
	if err != nil {
		return fmt.Errorf("ask for the end of the state: %w", err)
	}
	point, ok, err := p.store.checkpoint(p.id)
	if err != nil && !errors.Is(err, errCut) {
		return err
	}
	if ok && point.fits(end, p.reader, began) {
		from = point
	}
	n, err := s.restoreFrom(ctx, p, from, end)
	if errors.Is(err, errAnew) {
		from = checkpoint{}
		n, err = s.restoreFrom(ctx, p, from, end)
	}
	if err != nil {
		return err
	}
	s.restored(p.id, from.next > 0, n, s.clock.Now().Sub(began))
	return nil
}

// restoreFrom restores from a checkpoint on; the zero one is the whole state.
func (s *stage) restoreFrom(ctx context.Context, p *partition, from checkpoint, end int64) (int64, error) {
	r := &restorer{
		into: p, from: from, end: p.reader.End(), again: func() (int64, error) { return p.reader.InputEnd(ctx) }, now: s.clock.Now(), window: s.window,
		behind: map[string]bool{}, expired: map[string]seenUpTo{}, inputs: from.inputs, states: from.states,
	}
	first := from.next
	switch {
	case from.next == 0:
		if err := p.empty(s.clock.Now()); err != nil {
			return 0, err
		}
	case from.last.topic != "":
		first = from.last.offset // the anchor is looked at again
	}
	if err := p.reader.Each(ctx, first, r.take); err != nil {
		return 0, err
	}
	if err := r.writeBack(ctx); err != nil {
		return 0, fmt.Errorf("write back: %w", err)
	}
	p.inputs, p.states = r.inputs, r.states
	p.point = checkpoint{next: end, at: r.now, partitions: p.reader.Partitions(), inputs: r.inputs, states: r.states, last: from.last}
	if r.read > 0 {
		p.point.next, p.point.last = max(end, r.last.Offset+1), anchorOf(r.last)
	}
	return r.read, p.setCheckpoint()
}

// setCheckpoint writes the checkpoint behind all that it promises: every state
// that was kept so far. It needs no sync: what a crash leaves is always everything
// up to some write (see store).
func (p *partition) setCheckpoint() error {
	if err := p.write(); err != nil {
		return err
	}
	return p.store.setCheckpoint(p.id, p.point)
}

// empty empties the partition. Until it is whole its checkpoint says that
// nothing is there.
func (p *partition) empty(now time.Time) error {
	if err := p.store.setCheckpoint(p.id, checkpoint{at: now}); err != nil {
		return err
	}
	p.mu.Lock()
	p.hot = newHot()
	p.mu.Unlock()
	return p.store.wipe(p.prefix)
}

// restorer folds records of bookings.current into the local state. Records are
// folded in again without harm: of two that saw the same input partition the
// later one in that partition wins, and between others the later on the topic.
type restorer struct {
	into   *partition
	from   checkpoint
	end    int64 // next offset of the input partition, as far as is known
	again  func() (int64, error)
	now    time.Time
	window windowLength
	// behind are the bookings whose newest state is not the last one on the
	// topic: a member that had lost its claim overwrote it (invariant 6).
	behind map[string]bool
	// expired are the bookings whose state has outlived its use, by what that saw
	// last; a tombstone lets compaction drop them.
	expired map[string]seenUpTo

	read, inputs, states int64
	last                 pipeline.Record
	buffer               []byte
}

// maxBuried is how many expired states one restore buries: each takes memory and
// a write that the partition's first record waits for (invariant 11). The sweep
// has time for the others.
const maxBuried = 2000

func (r *restorer) take(rec pipeline.Record) error {
	if r.from.next > 0 && rec.Offset < r.from.next {
		return r.recognise(rec)
	}
	if r.from.next > 0 && r.from.last.topic != "" && rec.Topic != r.from.last.topic {
		return errAnew
	}
	r.read++
	if err := r.fold(rec); err != nil {
		return err
	}
	r.last = rec
	return nil
}

// recognise looks at a record before the checkpoint: at the anchor's place must
// be what the anchor saw, or nothing, because it was compacted away.
func (r *restorer) recognise(rec pipeline.Record) error {
	if rec.Offset == r.from.last.offset && anchorOf(rec) != r.from.last {
		return errAnew
	}
	return nil
}

func (r *restorer) fold(rec pipeline.Record) error {
	key := string(rec.Key)
	packed, ours := rec.Header(pipeline.StateHeader)
	if !ours {
		if rec.Value == nil {
			return r.bury(key, buried(rec))
		}
		return nil // a record that no dedupe stage wrote is no state and changes none
	}
	k, err := stateOf(rec, packed, &r.buffer)
	if err != nil {
		return err
	}
	prior, err := r.into.stateOf(key)
	if err != nil {
		return err
	}
	if late, err := r.late(key, prior, k.memory.Input); late || err != nil {
		return err // also an expired one buries nothing newer (invariant 6)
	}
	if len(r.expired) < maxBuried && k.memory.expired(r.now, r.window) {
		err := r.forget(key)
		r.expired[key] = k.memory.Input
		return err
	}
	delete(r.expired, key)
	if prior == "" {
		r.states++
	}
	delete(r.behind, key)
	return r.keep(rec, k)
}

// late tells a record that stands behind a newer state of its booking: that is
// written back.
func (r *restorer) late(key, prior string, in seenUpTo) (bool, error) {
	if prior == "" {
		return false, nil
	}
	seen, err := inputOf(prior)
	if err != nil {
		return false, fmt.Errorf("local state of %s: %w", key, err)
	}
	if seen.passed(in) {
		r.behind[key] = true
		return true, nil
	}
	return false, nil
}

// stateOf reads a record of bookings.current; buffer is room to write in. The
// event of one that this version wrote stays JSON until somebody asks for it:
// decoding it is most of what a restore would cost, and most bookings are never
// heard of again. The topic's checksums vouch for it; whether it is JSON at all
// is asked where it is decoded.
func stateOf(rec pipeline.Record, packed []byte, buffer *[]byte) (state, error) {
	k, err := unpackState(rec, packed, buffer)
	if err != nil {
		return state{}, fmt.Errorf("state of %s at %s: %w", rec.Key, rec.Position(), err)
	}
	return k, nil
}

func unpackState(rec pipeline.Record, packed []byte, buffer *[]byte) (state, error) {
	if len(packed) > 0 && packed[0] == memoryV1 && bytes.HasPrefix(rec.Value, []byte(`{"booking":{"id":"`)) && bytes.HasSuffix(rec.Value, []byte("}}")) {
		*buffer = append(append(appendFront((*buffer)[:0], packed, &rec), formJSON), rec.Value...)
		return kept{blob: string(*buffer)}.read()
	}
	m, err := unpack(string(packed))
	if err != nil {
		return state{}, fmt.Errorf("header %s: %w", pipeline.StateHeader, err)
	}
	event, err := booking.Decode(rec.Value)
	if err != nil {
		return state{}, err
	}
	m.Ends = endOf(&event)
	*buffer = appendEvent(append(appendFront((*buffer)[:0], m.pack(nil), &rec), formLocal), &event)
	return state{kept{blob: string(*buffer)}, true, m}, nil
}

// bury drops a booking at its tombstone, which says up to where.
func (r *restorer) bury(key string, in seenUpTo) error {
	prior, err := r.into.stateOf(key)
	if err != nil {
		return err
	}
	if late, err := r.late(key, prior, in); late || err != nil {
		return err
	}
	return r.forget(key)
}

// forget drops a booking.
func (r *restorer) forget(key string) error {
	delete(r.behind, key)
	delete(r.expired, key)
	prior, err := r.into.stateOf(key)
	if err != nil || prior == "" {
		return err
	}
	r.states--
	return r.change(key, "")
}

// change keeps a state in memory, and writes those there where they are many.
func (r *restorer) change(key, blob string) error {
	r.into.mu.Lock()
	r.into.change(key, blob)
	waiting := r.into.load()
	r.into.mu.Unlock()
	if waiting == little {
		return nil
	}
	return r.into.write()
}

// keep writes a state. One that claims to have seen more than its input holds
// was written for a topic that was deleted and made again: what it knows of the
// booking still holds, its position does not. It is written back without one,
// or it would claim to have seen the new topic's records once there are as many.
func (r *restorer) keep(rec pipeline.Record, k state) error {
	key, in := string(rec.Key), k.memory.Input
	if in.Topic != r.into.id.Topic || in.Partition != r.into.id.ID {
		return r.change(key, k.blob)
	}
	there, err := r.there(in.Offset)
	switch {
	case err != nil:
		return err
	case there:
		r.inputs = max(r.inputs, in.Offset+1)
	case r.from.next > 0:
		return errAnew
	default:
		k.forgetInput()
		r.behind[key] = true
	}
	return r.change(key, k.blob)
}

// there tells whether the input partition has an offset. It grows while the state
// is read, and a member that is about to lose its claim still works: its state may
// have seen what was written since. Who forgot that would take the very record for
// another one, and its event for a duplicate of itself (invariant 3).
func (r *restorer) there(offset int64) (bool, error) {
	if offset < r.end {
		return true, nil
	}
	end, err := r.again()
	if err != nil {
		return false, fmt.Errorf("ask for the end of %s again: %w", r.into.id, err)
	}
	r.end = max(r.end, end)
	return offset < r.end, nil
}

// writeBack puts on the topic what it should say.
func (r *restorer) writeBack(ctx context.Context) error {
	var records []func() (pipeline.Record, error)
	for key := range r.behind {
		records = append(records, func() (pipeline.Record, error) { return r.into.stored(key) })
	}
	for key, in := range r.expired {
		records = append(records, func() (pipeline.Record, error) { return tombstone(key, in), nil })
	}
	return writeAll(ctx, r.into.reader, records)
}

// stored gives a kept state as it stands on bookings.current; a tombstone where
// there is none.
func (p *partition) stored(bookingID string) (pipeline.Record, error) {
	blob, err := p.stateOf(bookingID)
	if err != nil || blob == "" {
		return pipeline.Record{Key: []byte(bookingID)}, err
	}
	k, err := kept{blob: blob}.read()
	if err != nil {
		return pipeline.Record{}, fmt.Errorf("local state of %s: %w", bookingID, err)
	}
	return k.record(bookingID)
}
