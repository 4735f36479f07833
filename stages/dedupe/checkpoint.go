package dedupe

import (
	"fmt"
	"hash/fnv"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// checkpoint says up to where the state's topic is in the local state: every
// record before next is there itself, or a later state of its booking is. A
// restore reads only what follows.
type checkpoint struct {
	next int64 // offset on the state's topic; 0 is nothing yet
	at   time.Time
	// partitions is how many there were: with another number, keys live elsewhere.
	partitions int32
	// inputs is one more than the highest offset of the input partition that a
	// state has seen; more than its end tells an input topic that was made anew.
	inputs int64
	// states is about how many states there are.
	states int64
	last   anchor
}

// anchor is the last record before the checkpoint: where that place holds
// another record, the state's topic was made anew.
type anchor struct {
	topic  string
	offset int64
	digest uint64
}

// trusted is how long a checkpoint holds. A tombstone is compacted away a day
// after it was written (delete.retention.ms), and a tail without it would leave
// a state that its topic has not.
const trusted = 12 * time.Hour

func anchorOf(r pipeline.Record) anchor {
	h := fnv.New64a()
	h.Write(appendTime(nil, r.Time)) // never fails
	for _, part := range [][]byte{r.Key, r.Value} {
		h.Write(part)
		h.Write([]byte{0})
	}
	if m, ok := r.Header(pipeline.StateHeader); ok {
		h.Write(m)
	}
	return anchor{topic: r.Topic, offset: r.Offset, digest: h.Sum64()}
}

func (c checkpoint) pack() []byte {
	to := appendTime(appendInt([]byte{1}, c.next), c.at)
	to = appendInt(appendInt(appendInt(to, int64(c.partitions)), c.inputs), c.states)
	return appendUint(appendInt(appendText(to, c.last.topic), c.last.offset), c.last.digest)
}

func unpackCheckpoint(text string) (checkpoint, error) {
	r := reading{rest: text}
	version := r.one()
	c := checkpoint{next: r.int(), at: r.time(), partitions: int32(r.int()), inputs: r.int(), states: r.int()}
	c.last = anchor{topic: r.text(), offset: r.int(), digest: r.uint()}
	if r.broken || version != 1 {
		return checkpoint{}, fmt.Errorf("checkpoint: %w", errCut)
	}
	return c, nil
}

func (s *store) checkpoint(p pipeline.Partition) (checkpoint, bool, error) {
	text, ok, err := s.get(partitionKey(checkpointKeys, p))
	if err != nil || !ok {
		return checkpoint{}, false, err
	}
	c, err := unpackCheckpoint(text)
	return c, err == nil, err
}

// setCheckpoint is called when all that c promises is written.
func (s *store) setCheckpoint(p pipeline.Partition, c checkpoint) error {
	return s.set(partitionKey(checkpointKeys, p), c.pack())
}

// fits tells whether a tail from the checkpoint on gives the whole state.
func (c checkpoint) fits(end int64, reader pipeline.StateReader, now time.Time) bool {
	return c.next > 0 && c.next <= end && c.partitions == reader.Partitions() &&
		c.inputs <= reader.End() && now.Sub(c.at) < trusted
}

// forgetLost drops what partitions left behind whose checkpoint is no longer
// trusted: they would be restored whole anyway. unheld runs a function while a
// partition is not held and cannot become so, or not at all where it is: what a
// restore has just written must not go.
func (s *store) forgetLost(unheld func(pipeline.Partition, func() error) error, now time.Time) error {
	var old []pipeline.Partition
	kind := []byte{checkpointKeys}
	err := s.each(kind, kind, maxPartitions, func(key, value []byte) bool {
		p, ok := partitionOf(key)
		c, err := unpackCheckpoint(string(value))
		if ok && (err != nil || now.Sub(c.at) >= trusted) {
			old = append(old, p)
		}
		return true
	})
	if err != nil {
		return err
	}
	for _, p := range old {
		if err := unheld(p, func() error { return s.forget(p, now) }); err != nil {
			return err
		}
	}
	return nil
}

// forget drops what is left of a partition, unless it came and went since it was
// found: its checkpoint is trusted again then, and must not stand over nothing.
func (s *store) forget(p pipeline.Partition, now time.Time) error {
	if c, ok, err := s.checkpoint(p); ok && err == nil && now.Sub(c.at) < trusted {
		return nil
	}
	if err := s.wipe(partitionKey(stateKeys, p)); err != nil {
		return err
	}
	return s.delete(partitionKey(checkpointKeys, p))
}

// maxPartitions bounds one look at the checkpoints.
const maxPartitions = 100_000
