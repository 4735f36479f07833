package kafka_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// once gives a configuration for exactly once.
func once(group string) kafka.SubscriberConfig {
	return kafka.SubscriberConfig{Group: group, Transactions: &kafka.Transactions{ID: name("x"), Interval: 20 * time.Millisecond}}
}

// settledLog notes, by partition, which offsets were settled and how.
type settledLog struct {
	mu  sync.Mutex
	all map[pipeline.Position][]bool
	ok  map[int32][]int64 // offsets that were committed, in the order of the calls

	calls int64
	twice bool // for one Finish
}

func newSettledLog() *settledLog {
	return &settledLog{all: map[pipeline.Position][]bool{}, ok: map[int32][]int64{}}
}

func (l *settledLog) of(m *message.Message) func(bool) { return l.at(kafka.RecordOf(m).Position()) }

func (l *settledLog) at(at pipeline.Position) func(bool) {
	called := false
	return func(committed bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.calls++
		l.twice, called = l.twice || called, true
		l.all[at] = append(l.all[at], committed)
		if committed {
			l.ok[at.Partition] = append(l.ok[at.Partition], at.Offset)
		}
	}
}

func (l *settledLog) get(at pipeline.Position) []bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all[at])
}

func (l *settledLog) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, offsets := range l.ok {
		n += len(offsets)
	}
	return n
}

func (l *settledLog) checkOrder(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, offsets := range l.ok {
		if !slices.IsSorted(offsets) || len(slices.Compact(slices.Clone(offsets))) != len(offsets) {
			t.Errorf("partition %d: settled in the order %v", id, offsets)
		}
	}
}

func finish(t testing.TB, m *message.Message, settled func(bool), outputs ...pipeline.Record) {
	t.Helper()
	if err := kafka.Finish(m, outputs, settled); err != nil {
		t.Errorf("finish: %v", err)
	}
	m.Ack()
}

func copyTo(topic string, m *message.Message) pipeline.Record {
	r := kafka.RecordOf(m)
	r.Headers = append(r.Headers, pipeline.Text("from", r.Position().String()))
	r.Topic = topic
	return r
}

func TestOutputsAndOffsetsAreCommittedTogetherAndSettledInOrder(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		const n = 1000
		in, one, two, g := topic(t, cfg, 2), topic(t, cfg, 3), topic(t, cfg, 2), name("g")
		write(t, publisher(t, cfg), keyedRecords(in, numbered(n)...)...)
		s := subscriber(t, cfg, once(g))
		ch, log := subscribe(t, s, in), newSettledLog()
		for i := range n {
			m := get(t, "a record", ch)
			switch i % 10 {
			case 0:
				m.Ack() // counts as no outputs
			case 1:
				finish(t, m, log.of(m))
			default:
				finish(t, m, log.of(m), copyTo(one, m), copyTo(two, m), copyTo(two, m))
			}
		}
		eventually(t, "everything settled", func() bool { return log.count() == n/10*9 })
		log.checkOrder(t)
		if got := total(readAll(t, cfg, one)); got != n/10*8 {
			t.Errorf("%d records in the first topic", got)
		}
		if got := total(readAll(t, cfg, two)); got != n/10*16 {
			t.Errorf("%d records in the second topic", got)
		}
		checkCommitted(t, cfg, g, in)
		if st := s.Stats(); st.Aborts != 0 || st.Commits == 0 || st.Commits > 200 {
			t.Errorf("%d aborts, %d commits", st.Aborts, st.Commits)
		}
	})
}

func total(all map[int32][]pipeline.Record) int {
	n := 0
	for _, records := range all {
		n += len(records)
	}
	return n
}

// checkCommitted compares a group's offsets with the last records of its topic,
// which a mark of a transaction may follow.
func checkCommitted(t *testing.T, cfg kafka.Config, group, topic string) {
	t.Helper()
	a := admin(t, cfg)
	for id, records := range readAll(t, cfg, topic) {
		if len(records) == 0 {
			continue
		}
		if got, want := committed(t, a, group, topic, id), records[len(records)-1].Offset+1; got != want {
			t.Errorf("partition %d: offset %d committed, want %d", id, got, want)
		}
	}
}

func TestANewGroupWithTransactionsIsVisibleBeforeItsFirstRecordIsDone(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		in, g := topic(t, cfg, 2), name("g")
		a := admin(t, cfg)
		subscribe(t, subscriber(t, cfg, once(g)), in)
		eventually(t, "offset 0 committed for both partitions", func() bool {
			return committed(t, a, g, in, 0) == 0 && committed(t, a, g, in, 1) == 0
		})
	})
}

func TestAnAckLetsItsLaneGoOnWhileTheRecordWaitsForItsCommit(t *testing.T) {
	t.Parallel()
	cfg := fake(t)
	in, out, g := topic(t, cfg, 1), topic(t, cfg, 1), name("g")
	write(t, publisher(t, cfg), keyedRecords(in, "slow", "a", "a", "a")...)
	s := subscriber(t, cfg, once(g))
	ch, log := subscribe(t, s, in), newSettledLog()
	var slow *message.Message
	for range 4 {
		m := get(t, "a record of each key, and the next of the same key", ch)
		if key(m) == "slow" {
			slow = m
			continue
		}
		finish(t, m, log.of(m), copyTo(out, m))
	}
	if got := s.Stats().Partitions[0]; got.InFlight != 4 || got.Next != 0 {
		t.Errorf("in flight %d, next %d; want 4 and 0", got.InFlight, got.Next)
	}
	if log.count() != 0 {
		t.Error("committed behind a hole")
	}
	finish(t, slow, log.of(slow), copyTo(out, slow))
	eventually(t, "all settled", func() bool { return log.count() == 4 })
	log.checkOrder(t)
	eventually(t, "the window empty", func() bool { p := s.Stats().Partitions[0]; return p.InFlight == 0 && p.Bytes == 0 })
}

func TestFinishRefuses(t *testing.T) {
	t.Parallel()
	cfg := fake(t)
	in, out := topic(t, cfg, 1), topic(t, cfg, 1)
	write(t, publisher(t, cfg), keyedRecords(in, "a")...)
	if err := kafka.Finish(message.NewMessage("", nil), nil, nil); err == nil {
		t.Error("a message built by hand was finished")
	}
	plain := get(t, "a record", subscribe(t, subscriber(t, cfg, kafka.SubscriberConfig{}), in))
	if err := kafka.Finish(plain, nil, nil); err == nil {
		t.Error("finished without transactions")
	}
	plain.Ack()
	s := subscriber(t, cfg, once(name("g")))
	m := get(t, "a record", subscribe(t, s, in))
	huge := pipeline.Record{Topic: out, Value: make([]byte, kafka.DefaultMaxRecord)}
	if err := kafka.Finish(m, []pipeline.Record{{Topic: out}, huge}, func(bool) { t.Error("settled, though refused") }); !kafka.IsTooLarge(err) {
		t.Errorf("got %v", err)
	}
	done := make(chan bool, 1)
	if err := kafka.Finish(m, []pipeline.Record{{Topic: out, Value: []byte("letter")}}, func(ok bool) { done <- ok }); err != nil {
		t.Error(err)
	}
	if err := kafka.Finish(m, nil, nil); err == nil {
		t.Error("finished twice")
	}
	m.Ack()
	if !get(t, "the commit", done) {
		t.Error("dropped")
	}
	if err := kafka.Finish(m, nil, nil); err == nil {
		t.Error("finished after its Ack")
	}
	if got := total(readAll(t, cfg, out)); got != 1 {
		t.Errorf("%d records came out", got)
	}
}

func TestANackTakesTheOutputsBack(t *testing.T) {
	t.Parallel()
	cfg := fake(t)
	in, out, g := topic(t, cfg, 1), topic(t, cfg, 1), name("g")
	write(t, publisher(t, cfg), keyedRecords(in, "a")...)
	sc := once(g)
	sc.NackBackoff = time.Millisecond
	s := subscriber(t, cfg, sc)
	ch, log := subscribe(t, s, in), newSettledLog()
	m := get(t, "the record", ch)
	at := kafka.RecordOf(m).Position()
	if err := kafka.Finish(m, []pipeline.Record{copyTo(out, m)}, log.of(m)); err != nil {
		t.Fatal(err)
	}
	m.Nack()
	second := get(t, "the record again", ch)
	if err := kafka.Finish(m, nil, nil); err == nil {
		t.Error("the Nacked message was finished")
	}
	finish(t, second, log.of(second), copyTo(out, second))
	eventually(t, "the commit", func() bool { return log.count() == 1 })
	if diff := cmp.Diff([]bool{false, true}, log.get(at)); diff != "" {
		t.Error(diff)
	}
	if got := total(readAll(t, cfg, out)); got != 1 {
		t.Errorf("%d records came out", got)
	}
}

// TestAFullWindowIsCommittedBeforeItsIntervalIsOver: nothing more of its partition
// would be read until then.
func TestAFullWindowIsCommittedBeforeItsIntervalIsOver(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		const n, window = 200, 40
		in, out := topic(t, cfg, 1), topic(t, cfg, 1)
		write(t, publisher(t, cfg), manyOf(in, 50, n/50)...)
		sc := once(name("g"))
		sc.Transactions.Interval, sc.Transactions.MaxRecords, sc.WindowRecords = time.Hour, 100, window
		ch, log := subscribe(t, subscriber(t, cfg, sc), in), newSettledLog()
		for range n {
			m := get(t, "a record", ch)
			finish(t, m, log.of(m), copyTo(out, m))
		}
		eventually(t, "all but the last window settled", func() bool { return log.count() >= n-window })
	})
}

func TestCloseCommitsWhatIsReadyAndDropsTheRest(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		in, out, g := topic(t, cfg, 1), topic(t, cfg, 1), name("g")
		write(t, publisher(t, cfg), keyedRecords(in, "a", "b", "c", "d")...)
		sc := once(g)
		sc.Transactions.Interval = time.Hour // only Close commits
		sc.DrainTimeout = 200 * time.Millisecond
		s := subscriber(t, cfg, sc)
		ch, log := subscribe(t, s, in), newSettledLog()
		byOffset := map[int64]*message.Message{}
		for range 4 {
			m := get(t, "a record", ch)
			byOffset[kafka.RecordOf(m).Offset] = m
		}
		for _, at := range []int64{0, 1, 3} {
			finish(t, byOffset[at], log.of(byOffset[at]), copyTo(out, byOffset[at]))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		for at, want := range map[int64][]bool{0: {true}, 1: {true}, 2: nil, 3: {false}} {
			if diff := cmp.Diff(want, log.get(pipeline.Position{Topic: in, Offset: at})); diff != "" {
				t.Errorf("offset %d: %s", at, diff)
			}
		}
		if err := kafka.Finish(byOffset[2], nil, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("finish after the end: %v", err)
		}
		byOffset[2].Ack()
		// The mark on the offsets follows the answer to the commit.
		eventually(t, "offset 2 committed", func() bool { return committed(t, admin(t, cfg), g, in, 0) == 2 })
		if got := total(readAll(t, cfg, out)); got != 2 {
			t.Errorf("%d records came out, want 2", got)
		}
	})
}

func TestTransactionsAreChecked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		x    kafka.Transactions
		ok   bool
	}{
		{"defaults", kafka.Transactions{ID: "x"}, true},
		{"no id", kafka.Transactions{}, false},
		{"negative", kafka.Transactions{ID: "x", MaxRecords: -1}, false},
		{"a timeout too short for any broker", kafka.Transactions{ID: "x", Timeout: time.Millisecond}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := kafka.NewSubscriber(kafka.Config{Brokers: []string{"127.0.0.1:1"}}, kafka.SubscriberConfig{Group: "g", Transactions: &tt.x})
			if (err == nil) != tt.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAPausedTopicHandsOutNothingNewWhileTheOthersGoOn(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		one, two := topic(t, cfg, 1), topic(t, cfg, 1)
		p := publisher(t, cfg)
		s := subscriber(t, cfg, kafka.SubscriberConfig{})
		s.Pause(one)
		ch := subscribe(t, s, one+","+two)
		write(t, p, keyedRecords(one, numbered(20)...)...)
		write(t, p, keyedRecords(two, numbered(20)...)...)
		for range 20 {
			m := get(t, "a record", ch)
			if got := kafka.RecordOf(m).Topic; got != two {
				t.Fatalf("a record of %s", got)
			}
			m.Ack()
		}
		eventually(t, "records of the paused topic read and held", func() bool {
			return slices.ContainsFunc(s.Stats().Partitions, func(p kafka.PartitionStats) bool {
				return p.Partition.Topic == one && p.Paused && p.InFlight == 20
			})
		})
		s.Resume(one)
		held := get(t, "a record of the resumed topic", ch)
		s.Pause(one, one)
		held.Ack() // what is in work goes on
		write(t, p, keyedRecords(two, "last")...)
		// One record may be on its way through the channel; it is handed out at most once more.
		for m := range ch {
			m.Ack()
			if kafka.RecordOf(m).Topic == two {
				break
			}
		}
		s.Resume(one)
		eventually(t, "all of the resumed topic done", func() bool {
			select {
			case m := <-ch:
				m.Ack()
			default:
			}
			for _, p := range s.Stats().Partitions {
				if p.Lag > 0 {
					return false
				}
			}
			return true
		})
	})
}

func TestMaxSpreadIsASetting(t *testing.T) {
	t.Parallel()
	cfg := fake(t)
	in := topic(t, cfg, 1)
	write(t, publisher(t, cfg), keyedRecords(in, numbered(30)...)...)
	s := subscriber(t, cfg, kafka.SubscriberConfig{MaxSpread: 10, DrainTimeout: time.Millisecond})
	ch := subscribe(t, s, in)
	stuck := get(t, "a record", ch)
	for kafka.RecordOf(stuck).Offset != 0 {
		stuck.Ack()
		stuck = get(t, "a record", ch)
	}
	var done atomic.Int32
	go func() {
		for m := range ch {
			m.Ack()
			done.Add(1)
		}
	}()
	eventually(t, "ten records from the stuck one on", func() bool {
		st := s.Stats()
		return st.MaxSpread == 10 && st.Partitions[0].Spread == 10 && st.Partitions[0].InFlight == 1
	})
	stuck.Ack()
	eventually(t, "all done", func() bool { return s.Stats().Partitions[0].Next == 30 })
}
