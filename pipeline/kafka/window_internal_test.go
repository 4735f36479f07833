package kafka

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
)

func TestTheWatermarkIsTheLowestUnfinishedOffset(t *testing.T) {
	for _, tt := range []struct {
		name    string
		offsets []int64
		finish  []int // by index, in this order
		want    []int64
	}{
		{"in order", []int64{5, 6, 7}, []int{0, 1, 2}, []int64{6, 7, 8}},
		{"backwards", []int64{5, 6, 7}, []int{2, 1, 0}, []int64{5, 5, 8}},
		{"gaps of a compacted topic", []int64{5, 9, 20}, []int{0, 2, 1}, []int64{9, 9, 21}},
		{"one stays", []int64{5, 6, 7, 8}, []int{3, 1, 0}, []int64{5, 5, 7}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := watermark{next: 5}
			var seqs []uint64
			for _, o := range tt.offsets {
				seqs = append(seqs, w.add(o))
			}
			for i, f := range tt.finish {
				w.finish(seqs[f])
				if got := w.lowest(); got != tt.want[i] {
					t.Errorf("after %v: %d may be committed, want %d", tt.finish[:i+1], got, tt.want[i])
				}
			}
		})
	}
}

func TestNothingReadMeansTheStartMayBeCommitted(t *testing.T) {
	w := newWindow(1, 1, 42)
	if got := w.marks.lowest(); got != 42 {
		t.Errorf("got %d, want 42", got)
	}
}

func record(key []byte, offset int64) *task {
	t := &task{rec: pipeline.Record{Key: key, Offset: offset}}
	t.size = sizeOf(&t.rec)
	return t
}

func TestRecordsWithoutAKeyShareALaneAndAnEmptyKeyIsAKey(t *testing.T) {
	w := newWindow(10, 1<<20, 0)
	if w.add(record(nil, 0)) == nil {
		t.Error("the first record without a key started no lane")
	}
	if w.add(record(nil, 1)) != nil {
		t.Error("the second record without a key has a lane of its own")
	}
	if w.add(record([]byte{}, 2)) == nil {
		t.Error("an empty key shares the lane of no key")
	}
}

func TestTheWindowIsBoundedInRecordsAndBytes(t *testing.T) {
	w := newWindow(2, 100, 0)
	if !w.room(1000) {
		t.Error("a record larger than the window must come in when it is alone")
	}
	ln := w.add(record([]byte("a"), 0))
	if w.room(100) {
		t.Error("room for 100 bytes beside 1 in 100")
	}
	w.add(record([]byte("b"), 1))
	if w.room(1) {
		t.Error("room for a third record in a window of two")
	}
	w.finish(ln)
	if !w.room(1) {
		t.Error("no room after one of two was finished")
	}
}

func TestBehindAStuckRecordTheOthersGoOnUpToABound(t *testing.T) {
	w := newWindow(4, 1<<20, 0)
	w.add(record([]byte("stuck"), 0))
	n := int64(1)
	for ; w.room(1); n++ {
		w.finish(w.add(record([]byte("fine"), n)))
	}
	if n != maxSpread {
		t.Errorf("%d records went by, want %d", n, maxSpread)
	}
	if got := w.marks.lowest(); got != 0 {
		t.Errorf("%d may be committed, past the stuck record", got)
	}
}

func TestADrainFinishesOnlyWhatFillsHoles(t *testing.T) {
	w := newWindow(10, 1<<20, 0)
	a, a2, a3 := record([]byte("a"), 0), record([]byte("a"), 2), record([]byte("a"), 4)
	b := record([]byte("b"), 3)
	laneA := w.add(a)
	w.add(a2)
	w.add(b)
	w.add(a3)
	w.handed(a)
	w.handed(b)
	w.drain()
	if next := w.finish(laneA); next != a2 {
		t.Fatal("the hole below a record in work was left")
	}
	if next := w.finish(laneA); next != nil {
		t.Errorf("offset %d was begun, above all work", next.rec.Offset)
	}
}

// model runs a window by a string of choices and checks, after each, what must
// never be otherwise.
type model struct {
	t        testing.TB
	w        window
	next     int64
	active   map[*lane]*task
	keys     map[string]int // being worked on
	last     map[string]int64
	open     map[int64]bool
	highest  int64
	draining bool
}

func newModel(t testing.TB) *model {
	return &model{
		t: t, w: newWindow(8, 64, 0), active: map[*lane]*task{}, keys: map[string]int{},
		last: map[string]int64{}, open: map[int64]bool{},
	}
}

func (m *model) step(choice byte) {
	switch {
	case choice < 120:
		m.add(choice)
	case choice < 240:
		m.settle(int(choice), choice%5 == 0)
	case choice == 255:
		m.w.drain()
		m.draining = true
	}
	m.check()
}

func (m *model) add(choice byte) {
	if m.draining || !m.w.room(int64(choice%9)) {
		return
	}
	m.next += 1 + int64(choice%3) // with gaps
	var key []byte
	if k := choice % 7; k > 0 {
		key = fmt.Append(nil, k)
	}
	task := record(key, m.next)
	m.open[m.next] = true
	m.highest = m.next
	if ln := m.w.add(task); ln != nil {
		m.begin(ln, task)
	}
}

func (m *model) begin(ln *lane, task *task) {
	key := string(task.rec.Key)
	if m.keys[key]++; m.keys[key] > 1 {
		m.t.Fatalf("two records of key %q at once", key)
	}
	if task.rec.Offset <= m.last[key] {
		m.t.Fatalf("key %q: offset %d after %d", key, task.rec.Offset, m.last[key])
	}
	m.last[key] = task.rec.Offset
	m.active[ln] = task
	m.w.handed(task)
}

func (m *model) settle(pick int, fail bool) {
	lanes := make([]*lane, 0, len(m.active))
	for ln := range m.active {
		lanes = append(lanes, ln)
	}
	if len(lanes) == 0 {
		return
	}
	slices.SortFunc(lanes, func(a, b *lane) int { return int(m.active[a].rec.Offset - m.active[b].rec.Offset) })
	ln := lanes[pick%len(lanes)]
	task := m.active[ln]
	delete(m.active, ln)
	m.keys[string(task.rec.Key)]--
	if fail && m.draining { // a lane is only left while the claim is
		m.w.stop(ln)
		return
	}
	delete(m.open, task.rec.Offset)
	if next := m.w.finish(ln); next != nil {
		m.begin(ln, next)
	}
}

func (m *model) check() {
	lowest := m.highest + 1
	for o := range m.open {
		lowest = min(lowest, o)
	}
	if got := m.w.marks.lowest(); m.highest > 0 && got != lowest {
		m.t.Fatalf("offset %d may be committed, the lowest unfinished is %d", got, lowest)
	}
	if m.w.open > 8 || m.w.bytes > 64 {
		m.t.Fatalf("the window holds %d records, %d bytes", m.w.open, m.w.bytes)
	}
	if m.w.open != len(m.open) {
		m.t.Fatalf("the window counts %d open records, there are %d", m.w.open, len(m.open))
	}
}

func TestNoInterleavingPassesAnUnfinishedRecordOrMixesAKey(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		m := newModel(t)
		for range 500 {
			m.step(byte(r.IntN(250)))
		}
		m.step(255)
		for range 100 {
			m.step(byte(120 + r.IntN(120)))
		}
	}
}

func FuzzWindow(f *testing.F) {
	f.Add([]byte{1, 2, 3, 130, 131, 4, 255, 140, 145})
	f.Add([]byte{7, 7, 7, 200, 7, 200, 200})
	f.Fuzz(func(t *testing.T, choices []byte) {
		m := newModel(t)
		for _, c := range choices {
			m.step(c)
		}
	})
}

func TestAQueueThatIsNeverEmptyKeepsItsOrderAndItsSize(t *testing.T) {
	var q queue
	lanes := make([]lane, 10_000)
	for i := range 7 {
		q.push(&lanes[i])
	}
	for i := 7; i < len(lanes); i++ {
		q.push(&lanes[i])
		if got := q.pop(); got != &lanes[i-7] {
			t.Fatalf("lane %d is not the first in its turn", i-7)
		}
	}
	if q.len() != 7 || cap(q.lanes) > 64 {
		t.Errorf("%d lanes wait in room for %d", q.len(), cap(q.lanes))
	}
}

func BenchmarkLanes(b *testing.B) {
	keys := make([][]byte, 1000)
	for i := range keys {
		keys[i] = fmt.Append(nil, "booking/", i)
	}
	w := newWindow(512, 16<<20, 0)
	tasks := make([]task, 1024)
	var busy []*lane
	b.ReportAllocs()
	for i := range b.N {
		t := &tasks[i%len(tasks)]
		*t = task{rec: pipeline.Record{Key: keys[i%len(keys)], Offset: int64(i)}}
		if ln := w.add(t); ln != nil {
			busy = append(busy, ln)
		}
		if len(busy) == 256 {
			for _, ln := range busy {
				for w.finish(ln) != nil {
				}
			}
			busy = busy[:0]
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
