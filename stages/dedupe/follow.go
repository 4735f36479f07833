package dedupe

import (
	"context"
	"fmt"
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

func (l *look) take(rec pipeline.Record) error {
	l.last, l.read = rec, true
	key := string(rec.Key)
	packed, ours := rec.Header(MemoryHeader)
	if !ours && rec.Value != nil {
		return nil
	}
	seen, known, err := l.p.seen(key)
	if err != nil {
		return err
	}
	if ours {
		return l.compare(key, rec, packed, seen, known)
	}
	l.agreed(key)
	if known {
		l.open[key] = &unheld{from: rec.Offset, tombstone: true}
	}
	return nil
}

// seen gives what the local state of a booking saw last.
func (p *partition) seen(bookingID string) (seenUpTo, bool, error) {
	p.mu.Lock()
	offset, ok := p.recent[bookingID]
	if !ok {
		offset, ok = p.older[bookingID]
	}
	p.mu.Unlock()
	if ok {
		return seenUpTo{pipeline.Position{Topic: p.id.Topic, Partition: p.id.ID, Offset: offset}}, true, nil
	}
	blob, err := p.stateOf(bookingID)
	if err != nil || blob == "" {
		return seenUpTo{}, false, err
	}
	in, err := inputOf(blob)
	return in, true, err
}

// agreed notes that the last record of a booking and its local state agree.
func (l *look) agreed(key string) {
	delete(l.open, key)
	delete(l.behind, key)
}

func (l *look) compare(key string, rec pipeline.Record, packed []byte, seen seenUpTo, known bool) error {
	in, err := inputIn(string(packed), false)
	switch {
	case err != nil:
		return fmt.Errorf("state of %s at %s: header %s: %w", key, rec.Position(), MemoryHeader, err)
	case known && seen == in:
		l.met[key] = struct{}{}
		l.agreed(key)
	case known && seen.covers(in.Position):
		l.agreed(key)
		l.behind[key] = rec.Offset
	case l.elsewhere(in) && (!known || l.elsewhere(seen)):
		return l.adopt(key, rec, packed)
	default:
		l.met[key] = struct{}{}
		delete(l.behind, key)
		l.leaveOpen(key, rec.Offset, in)
	}
	return nil
}

func (l *look) leaveOpen(key string, offset int64, in seenUpTo) {
	if before := l.open[key]; before != nil {
		offset = before.from
	}
	l.open[key] = &unheld{from: offset, in: in}
}

// elsewhere tells a state that was made from another input topic: of a chain
// with several raw topics, each has the states of all.
func (l *look) elsewhere(in seenUpTo) bool {
	return !in.IsZero() && (in.Topic != l.p.id.Topic || in.Partition != l.p.id.ID)
}

func (l *look) adopt(key string, rec pipeline.Record, packed []byte) error {
	k, err := stateOf(rec, packed, new([]byte))
	if err != nil {
		return err
	}
	if l.p.whileIdle(key, func() { l.p.change(key, k.blob) }) {
		l.agreed(key)
	} else {
		l.leaveOpen(key, rec.Offset, k.memory.Input)
	}
	return nil
}

// whileIdle runs fn where no event of the booking is under way and its state has
// not changed since the look began, and tells whether it did. fn must be short.
func (p *partition) whileIdle(bookingID string, fn func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, touched := p.recent[bookingID]
	if touched || p.queues[bookingID] != nil {
		return false
	}
	fn()
	delete(p.older, bookingID)
	return true
}

// mend puts in order what the whole look has shown. A booking that did not
// change since the look began has its newest state before the end of the look:
// where the last record that was read is another one, that one is the last on
// the topic.
func (l *look) mend(ctx context.Context) error {
	for key, u := range l.open {
		if err := l.close(key, u); err != nil {
			return err
		}
	}
	for key := range l.behind {
		if l.overtaken(key) {
			delete(l.behind, key)
			continue
		}
		done, err := l.p.mend(ctx, key, func() (pipeline.Record, error) { return l.p.stored(key) }, func() {})
		if err != nil {
			return err
		}
		if done {
			l.agreed(key)
		}
	}
	return nil
}

// close looks again whether the local state holds a record by now, and follows
// a tombstone that somebody else wrote.
func (l *look) close(key string, u *unheld) error {
	if u.tombstone {
		if l.p.whileIdle(key, func() { l.p.change(key, "") }) {
			l.agreed(key)
		}
		return nil
	}
	seen, known, err := l.p.seen(key)
	if known && (seen == u.in || seen.covers(u.in.Position)) {
		l.agreed(key)
	}
	return err
}

// overtaken tells a booking whose local state was written to the topic after
// what this look read: then nothing overwrote it.
func (l *look) overtaken(key string) bool {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	_, touched := l.p.recent[key]
	_, met := l.met[key]
	return touched && !met
}

// mend writes a record of a booking to the topic while no event of it is under
// way and none can begin, runs then, which must be short, and tells whether it
// did both.
func (p *partition) mend(ctx context.Context, bookingID string, record func() (pipeline.Record, error), then func()) (bool, error) {
	done := make(chan struct{})
	idle := p.whileIdle(bookingID, func() { p.queues[bookingID] = &queue{mending: done} })
	if !idle {
		return false, nil
	}
	err := writeOne(ctx, p.reader, record)
	written := err == nil && ctx.Err() == nil
	p.mu.Lock()
	if written {
		then()
	}
	delete(p.queues, bookingID)
	p.mu.Unlock()
	close(done)
	return written, err
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
