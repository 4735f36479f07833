package dedupe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// NewOn is New with a file system of the test's.
func NewOn(fs vfs.FS, dir string, cfg Config, deps pipeline.StageDeps) (pipeline.Stage, error) {
	s, err := New(cfg, deps)
	if err == nil {
		s.(*stage).where.fs, s.(*stage).where.dir = fs, dir
	}
	return s, err
}

// Tend does what the background does now and then, for every partition.
func Tend(s pipeline.Stage) error {
	for _, p := range s.(*stage).claimed() {
		if err := s.(*stage).tend(p, s.(*stage).clock.Now()); err != nil {
			return err
		}
	}
	return nil
}

// Flush puts on disk what was kept so far.
func Flush(s pipeline.Stage) error {
	if err := written(s); err != nil {
		return err
	}
	return s.(*stage).store.db.Flush()
}

func written(s pipeline.Stage) error {
	for _, p := range s.(*stage).claimed() {
		if err := p.write(); err != nil {
			return err
		}
	}
	return nil
}

// Checkpoint gives the offset that the next restore of a partition begins at.
func Checkpoint(s pipeline.Stage, id pipeline.Partition) int64 {
	c, _, err := s.(*stage).store.checkpoint(id)
	if err != nil {
		panic(err)
	}
	return c.next
}

// States gives every state of a partition as one line each.
func States(s pipeline.Stage, id pipeline.Partition) ([]string, error) {
	st := s.(*stage)
	prefix := partitionKey(stateKeys, id)
	var lines []string
	failed := written(s)
	err := st.store.each(prefix, prefix, 1<<30, func(key, value []byte) bool {
		k, err := kept{blob: string(value)}.read()
		var event *booking.Event
		if err == nil {
			event, err = k.whole()
		}
		if err != nil {
			failed = err
			return false
		}
		a, _, _, err := k.parts()
		text, encoding := booking.Encode(*event)
		failed = errors.Join(err, encoding)
		lines = append(lines, fmt.Sprintf("%s %s %+v %s", key[len(prefix):], words(k.memory), a, text))
		return true
	})
	if failed != nil {
		err = failed
	}
	return lines, err
}

// Restores tells how many restores read a tail, and how many the whole.
func Restores(s pipeline.Stage) (tail, whole float64) {
	return counter(s.(*stage).metrics.restores.WithLabelValues("tail")), counter(s.(*stage).metrics.restores.WithLabelValues("whole"))
}

// MemoryText gives the memory of a record in words.
func MemoryText(r pipeline.Record) string {
	m, err := unpack(r.Text(pipeline.StateHeader))
	return fmt.Sprintf("%s %v", words(m), err)
}

// words spells a memory out.
func words(m memory) string {
	type seen struct {
		ID string
		At time.Time
	}
	type content struct{ Resource, Version string }
	var all struct {
		Input    seenUpTo
		Ends     time.Time
		Version  version
		Contents []content
		IDs      struct {
			Seen     []seen
			Overflow uint64
		}
		Refunds []pipeline.Refund
	}
	all.Input, all.Ends, all.Version, all.Refunds = m.Input, m.Ends, m.Version, m.refunds.all()
	m.ids.each(func(_, id string, at time.Time) { all.IDs.Seen = append(all.IDs.Seen, seen{id, at}) })
	all.IDs.Overflow = m.ids.overflow
	for r := (reading{rest: m.contents.packed}); r.rest != ""; {
		all.Contents = append(all.Contents, content{r.text(), r.text()})
	}
	return fmt.Sprintf("%+v", all)
}

// Held tells how many partitions have states on local disk.
func Held(s pipeline.Stage) int {
	found := map[string]bool{}
	if err := written(s); err != nil {
		panic(err)
	}
	err := s.(*stage).store.each([]byte{stateKeys}, []byte{stateKeys}, 1<<30, func(key, _ []byte) bool {
		topic, rest, _ := strings.Cut(string(key), "\x00")
		found[topic+rest[:4]] = true
		return true
	})
	if err != nil {
		panic(err)
	}
	return len(slices.Collect(maps.Keys(found)))
}

// Break makes the stage panic behind the judgement of its first event, until it
// is mended.
func Break(s pipeline.Stage) (mend func()) {
	buffers := &s.(*stage).buffers
	whole := buffers.New
	buffers.New = func() any { return "not a buffer" }
	return func() { buffers.New = whole }
}

// ForgetLost drops what lost partitions left; found runs when it has found them.
func ForgetLost(s pipeline.Stage, found func()) error {
	st := s.(*stage)
	return st.store.forgetLost(func(p pipeline.Partition, fn func() error) error {
		found()
		return st.unheld(p, fn)
	}, st.clock.Now())
}

// LetGo takes a partition from the stage; during runs while its last checkpoint
// is not written yet.
func LetGo(s pipeline.Stage, id pipeline.Partition, during func()) {
	st := s.(*stage)
	p, gone := st.claimed()[0], make(chan struct{})
	p.follow.Lock()
	go func() {
		defer close(gone)
		st.Revoked(id)
	}()
	<-p.ctx.Done()
	during()
	p.follow.Unlock()
	<-gone
}

func counter(c prometheus.Counter) float64 {
	var m dto.Metric
	if err := c.Write(&m); err != nil {
		panic(err)
	}
	return m.GetCounter().GetValue()
}

// Disk gives the bytes on disk.
func Disk(s pipeline.Stage) uint64 { return s.(*stage).store.size() }

// InputOf gives the offset of the input that a record of the state saw last.
func InputOf(r pipeline.Record) int64 {
	in, err := inputIn(r.Text(pipeline.StateHeader), false)
	if err != nil {
		panic(err)
	}
	return in.Offset
}

// MaxBuried is how many states one restore buries.
const MaxBuried = maxBuried

// BuriedBy gives the offset of the input up to which a tombstone buries.
func BuriedBy(r pipeline.Record) int64 { return buried(r).Offset }

// Inputs gives the same of a partition's local states, by booking.
func Inputs(s pipeline.Stage, id pipeline.Partition) map[string]int64 {
	prefix, all := partitionKey(stateKeys, id), map[string]int64{}
	if err := written(s); err != nil {
		panic(err)
	}
	err := s.(*stage).store.each(prefix, prefix, 1<<30, func(key, value []byte) bool {
		in, err := inputOf(string(value))
		if err != nil {
			panic(err)
		}
		all[string(key[len(prefix):])] = in.Offset
		return true
	})
	if err != nil {
		panic(err)
	}
	return all
}

// Mend holds a booking as the background does while it writes to the topic.
func Mend(s pipeline.Stage, id pipeline.Partition, bookingID string, during func()) (bool, error) {
	p := s.(*stage).partitions[id]
	p.watch(s.(*stage).clock.Now())
	defer p.unwatch()
	return p.mend(context.Background(), bookingID, func() (pipeline.Record, error) {
		during()
		return p.stored(bookingID)
	}, func() {})
}

// RoundTrip writes an event in the local form and reads it back.
func RoundTrip(e booking.Event) (booking.Event, error) {
	got, err := readEvent(string(appendEvent(nil, &e)), new(held))
	if err != nil {
		return booking.Event{}, err
	}
	return *got, nil
}

// ReadAll reads bytes as everything that is read from disk or from a header.
func ReadAll(text string) {
	if k, err := (kept{blob: text}).read(); err == nil && k.known {
		_, _ = k.whole()
	}
	_, _ = inputOf(text)
	_, _ = unpackCheckpoint(text)
	if m, err := unpack(text); err == nil {
		again, err := unpack(string(m.pack(nil)))
		if err != nil || words(again) != words(m) {
			panic(words(m) + " " + words(again))
		}
	}
	_, _ = readEvent(text, new(held))
}

// Unpack goes through the form of the memory.
func Unpack(text string) (string, error) {
	m, err := unpack(text)
	return words(m), err
}

// SetForm makes the local state one of another form.
func SetForm(s pipeline.Stage) error { return s.(*stage).store.set([]byte(formKey), []byte("other")) }

// UnderWay gives how many bookings have events that are not settled.
func UnderWay(s pipeline.Stage) int {
	n := 0
	for _, p := range s.(*stage).claimed() {
		p.mu.Lock()
		n += len(p.queues)
		p.mu.Unlock()
	}
	return n
}

// Compact brings the local state into the shape it has after a while.
func Compact(s pipeline.Stage) error {
	if err := Flush(s); err != nil {
		return err
	}
	return s.(*stage).store.db.Compact(context.Background(), []byte{0}, []byte{0xff}, true)
}

// Spans are the offsets that a claim filled itself.
type Spans struct{ spans }

// Add notes an offset.
func (s *Spans) Add(offset int64) { s.add(pipeline.Record{Offset: offset}) }

// Pass goes over those that follow next.
func (s *Spans) Pass(next int64) (to, last int64, ok bool) {
	to, r, ok := s.pass(next)
	return to, r.Offset, ok
}

// Hot gives the bytes that states in memory take.
func Hot(s pipeline.Stage) int64 {
	var n int64
	for _, p := range s.(*stage).claimed() {
		p.mu.Lock()
		n += p.hot.bytes
		p.mu.Unlock()
	}
	return n
}

// HotStates are states in memory.
type HotStates struct{ *hot }

// NewHot gives none.
func NewHot() HotStates { return HotStates{newHot()} }

func (h HotStates) Change(booking, blob string)        { h.change(booking, blob) }
func (h HotStates) Find(booking string) (string, bool) { return h.find(booking) }
func (h HotStates) Take() []change                     { return h.take() }
func (h HotStates) Partial() bool                      { return h.partial }
func (h HotStates) Failed(all []change)                { h.failed(all) }
func (h HotStates) Wrote(all []change)                 { h.wrote(all) }
func (h HotStates) Shrink(limit int64)                 { h.shrink(limit) }
func (h HotStates) Bytes() int64                       { return h.bytes }

// Refused is what happens when local disk refuses a batch of states.
func Refused(s pipeline.Stage, id pipeline.Partition, err error) {
	st := s.(*stage)
	st.mu.Lock()
	p := st.partitions[id]
	st.mu.Unlock()
	p.note(err)
}
