package dedupe

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// partition is this member's claim on one input partition: its states in memory
// and on local disk, and the events under way.
type partition struct {
	id     pipeline.Partition
	prefix []byte
	reader pipeline.StateReader
	store  *store
	stage  *stage
	// ctx ends with the claim.
	ctx    context.Context
	cancel context.CancelFunc

	mu     sync.Mutex
	queues map[string]*queue
	spares spares
	hot    *hot
	// share is how many bytes hot may hold.
	share int64
	// recent are the bookings whose state changed since the last look at the
	// topic began, by the offset of the input that changed it, and older those
	// of the time between that look and the one before: what a look reads is
	// mostly of these, and needs no read of the disk.
	recent, older map[string]int64
	// changed is how many states changed since the last checkpoint, inputs one
	// more than the highest offset they have seen, states how many there are.
	changed, inputs, states int64
	tended                  time.Time // when the background last did
	own                     spans
	// broken is what local disk last said: then nothing is judged until it
	// takes what it refused (heal).
	broken error

	// writing is held while states go to disk.
	writing sync.Mutex
	ended   bool // under writing: the claim is over, and nothing is written any more

	// follow is held while the background works on the partition.
	follow  sync.Mutex
	point   checkpoint
	sweep   []byte    // where the next look for expired states begins
	swept   int64     // states the present round of looks has met
	sweptAt time.Time // when it last looked
}

// latest gives the state that an event is judged by: that of the event before
// it, else what is kept. news tells a booking that is probably not known.
func (p *partition) latest(bookingID string, by *basis, news bool) (state, error) {
	if by.reserved {
		return by.state.read()
	}
	if by.found {
		p.stage.hits.Add(1)
		return by.state.read()
	}
	p.stage.misses.Add(1)
	find := p.store.get
	if news {
		find = p.store.getRare
	}
	blob, _, err := find(p.key(bookingID))
	if err != nil {
		return state{}, err
	}
	return kept{blob: blob}.read()
}

// stateOf gives how the state of a booking is kept, "" where there is none.
func (p *partition) stateOf(bookingID string) (string, error) {
	p.mu.Lock()
	blob, ok := p.hot.find(bookingID)
	ok = ok || !p.hot.partial
	p.mu.Unlock()
	if ok {
		return blob, nil
	}
	blob, _, err := p.store.get(p.key(bookingID))
	return blob, err
}

// trouble marks what local disk says: it is no fault of the event.
func trouble(err error) error {
	if err == nil {
		return nil
	}
	return pipeline.Trouble(err)
}

func (p *partition) key(bookingID string) []byte {
	key := make([]byte, 0, len(p.prefix)+len(bookingID))
	return append(append(key, p.prefix...), bookingID...)
}

// keep keeps an acknowledged state; p.mu is held.
func (p *partition) keep(bookingID string, e *reserved) {
	p.change(bookingID, e.next.blob)
	p.recent[bookingID] = e.input.Offset
	p.changed++
	p.inputs = max(p.inputs, e.input.Offset+1)
	if e.first {
		p.states++
	}
}

// restoreShare is the part of the states' memory that a partition has while it is
// restored: there is nobody yet to read them.
const restoreShare = 16

// Assigned restores the partition's states before its first record.
func (s *stage) Assigned(ctx context.Context, id pipeline.Partition, reader pipeline.StateReader) error {
	store, err := s.open()
	if err != nil {
		return err
	}
	p := &partition{
		id: id, prefix: partitionKey(stateKeys, id), reader: reader, store: store, stage: s,
		queues: map[string]*queue{}, recent: map[string]int64{}, hot: newHot(), share: s.hot / restoreShare,
	}
	p.hot.partial = true // unless the restore empties the partition
	s.moves(id, 1)
	defer s.moves(id, -1)
	if err := s.restore(ctx, p); err != nil {
		return fmt.Errorf("restore the state of %s: %w", id, err)
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.tended = s.clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.partitions[id] = p
	s.divide()
	return nil
}

// moves counts who takes a partition on or lets it go.
func (s *stage) moves(id pipeline.Partition, more int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.moving[id] += more; s.moving[id] == 0 {
		delete(s.moving, id)
	}
}

// Revoked ends the claim: another member may have the partition now. What is on
// local disk stays. None of it can be newer than the topic: a state is kept only
// after bookings.current has acknowledged it (invariant 4), so all that was kept
// after the checkpoint stands on the topic behind the checkpoint, and the tail
// that a later claim reads holds it again, together with what other members made
// of it.
//
// A checkpoint is written as far as is known without reading the topic, which
// would cost as much as reading that tail, and would hold up the new owner.
func (s *stage) Revoked(id pipeline.Partition) {
	// Nothing of it is forgotten meanwhile: the last checkpoint would stand over
	// nothing.
	s.moves(id, 1)
	defer s.moves(id, -1)
	s.mu.Lock()
	p := s.partitions[id]
	delete(s.partitions, id)
	s.divide()
	s.mu.Unlock()
	if p != nil {
		s.complain("write the last checkpoint", p.end(s.clock.Now()))
	}
}

// end stops the work on the partition. A later claim writes the same keys: what
// this one has not written by now it never does.
func (p *partition) end(now time.Time) error {
	p.cancel()
	p.follow.Lock()
	defer p.follow.Unlock()
	var err error
	if p.pass(now) {
		err = p.setCheckpoint()
	}
	p.writing.Lock()
	defer p.writing.Unlock()
	p.ended = true
	return err
}
