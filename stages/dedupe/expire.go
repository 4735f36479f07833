package dedupe

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// expire looks at some more of the partition's states, drops those that have
// outlived their use and writes their tombstones, so that a member that is never
// restarted does not fill its disk (invariant 11). The partition is watched.
func (p *partition) expire(ctx context.Context, now time.Time, window windowLength) error {
	if err := p.write(); err != nil { // what is looked at is what was kept
		return err
	}
	var over []outlived
	seen, last := 0, []byte(nil)
	err := p.store.each(p.prefix, append(p.prefix[:len(p.prefix):len(p.prefix)], p.sweep...), swept, func(key, value []byte) bool {
		seen++
		last = append(last[:0], key[len(p.prefix):]...)
		if in, expired := expiredBlob(value, now, window); expired {
			over = append(over, outlived{string(last), in})
		}
		return true
	})
	if err != nil {
		return err
	}
	p.round(seen, last)
	// One after the other, each would wait for its acknowledgement, and the
	// background for all of them: what it notes for every partition until it
	// comes back to it would grow meanwhile (invariant 11).
	return atOnce(ctx, over, p.bury)
}

// round goes on to the next states, or begins anew behind the last. A whole
// round has counted them.
func (p *partition) round(seen int, last []byte) {
	p.swept += int64(seen)
	if seen == swept {
		last = append(last, 0) // the first key behind it
		p.sweep = last
		return
	}
	p.mu.Lock()
	p.states = p.swept
	p.mu.Unlock()
	p.swept, p.sweep = 0, nil
}

// outlived is a booking whose state has expired, and what that saw last.
type outlived struct {
	booking string
	in      seenUpTo
}

func expiredBlob(value []byte, now time.Time, window windowLength) (seenUpTo, bool) {
	n, at := binary.Uvarint(value)
	if at <= 0 || n > uint64(len(value)-at) {
		return seenUpTo{}, false
	}
	m, err := unpack(string(value[at : at+int(n)]))
	if err != nil { // what cannot be read is said where it is used
		return seenUpTo{}, false
	}
	return m.Input, m.expired(now, window)
}

// bury writes a tombstone and forgets the state, unless the booking was heard of
// meanwhile.
func (p *partition) bury(ctx context.Context, o outlived) error {
	_, err := p.mend(ctx, o.booking,
		func() (pipeline.Record, error) { return tombstone(o.booking, o.in), nil },
		func() { p.change(o.booking, "") })
	return err
}

// buriedHeader says on a tombstone what the state saw last that it buries: that
// of a member which lost its claim meanwhile may arrive behind a newer state,
// which it must not take away (invariant 6).
const buriedHeader = "reservoir_buried"

func tombstone(bookingID string, in seenUpTo) pipeline.Record {
	return pipeline.Record{Key: []byte(bookingID), Headers: []pipeline.Header{{Key: buriedHeader, Value: appendInput(nil, in)}}}
}

// buried reads what a tombstone buries, zero where it does not say: then it
// buries whatever there is.
func buried(rec pipeline.Record) seenUpTo {
	r := reading{rest: rec.Text(buriedHeader)}
	in := r.input()
	if r.broken || r.rest != "" {
		return seenUpTo{}
	}
	return in
}
