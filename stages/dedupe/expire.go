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
	var over []string
	seen, last := 0, []byte(nil)
	err := p.store.each(p.prefix, append(p.prefix[:len(p.prefix):len(p.prefix)], p.sweep...), swept, func(key, value []byte) bool {
		seen++
		last = append(last[:0], key[len(p.prefix):]...)
		if expiredBlob(value, now, window) {
			over = append(over, string(last))
		}
		return true
	})
	if err != nil {
		return err
	}
	p.round(seen, last)
	for _, bookingID := range over {
		if err := p.bury(ctx, bookingID); err != nil {
			return err
		}
	}
	return nil
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

func expiredBlob(value []byte, now time.Time, window windowLength) bool {
	n, at := binary.Uvarint(value)
	if at <= 0 || n > uint64(len(value)-at) {
		return false
	}
	m, err := unpack(string(value[at : at+int(n)]))
	return err == nil && m.expired(now, window) // what cannot be read is said where it is used
}

// bury writes a tombstone and forgets the state, unless the booking was heard of
// meanwhile.
func (p *partition) bury(ctx context.Context, bookingID string) error {
	_, err := p.mend(ctx, bookingID,
		func() (pipeline.Record, error) { return pipeline.Record{Key: []byte(bookingID)}, nil },
		func() { p.change(bookingID, "") })
	return err
}
