package dedupe

import (
	"context"
	"fmt"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

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
		err := r.forget(key, prior)
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

// bury drops a booking at its tombstone, which says up to where.
func (r *restorer) bury(key string, in seenUpTo) error {
	prior, err := r.into.stateOf(key)
	if err != nil {
		return err
	}
	if late, err := r.late(key, prior, in); late || err != nil {
		return err
	}
	return r.forget(key, prior)
}

// forget drops a booking, of which prior is the state.
func (r *restorer) forget(key, prior string) error {
	delete(r.behind, key)
	delete(r.expired, key)
	if prior == "" {
		return nil
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
