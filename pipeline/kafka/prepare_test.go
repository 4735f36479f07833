package kafka_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// preparer prepares records as a test says, and notes which.
type preparer struct {
	wait func(ctx context.Context, r *pipeline.Record) error // nil: not at all

	mu   sync.Mutex
	seen []string // key and value
}

func (p *preparer) prepare(ctx context.Context, r *pipeline.Record) (any, error) {
	p.mu.Lock()
	p.seen = append(p.seen, string(r.Key)+"="+string(r.Value))
	p.mu.Unlock()
	if p.wait != nil {
		if err := p.wait(ctx, r); err != nil {
			return nil, err
		}
	}
	return "of " + string(r.Value), nil
}

func (p *preparer) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.seen)
}

// conf is that of a group in which every record is prepared.
func (p *preparer) conf(group string) kafka.SubscriberConfig {
	return kafka.SubscriberConfig{
		Group: group, Batch: upTo(16), Batches: 2, NackBackoff: time.Millisecond,
		Prepare: func(string) func(context.Context, *pipeline.Record) (any, error) { return p.prepare },
	}
}

func checkPrepared(t *testing.T, m *message.Message) {
	t.Helper()
	for i, r := range kafka.RecordsOf(m) {
		if got := kafka.PreparedOf(m, i); got != "of "+string(r.Value) {
			t.Errorf("%s of value %s comes with %v", r.Position(), r.Value, got)
		}
	}
}

func TestRecordsArePreparedInTheOrderOfTheirKeysAndComeWithWhatThatGave(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		n, g, p := topic(t, cfg, 2), name("g"), &preparer{}
		records := manyOf(n, 50, 20)
		write(t, publisher(t, cfg), records...)
		ch := subscribe(t, subscriber(t, cfg, p.conf(g)), n)
		byKey, _ := drainAll(t, ch, 1000, func(m *message.Message) { checkPrepared(t, m); m.Ack() })
		prepared := map[string][]string{}
		for _, s := range p.all() {
			key, value, _ := strings.Cut(s, "=")
			prepared[key] = append(prepared[key], value)
		}
		for key, values := range byKey {
			if len(values) != 20 || !slices.Equal(values, prepared[key]) {
				t.Errorf("key %s came as %v, prepared as %v", key, values, prepared[key])
			}
		}
		allCommitted(t, cfg, g, 1000)
	})
}

func TestARecordWhosePreparationWaitsHoldsUpItsOwnKeyAlone(t *testing.T) {
	t.Parallel()
	cfg := fake(t)
	n, g, release := topic(t, cfg, 1), name("g"), make(chan struct{})
	p := &preparer{wait: func(_ context.Context, r *pipeline.Record) error {
		if string(r.Key) == "k0" {
			<-release
		}
		return nil
	}}
	write(t, publisher(t, cfg), manyOf(n, 40, 2)...)
	s := subscriber(t, cfg, p.conf(g))
	ch := subscribe(t, s, n)
	byKey, _ := drainAll(t, ch, 78, func(m *message.Message) { m.Ack() })
	if len(byKey["k0"]) != 0 {
		t.Errorf("%v came before it was prepared", byKey["k0"])
	}
	eventually(t, "all others done", func() bool { return s.Stats().Partitions[0].InFlight == 2 })
	if offset, err := admin(t, cfg).Committed(t.Context(), g); err != nil || offset[pipeline.Partition{Topic: n}] > 0 {
		t.Errorf("committed %v, %v; the first record is not finished", offset, err)
	}
	close(release)
	byKey, _ = drainAll(t, ch, 2, func(m *message.Message) { m.Ack() })
	if !slices.Equal(byKey["k0"], []string{"0", "1"}) {
		t.Errorf("it came as %v", byKey)
	}
}

// Of a, a, b, b the first of each is begun; the second of a is below one that is.
func TestCloseLetsWhatIsBeingPreparedFinishAndWhatIsBelowIt(t *testing.T) {
	t.Parallel()
	cfg := fake(t)
	n, g, begun, release := topic(t, cfg, 1), name("g"), make(chan struct{}, 4), make(chan struct{})
	p := &preparer{wait: func(context.Context, *pipeline.Record) error { begun <- struct{}{}; <-release; return nil }}
	write(t, publisher(t, cfg), keyedRecords(n, "a", "a", "b", "b")...)
	conf := p.conf(g)
	conf.DrainTimeout, conf.RebalanceTimeout = patience/2, patience
	s := subscriber(t, cfg, conf)
	ch := subscribe(t, s, n)
	get(t, "one preparation", begun)
	get(t, "another", begun)
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	eventually(t, "the drain", func() bool { return kafka.Draining(s, pipeline.Partition{Topic: n}) })
	close(release)
	seen := 0
	for m := range ch {
		checkPrepared(t, m)
		seen += len(kafka.RecordsOf(m))
		m.Ack()
	}
	if err := get(t, "the end of Close", closed); err != nil || seen != 3 {
		t.Errorf("%d records were handed out, want the two that were begun and the one between; %v", seen, err)
	}
	if got := committed(t, admin(t, cfg), g, n, 0); got != 3 || len(p.all()) != 3 {
		t.Errorf("offset %d is committed, want 3; prepared %v", got, p.all())
	}
}

func TestAPreparationThatIsCutOffLeavesItsRecordForTheNextMember(t *testing.T) {
	t.Parallel()
	cfg := fake(t)
	n, g, begun := topic(t, cfg, 1), name("g"), make(chan struct{}, 1)
	p := &preparer{wait: func(ctx context.Context, _ *pipeline.Record) error {
		begun <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}}
	write(t, publisher(t, cfg), keyedRecords(n, "a")...)
	conf := p.conf(g)
	conf.DrainTimeout = time.Millisecond
	s := subscriber(t, cfg, conf)
	ch := subscribe(t, s, n)
	get(t, "the preparation", begun)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for m := range ch {
		t.Errorf("%s was handed out", m.UUID)
	}
	next := &preparer{}
	m := get(t, "the record again", subscribe(t, subscriber(t, cfg, next.conf(g)), n))
	checkPrepared(t, m)
	m.Ack()
}

// TestAWaitThatCanBeWaitedElsewhereHoldsNoRebalance: another member gets its
// partition at once, not after the whole time to finish.
func TestAWaitThatCanBeWaitedElsewhereHoldsNoRebalance(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		n, g, begun := topic(t, cfg, 2), name("g"), make(chan struct{}, 64)
		first := &preparer{wait: func(ctx context.Context, _ *pipeline.Record) error {
			begun <- struct{}{}
			select {
			case <-pipeline.Leaving(ctx).Done():
				return context.Canceled
			case <-ctx.Done():
				t.Error("it waited for the end of its time")
				return ctx.Err()
			}
		}}
		write(t, publisher(t, cfg), keyedRecords(n, numbered(40)...)...)
		conf := first.conf(g)
		conf.DrainTimeout, conf.RebalanceTimeout = patience, 2*patience
		s := subscriber(t, cfg, conf)
		subscribe(t, s, n)
		get(t, "one preparation", begun)
		get(t, "another", begun)
		m := get(t, "the record of the partition that was given up", subscribe(t, subscriber(t, cfg, (&preparer{}).conf(g)), n))
		checkPrepared(t, m)
		m.Ack()
	})
}

func TestAPreparationThatCameToNothingIsDoneAgain(t *testing.T) {
	t.Parallel()
	cfg := fake(t)
	n := topic(t, cfg, 1)
	failed := false
	p := &preparer{wait: func(context.Context, *pipeline.Record) error {
		if failed {
			return nil
		}
		failed = true
		return errors.New("nothing")
	}}
	write(t, publisher(t, cfg), keyedRecords(n, "a")...)
	m := get(t, "the record", subscribe(t, subscriber(t, cfg, p.conf("")), n))
	checkPrepared(t, m)
	m.Ack()
	if got := p.all(); len(got) != 2 {
		t.Errorf("prepared %v", got)
	}
}

func TestWhatWasPreparedIsKeptWhenARecordIsHandedOutAgain(t *testing.T) {
	t.Parallel()
	cfg := fake(t)
	in, out, g := topic(t, cfg, 1), topic(t, cfg, 1), name("g")
	write(t, publisher(t, cfg), keyedRecords(in, numbered(8)...)...)
	p := &preparer{}
	conf := p.conf(g)
	conf.Transactions = once(g).Transactions
	ch := subscribe(t, subscriber(t, cfg, conf), in)
	for acked := 0; acked < 8; {
		m := get(t, "a message", ch)
		checkPrepared(t, m)
		if !kafka.IsAlone(m) { // hand them out apart
			m.Nack()
			continue
		}
		copied := *kafka.RecordsOf(m)[0]
		copied.Topic = out
		if err := kafka.FinishAll(m, []kafka.Output{{Records: []pipeline.Record{copied}}}); err != nil {
			t.Fatal(err)
		}
		m.Ack()
		acked++
	}
	eventually(t, "all committed", func() bool { return committed(t, admin(t, cfg), g, in, 0) >= 8 })
	if got := p.all(); len(got) != 8 {
		t.Errorf("prepared %v", got)
	}
	if got := total(readAll(t, cfg, out)); got != 8 {
		t.Errorf("%d outputs of 8 records", got)
	}
}

func TestNothingOfAPausedTopicIsPrepared(t *testing.T) {
	t.Parallel()
	cfg := fake(t)
	n, p := topic(t, cfg, 1), &preparer{}
	s := subscriber(t, cfg, p.conf(""))
	s.Pause(n)
	ch := subscribe(t, s, n)
	write(t, publisher(t, cfg), keyedRecords(n, numbered(20)...)...)
	eventually(t, "all taken in", func() bool {
		stats := s.Stats()
		return len(stats.Partitions) == 1 && stats.Partitions[0].InFlight == 20
	})
	if got := p.all(); len(got) != 0 {
		t.Errorf("prepared %v", got)
	}
	s.Resume(n)
	drainAll(t, ch, 20, func(m *message.Message) { checkPrepared(t, m); m.Ack() })
}
