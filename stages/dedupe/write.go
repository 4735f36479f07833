package dedupe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2"
)

// An acknowledged state is kept in memory first and written to local disk with
// others, in the order of their keys: a booking that changes again soon is
// written once, and a sorted batch costs a fraction of its writes one by one.
// The path of an event never waits for the disk, unless the disk cannot keep up.
//
// Nothing is lost by that which the topic does not have. A state is kept after
// bookings.current has acknowledged it (invariant 4), so its record stands on the
// topic. A checkpoint is written when everything that was kept before it is
// (setCheckpoint follows write), so what a crash takes from memory stands behind
// the checkpoint, in the tail that the restart reads. And each reader asks memory
// first: what is on its way to disk stays there until it has arrived.

// change keeps a state, an empty one where there is none any more, and has it
// written when there is enough to write. p.mu is held.
func (p *partition) change(bookingID, blob string) {
	p.hot.change(bookingID, blob)
	if p.hot.bytes > p.share {
		p.hot.shrink(p.share)
	}
}

// load is how much waits to be written.
type load int

const (
	little  load = iota
	much         // the background is to write it
	tooMuch      // who makes more is to write it (invariant 11)
)

// load tells how much waits; p.mu is held.
func (p *partition) load() load {
	limit := min(p.share*5/8, maxWaiting)
	switch waiting := p.hot.waitingBytes; {
	case waiting > limit+limit/5:
		return tooMuch
	case waiting > limit:
		return much
	}
	return little
}

// maxWaiting is how many bytes of states wait at most before they are written:
// the longer they wait, the more of them change again and are written once.
const maxWaiting = 8 << 20

// relieve has what waits written.
func (p *partition) relieve(l load) {
	switch {
	case l == tooMuch:
		p.note(p.write())
	case l == much && p.writing.TryLock():
		p.stage.work.Go(func() {
			defer p.writing.Unlock()
			p.note(p.writeKept())
		})
	}
}

// note keeps what local disk said; then nothing is judged any more.
func (p *partition) note(err error) {
	if err == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = trouble(fmt.Errorf("dedupe %s: keep states: %w", p.id, err))
}

// heal tries again to write what local disk refused. Where that works, events
// are judged again: nothing of what was kept is lost meanwhile, it waits in
// memory.
func (p *partition) heal() {
	if p.write() != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = nil
}

// write puts on disk what was kept so far.
func (p *partition) write() error {
	p.writing.Lock()
	defer p.writing.Unlock()
	return p.writeKept()
}

// writeKept is write for who holds writing: so a booking's later state is never
// overtaken by an earlier one, nor a later claim's by this one's.
func (p *partition) writeKept() error {
	if p.ended {
		return nil
	}
	p.mu.Lock()
	changes := p.hot.take()
	p.mu.Unlock()
	if len(changes) == 0 {
		return nil
	}
	slices.SortFunc(changes, func(a, b change) int { return strings.Compare(a.booking, b.booking) })
	err := p.store.apply(p.prefix, changes)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.hot.failed(changes)
		return err
	}
	p.hot.wrote(changes)
	p.hot.shrink(p.share)
	return nil
}

// apply writes changes of bookings under a prefix, in batches that are small
// beside a memtable.
func (s *store) apply(prefix []byte, changes []change) error {
	for len(changes) > 0 {
		n, size := 0, 0
		for n < len(changes) && size < batchBytes {
			size += len(prefix) + len(changes[n].booking) + len(changes[n].blob) + 16
			n++
		}
		if err := s.batch(prefix, changes[:n], size); err != nil {
			return fmt.Errorf("write local states: %w", err)
		}
		changes = changes[n:]
	}
	return nil
}

const batchBytes = 256 << 10

func (s *store) batch(prefix []byte, changes []change, size int) error {
	batch := s.db.NewBatchWithSize(size)
	defer func() { _ = batch.Close() }()
	for _, c := range changes {
		if err := c.into(batch, prefix); err != nil {
			return err
		}
	}
	return batch.Commit(pebble.NoSync)
}

// into writes a change straight into a batch.
func (c change) into(batch *pebble.Batch, prefix []byte) error {
	n := len(prefix) + len(c.booking)
	if c.blob == "" {
		op := batch.DeleteDeferred(n)
		copy(op.Key[copy(op.Key, prefix):], c.booking)
		return op.Finish()
	}
	op := batch.SetDeferred(n, len(c.blob))
	copy(op.Key[copy(op.Key, prefix):], c.booking)
	copy(op.Value, c.blob)
	return op.Finish()
}

// divide gives every partition its share of the memory; s.mu is held.
func (s *stage) divide() {
	for _, p := range s.partitions {
		p.mu.Lock()
		p.share = s.hot / int64(len(s.partitions))
		p.hot.shrink(p.share)
		p.mu.Unlock()
	}
}
