package dedupe

import (
	"context"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// A checkpoint must never pass a record that the local state does not hold.
// The end of the topic alone cannot tell: a member that has lost its claim and
// does not know it yet sees an end behind records of the new owner. Two things
// can:
//
// Where an acknowledged event says at which offset its record stands, the
// checkpoint passes the offsets that this claim filled itself, one after the
// other (pass). An offset that is missing among them is an event under way, or
// it is somebody else's.
//
// What is missing for longer, and everything where no offsets are said, is read,
// a little behind and off the path of events. A record may be passed when the
// local state holds it or a later one of its booking; the first that it does not
// hold (an event that is under way, or another member's) is where the checkpoint
// stays until it does. Reading also shows what a lost member overwrote, which is
// then written back while the newest state is still at hand (invariant 6). None
// of that can hide among offsets of our own.

// look is one look at what the topic got since the checkpoint. Its maps are by
// booking.
type look struct {
	p    *partition
	last pipeline.Record
	read bool
	// open are those whose last record is not in the local state.
	open map[string]*unheld
	// behind are those whose last record is older than the local state, by its
	// offset.
	behind map[string]int64
	// met are those of which a record was read that was no older than the local
	// state then.
	met map[string]struct{}
}

// unheld is a record that the local state does not hold, and the offset from
// which on it holds none of its booking.
type unheld struct {
	from      int64
	in        seenUpTo
	tombstone bool
}

// pass moves the checkpoint, which still has to be written, over records of this
// claim's own, and tells whether it did. It is called before a look begins: what
// a look has to compare with is what was not passed.
func (p *partition) pass(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	next, last, ok := p.own.pass(p.point.next)
	if ok {
		p.point.next, p.point.at, p.point.partitions, p.point.last = next, now, p.reader.Partitions(), anchorOf(last)
		p.point.inputs, p.point.states = p.inputs, p.states
	}
	return ok
}

// advance follows the topic to its present end; passed tells that the checkpoint
// was moved and not yet written. Then nothing is read this time: what is missing
// behind it may be on its way still.
func (p *partition) advance(ctx context.Context, now time.Time, passed bool) error {
	end, err := p.reader.StateEnd(ctx)
	if err != nil {
		return err
	}
	if passed {
		if end > p.point.next {
			p.askAgain()
		}
		return p.setCheckpoint()
	}
	if end <= p.point.next {
		return p.refresh(now)
	}
	l := &look{p: p, open: map[string]*unheld{}, behind: map[string]int64{}, met: map[string]struct{}{}}
	if err := p.reader.Each(ctx, p.point.next, l.take); err != nil {
		return err
	}
	if err := l.mend(ctx); err != nil {
		return err
	}
	return l.move(end, now)
}

// askAgain makes the partition due soon, though nothing changes any more.
func (p *partition) askAgain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.changed = max(p.changed, 1)
}

// refresh keeps an idle partition's checkpoint from growing too old.
func (p *partition) refresh(now time.Time) error {
	if p.point.next == 0 || now.Sub(p.point.at) < trusted/8 {
		return nil
	}
	p.point.at = now
	return p.setCheckpoint()
}

// move writes the checkpoint: at the end, or at the first record that is not in
// order yet.
func (l *look) move(end int64, now time.Time) error {
	p := l.p
	next, last := end, p.point.last
	if l.read {
		next = max(next, l.last.Offset+1)
	}
	whole := next
	for _, u := range l.open {
		next = min(next, u.from)
	}
	for _, offset := range l.behind {
		next = min(next, offset)
	}
	if l.read && next == whole {
		last = anchorOf(l.last)
	}
	p.mu.Lock()
	inputs, states := p.inputs, p.states
	p.mu.Unlock()
	p.point = checkpoint{next: next, at: now, partitions: p.reader.Partitions(), inputs: inputs, states: states, last: last}
	return p.setCheckpoint()
}
