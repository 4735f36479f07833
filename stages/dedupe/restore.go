package dedupe

import (
	"context"
	"errors"
	"fmt"
	"time"
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
