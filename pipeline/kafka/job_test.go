package kafka_test

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

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

// kill ends a member without its leaving the group.
func (w *worker) kill() {
	if saramaRaces {
		_ = w.Close()
		return
	}
	w.wire.cut()
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
	handleAll(&j.wg, ch, j.handle)
	return w
}

// handleAll handles what comes, all of it at once.
func handleAll(wg *sync.WaitGroup, ch <-chan *message.Message, handle func(*message.Message)) {
	wg.Go(func() {
		for m := range ch {
			wg.Go(func() { handle(m) })
		}
	})
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

// more gives n further records of a job.
func more(j *job, n int) []pipeline.Record {
	records := make([]pipeline.Record, n)
	for i := range records {
		records[i] = pipeline.Record{Topic: j.in, Key: fmt.Append(nil, "k", j.n%jobKeys), Value: strconv.AppendInt(nil, int64(j.n), 10)}
		j.n++
	}
	return records
}

// decidedEnd is logEnd of a job's output once its transactions are decided there.
// Their marks come after the group's offsets, on whichever broker.
func decidedEnd(t *testing.T, j *job) int64 {
	t.Helper()
	if got := total(readAll(t, j.cfg, j.out)); got != 2*j.n {
		t.Fatalf("%d records came out, want %d", got, 2*j.n)
	}
	return logEnd(t, j.cfg, j.out)
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

func endsAdd(ends map[int32]int64) (n int64) {
	for _, end := range ends {
		n += end
	}
	return n
}
