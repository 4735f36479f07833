package dedupe

import (
	"context"

	"github.com/reservoirhq/reservoir/pipeline"
)

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
