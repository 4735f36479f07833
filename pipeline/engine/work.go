package engine

import (
	"sync/atomic"

	"github.com/reservoirhq/reservoir/pipeline"
)

// work is what becomes of the records of one message. Its memory serves another
// message once every record is settled and the handler has left it: it is taken
// for every record, and most of it is pointers, which the garbage collector
// follows.
type work struct {
	by       *segment
	together bool // no record may wait
	records  []*pipeline.Record
	prepared func(i int) any  // what prepare gave of a record, nil for nothing
	events   []pipeline.Event // that the records are
	done     []result         // of each
	set      outputSet
	users    atomic.Int32 // records that are not settled, and the handler

	// Room for what a record mostly comes to: one event, of one stage that
	// settles it.
	passed  []*pipeline.Event
	settles []settle
}

var _ inputs = (*work)(nil)

// begin gives the work for the records of a message.
func (s *segment) begin(records []*pipeline.Record, together bool, prepared func(i int) any) *work {
	w, _ := s.works.Get().(*work)
	if w == nil {
		w = new(work)
	}
	n := len(records)
	w.by, w.together, w.records, w.prepared, w.set.inputs = s, together, records, prepared, n
	w.events, w.done = sized(w.events, n), sized(w.done, n)
	w.passed, w.settles = sized(w.passed, n), sized(w.settles, n)
	w.users.Store(int32(n) + 1)
	return w
}

// sized gives a slice of n zero values, of a slice of zero values.
func sized[T any](of []T, n int) []T {
	if cap(of) < n {
		return make([]T, n)
	}
	return of[:n]
}

// room gives an empty result of a record.
func (w *work) room(i int) result {
	return result{together: w.together, events: w.passed[i : i : i+1], settles: w.settles[i : i : i+1]}
}

// release tells the stages that nothing of it was written. Who calls it has
// failed, and the work is not used again.
func (w *work) release() {
	for i := range w.done {
		w.done[i].settle(false)
	}
}

func (w *work) count() int { return len(w.records) }

// placed tells the stage that attached a state where it was written.
func (w *work) placed(i int, state pipeline.Record) {
	if state.Offset < 0 {
		return
	}
	for _, told := range w.done[i].settles {
		for k := range told.event.Side {
			side := &told.event.Side[k]
			if side.Output == pipeline.Current && sameMemory(side.Record.Value, state.Value) {
				side.Record.Topic, side.Record.Partition, side.Record.Offset, side.Record.Time = state.Topic, state.Partition, state.Offset, state.Time
			}
		}
	}
}

// sameMemory tells the very bytes of a record from equal ones: one input may
// have two states of a booking.
func sameMemory(a, b []byte) bool {
	return len(a) == len(b) && len(a) > 0 && &a[0] == &b[0]
}

// settled tells the stages, and counts what is safe.
func (w *work) settled(i int, safe bool) {
	w.done[i].settle(safe)
	if safe {
		w.by.metrics.outcomes(w.by, &w.done[i])
	}
	w.left()
}

// left takes note that a record is settled or the handler has gone. The last
// one makes the work ready for another message.
func (w *work) left() {
	if w.users.Add(-1) > 0 {
		return
	}
	by := w.by
	w.by, w.records, w.prepared = nil, nil, nil
	clear(w.events)
	clear(w.done)
	clear(w.passed)
	clear(w.settles)
	if w.set.empty() {
		by.works.Put(w)
	}
}
