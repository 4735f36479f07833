package dedupe

import (
	"fmt"

	"github.com/reservoirhq/reservoir/pipeline"
)

func (l *look) take(rec pipeline.Record) error {
	l.last, l.read = rec, true
	key := string(rec.Key)
	packed, ours := rec.Header(pipeline.StateHeader)
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
	switch {
	case known && seen.passed(buried(rec)):
		l.behind[key] = rec.Offset
	case known:
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
		return fmt.Errorf("state of %s at %s: header %s: %w", key, rec.Position(), pipeline.StateHeader, err)
	case known && seen == in:
		l.met[key] = struct{}{}
		l.agreed(key)
	case known && seen.passed(in):
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
