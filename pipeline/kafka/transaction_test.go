package kafka_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// job copies records from one topic to another, two for each, exactly once, by
// members that come and go.
type job struct {
	t       *testing.T
	cfg     kafka.Config
	in, out string
	group   string
	session time.Duration
	pause   time.Duration // of a handler
	n       int
	log     *settledLog
	wg      sync.WaitGroup

	finished atomic.Int64
}

const jobKeys = 40

// newJob writes n records, numbered within their keys.
func newJob(t *testing.T, cfg kafka.Config, n int, partitions int32) *job {
	j := &job{t: t, cfg: cfg, in: topic(t, cfg, partitions), out: topic(t, cfg, 3), group: name("g"), session: 6 * time.Second, n: n, log: newSettledLog()}
	records := make([]pipeline.Record, n)
	for i := range records {
		records[i] = pipeline.Record{Topic: j.in, Key: fmt.Append(nil, "k", i%jobKeys), Value: strconv.AppendInt(nil, int64(i), 10)}
	}
	write(t, publisher(t, cfg), records...)
	return j
}

type worker struct {
	*kafka.Subscriber
	wire *wire
}

func (j *job) config() kafka.SubscriberConfig {
	sc := once(j.group)
	sc.SessionTimeout = j.session
	sc.Transactions.Timeout = 2 * time.Second
	sc.Transactions.MaxRecords = 100
	return sc
}

func (j *job) start(prepare ...func(*kafka.Subscriber)) *worker {
	return j.startWith(j.config(), prepare...)
}

func (j *job) startWith(sc kafka.SubscriberConfig, prepare ...func(*kafka.Subscriber)) *worker {
	w := &worker{Subscriber: subscriber(j.t, j.cfg, sc), wire: new(wire)}
	kafka.DialBy(w.Subscriber, w.wire.dial)
	for _, p := range prepare {
		p(w.Subscriber)
	}
	ch := subscribe(j.t, w.Subscriber, j.in)
	j.wg.Go(func() {
		for m := range ch {
			j.wg.Go(func() { j.handle(m) })
		}
	})
	return w
}

func (j *job) handle(m *message.Message) {
	time.Sleep(j.pause)
	r := copyTo(j.out, m)
	second := r
	second.Headers = append(second.Headers[:len(second.Headers):len(second.Headers)], pipeline.Text("second", "yes"))
	if err := kafka.Finish(m, []pipeline.Record{r, second}, j.log.of(m)); err != nil {
		m.Nack()
		return
	}
	j.finished.Add(1)
	m.Ack()
}

// done waits until the group has committed everything.
func (j *job) done() {
	j.t.Helper()
	a := admin(j.t, j.cfg)
	ends, err := a.Ends(j.t.Context(), j.in)
	if err != nil {
		j.t.Fatal(err)
	}
	eventually(j.t, "everything committed", func() bool {
		all, err := a.Committed(j.t.Context(), j.group)
		if err != nil {
			return false
		}
		for id, end := range ends {
			if end > 0 && all[pipeline.Partition{Topic: j.in, ID: id}] != end {
				return false
			}
		}
		return true
	})
}

// check reads what came out as any reader does: each record twice, in the order
// of its key.
func (j *job) check() {
	j.t.Helper()
	seen, last := map[string]int{}, map[string]int{}
	for _, records := range readAll(j.t, j.cfg, j.out) {
		for _, r := range records {
			seen[string(r.Value)]++
			i, _ := strconv.Atoi(string(r.Value))
			if before, ok := last[string(r.Key)]; ok && i < before {
				j.t.Errorf("key %s: %d after %d", r.Key, i, before)
			}
			last[string(r.Key)] = i
		}
	}
	for i := range j.n {
		if got := seen[strconv.Itoa(i)]; got != 2 {
			j.t.Errorf("record %d came out %d times, want 2", i, got)
		}
	}
	j.log.mu.Lock()
	defer j.log.mu.Unlock()
	// Who commits last need not be told of it: its network may be gone. And a
	// member that lost a record may be told after the one that committed it.
	for at, settled := range j.log.all {
		if n := countTrue(settled); n > 1 {
			j.t.Errorf("%s was committed %d times", at, n)
		}
	}
	if j.log.calls != j.finished.Load() || j.log.twice {
		j.t.Errorf("%d calls of settled for %d of Finish, some twice: %v", j.log.calls, j.finished.Load(), j.log.twice)
	}
}

func countTrue(all []bool) (n int) {
	for _, ok := range all {
		if ok {
			n++
		}
	}
	return n
}

func TestExactlyOnceWhileMembersAreKilledAndCloseAndJoin(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		t.Parallel()
		j := newJob(t, cfg, 6000, 4)
		j.pause = 2 * time.Millisecond
		at := func(n int) {
			eventually(t, fmt.Sprint(n, " records committed"), func() bool { return j.log.count() >= n })
		}
		one, two := j.start(), j.start()
		at(500)
		one.wire.cut()
		three := j.start()
		at(2000)
		_ = two.Close()
		four := j.start()
		at(3500)
		three.wire.cut()
		_ = three.Close() // without a network it ends too
		five := j.start()
		at(5000)
		_ = four.Close()
		j.done()
		_, _ = one.Close(), five.Close()
		j.wg.Wait()
		j.check()
	})
}

// TestATransactionThatFailsIsMended has the broker refuse one request of many.
func TestATransactionThatFailsIsMended(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		key   kmsg.Key
		err   *kerr.Error
		count int
		lost  bool // the work is dropped and done again
	}{
		{"the last one is not over yet", kmsg.AddPartitionsToTxn, kerr.ConcurrentTransactions, 5, false},
		{"the coordinator moves", kmsg.AddPartitionsToTxn, kerr.NotCoordinator, 1, false},
		{"too few replicas", kmsg.Produce, kerr.NotEnoughReplicas, 1, false},
		{"too few replicas for long", kmsg.Produce, kerr.NotEnoughReplicas, 20, false},
		{"a batch is refused", kmsg.Produce, kerr.MessageTooLarge, 1, false},
		{"the leader moves", kmsg.Produce, kerr.NotLeaderForPartition, 1, false},
		{"a write times out", kmsg.Produce, kerr.RequestTimedOut, 1, false},
		{"an old generation", kmsg.TxnOffsetCommit, kerr.IllegalGeneration, 1, false},
		{"a rebalance", kmsg.TxnOffsetCommit, kerr.RebalanceInProgress, 1, false},
		{"an unknown member", kmsg.TxnOffsetCommit, kerr.UnknownMemberID, 1, true},
		{"an answer is late", kmsg.EndTxn, kerr.RequestTimedOut, 1, false},
		{"the broker forgot the producer", kmsg.EndTxn, kerr.InvalidProducerIDMapping, 1, false},
		{"the broker is ill, though it commits", kmsg.EndTxn, kerr.UnknownServerError, 1, false},
		{"a fenced producer", kmsg.AddOffsetsToTxn, kerr.ProducerFenced, 1, true},
		{"an old epoch", kmsg.AddOffsetsToTxn, kerr.InvalidProducerEpoch, 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, cfg := fakeCluster(t)
			j := newJob(t, cfg, 300, 2)
			w := j.start()
			eventually(t, "some work", func() bool { return j.log.count() > 0 })
			f := kfake.Fault{Keys: []kmsg.Key{tt.key}, Err: tt.err, Count: tt.count}
			if tt.key == kmsg.Produce {
				f.Topic = j.out
			}
			fault := c.Fault(f)
			p := publisher(t, cfg)
			eventually(t, "the fault", func() bool {
				if j.n < 2000 {
					write(t, p, more(j, 1)...)
				}
				return fault.Hits() == tt.count
			})
			j.done()
			_ = w.Close()
			j.wg.Wait()
			j.check()
			if !tt.lost {
				j.log.checkOrder(t)
				for at, settled := range j.log.all {
					if diff := cmp.Diff([]bool{true}, settled); diff != "" {
						t.Errorf("%s: %s", at, diff)
					}
				}
			}
		})
	}
}

// TestAZombieCannotCommit freezes a member just before a commit, until its
// partition was another member's for a while, and thaws it.
func TestAZombieCannotCommit(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		t.Parallel()
		j := newJob(t, cfg, 60, 1)
		sc := j.config()
		sc.Transactions.Timeout = time.Minute // so that not the broker ends its transaction
		var zombie *worker
		var freeze sync.Once
		frozen, proceed := make(chan struct{}), make(chan struct{})
		var armed atomic.Bool
		zombie = j.startWith(sc, func(s *kafka.Subscriber) {
			kafka.BeforeCommit(s, func() {
				if armed.Load() {
					freeze.Do(func() {
						close(frozen)
						<-proceed
					})
				}
			})
		})
		eventually(t, "the first records committed", func() bool { return j.log.count() > 0 })
		armed.Store(true)
		p := publisher(t, cfg)
		more := func() {
			write(t, p, pipeline.Record{Topic: j.in, Key: []byte("more"), Value: strconv.AppendInt(nil, int64(j.n), 10)})
			j.n++
		}
		more()
		get(t, "the zombie before its commit", wait(frozen))
		zombie.wire.freeze()
		other := j.start()
		more()
		j.done() // by the other
		zombie.wire.thaw()
		close(proceed)
		eventually(t, "the zombie's transaction to fail", func() bool { return zombie.Stats().Aborts > 0 })
		more()
		j.done()
		_, _ = zombie.Close(), other.Close()
		j.wg.Wait()
		j.check()
	})
}

// TestATransactionThatTheBrokerGaveUpIsDoneAgain holds one open for longer than
// its timeout.
func TestATransactionThatTheBrokerGaveUpIsDoneAgain(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		t.Parallel()
		j := newJob(t, cfg, 60, 1)
		sc := j.config()
		sc.Transactions.Timeout = time.Second
		held, proceed := make(chan struct{}), make(chan struct{})
		var armed atomic.Bool
		var hold sync.Once
		w := j.startWith(sc, func(s *kafka.Subscriber) {
			kafka.BeforeCommit(s, func() {
				if armed.Load() {
					hold.Do(func() {
						close(held)
						<-proceed
					})
				}
			})
		})
		j.done()
		before := logEnd(t, cfg, j.out)
		armed.Store(true)
		write(t, publisher(t, cfg), more(j, 1)...)
		get(t, "the transaction before its commit", wait(held))
		eventually(t, "its outputs in the log", func() bool { return logEnd(t, cfg, j.out) == before+2 })
		if got := total(readAll(t, cfg, j.out)); got != 120 { // returns when the broker has aborted it
			t.Errorf("%d records were read, want 120", got)
		}
		close(proceed)
		j.done()
		if w.Stats().Aborts == 0 {
			t.Error("nothing was aborted")
		}
		_ = w.Close()
		j.wg.Wait()
		j.check()
	})
}

// logEnd gives how many offsets a topic's partitions have had.
func logEnd(t *testing.T, cfg kafka.Config, topic string) int64 {
	t.Helper()
	ends, err := admin(t, cfg).Ends(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	return endsAdd(ends)
}

// wait makes a channel that closes one that gives a value.
func wait(closed <-chan struct{}) <-chan bool {
	ch := make(chan bool, 1)
	go func() {
		<-closed
		ch <- true
	}()
	return ch
}

func TestATakenOverIDDropsItsWorkAndBeginsAgain(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		j := newJob(t, cfg, 100, 1)
		sc := j.config()
		w := j.startWith(sc)
		j.done()
		thief := once(name("g"))
		thief.Transactions.ID = sc.Transactions.ID
		empty := topic(t, cfg, 1)
		a := admin(t, cfg)
		s := subscriber(t, cfg, thief)
		subscribe(t, s, empty)
		eventually(t, "the id taken over", func() bool { return committed(t, a, thief.Group, empty, 0) == 0 })
		write(t, publisher(t, cfg), pipeline.Record{Topic: j.in, Key: []byte("k"), Value: []byte("100")})
		j.n++
		j.done()
		if got := w.Stats().Aborts; got == 0 {
			t.Error("the producer was not fenced")
		}
		_ = w.Close()
		j.wg.Wait()
		j.check()
		if diff := cmp.Diff([]bool{false, true}, j.log.get(pipeline.Position{Topic: j.in, Offset: 100})); diff != "" {
			t.Error(diff)
		}
	})
}

func TestReadersWaitForAnOpenTransactionAndDoNotSeeAbortedOnes(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		j := newJob(t, cfg, 50, 1)
		sc := j.config()
		sc.Transactions.Timeout = time.Minute
		held, proceed := make(chan struct{}, 1), make(chan struct{})
		var armed atomic.Bool
		w := j.startWith(sc, func(s *kafka.Subscriber) {
			kafka.BeforeCommit(s, func() {
				if armed.Load() {
					select {
					case held <- struct{}{}:
					default:
					}
					<-proceed
				}
			})
		})
		j.done()
		before := logEnd(t, cfg, j.out)
		armed.Store(true)
		write(t, publisher(t, cfg), more(j, 1)...)
		get(t, "an open transaction", held)
		eventually(t, "its records in the log", func() bool { return logEnd(t, cfg, j.out) == before+2 })
		tailed := make(chan string, 200)
		a := admin(t, cfg)
		var tail sync.WaitGroup
		tail.Go(func() {
			_ = a.Tail(t.Context(), j.out, kafka.Oldest, func(r pipeline.Record) error { tailed <- string(r.Value); return nil })
		})
		read := make(chan int, 1)
		go func() { read <- total(readAll(t, cfg, j.out)) }()
		for range 100 {
			if v := get(t, "a committed record", tailed); v == "50" {
				t.Error("Tail gave a record of an open transaction")
			}
		}
		select {
		case n := <-read:
			t.Errorf("read %d records, past an open transaction", n)
		default:
		}
		close(proceed)
		if got := get(t, "the end of reading", read); got != 2*51 {
			t.Errorf("%d records, want %d", got, 2*51)
		}
		if v := get(t, "what was committed now", tailed); v != "50" {
			t.Errorf("Tail gave %s", v)
		}
		_ = w.Close()
		j.wg.Wait()
	})
}

func endsAdd(ends map[int32]int64) (n int64) {
	for _, end := range ends {
		n += end
	}
	return n
}

func TestAStaticMemberThatComesBackInTimeCausesNoRebalance(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		j := newJob(t, cfg, 400, 4)
		var assigned atomic.Int32
		start := func(instance, id string, sc kafka.SubscriberConfig) *kafka.Subscriber {
			own := cfg
			own.InstanceID = instance
			sc.Transactions.ID = id
			s := subscriber(t, own, sc)
			ch := subscribe(t, s, j.in)
			j.wg.Go(func() {
				for m := range ch {
					j.handle(m)
				}
			})
			return s
		}
		counted := j.config()
		counted.OnAssigned = func(_ context.Context, _ pipeline.Partition) error { assigned.Add(1); return nil }
		ida, idb := name("a"), name("b")
		a := start("a", ida, counted)
		b := start("b", idb, j.config())
		shares := func() bool { return len(a.Stats().Partitions) == 2 && len(b.Stats().Partitions) == 2 }
		eventually(t, "two shares", shares)
		j.done()
		before, held := assigned.Load(), a.Stats().Partitions
		_ = b.Close()
		b = start("b", idb, j.config())
		write(t, publisher(t, cfg), more(j, 100)...)
		j.done()
		eventually(t, "two shares again", shares)
		if got := assigned.Load(); got != before {
			t.Errorf("the other member was assigned %d more partitions", got-before)
		}
		for i, p := range a.Stats().Partitions {
			if p.Partition != held[i].Partition {
				t.Errorf("the other member now has %s", p.Partition)
			}
		}
		_, _ = a.Close(), b.Close()
		j.wg.Wait()
		j.check()
	})
}

// more gives n further records of a job.
func more(j *job, n int) []pipeline.Record {
	records := make([]pipeline.Record, n)
	for i := range records {
		records[i] = pipeline.Record{Topic: j.in, Key: fmt.Append(nil, "k", j.n%jobKeys), Value: strconv.AppendInt(nil, int64(j.n), 10)}
		j.n++
	}
	return records
}
