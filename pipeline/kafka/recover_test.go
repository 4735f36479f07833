package kafka_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// TestRecoverEndsWhatAFormerLifeLeftOpen: before there is a subscription, and for
// every reader.
func TestRecoverEndsWhatAFormerLifeLeftOpen(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		t.Parallel()
		j := newJob(t, cfg, 5, 1)
		sc := j.config()
		sc.Transactions.Timeout = silence // so that not the broker ends it
		open, proceed := make(chan struct{}), make(chan struct{})
		var hold sync.Once
		former := j.startWith(sc, func(s *kafka.Subscriber) {
			kafka.BeforeCommit(s, func() { hold.Do(func() { close(open); <-proceed }) })
		})
		goOn := opener(t, proceed)
		get(t, "its transaction before the commit", wait(open))
		former.wire.cut()

		s := subscriber(t, cfg, sc)
		if err := s.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		write(t, publisher(t, cfg), pipeline.Record{Topic: j.out, Key: []byte("later"), Value: []byte("x")})
		if got := total(readAll(t, cfg, j.out)); got != 1 {
			t.Errorf("%d records can be read, want the one behind the transaction", got)
		}
		goOn()
		_, _ = former.Close(), s.Close()
		j.wg.Wait()
	})
}

// TestASubscriptionGoesOnWithWhatWasRecovered: a second producer of its id would
// have cost the first one's time again.
func TestASubscriptionGoesOnWithWhatWasRecovered(t *testing.T) {
	t.Parallel()
	c, cfg := fakeCluster(t)
	j := newJob(t, cfg, 20, 1)
	var begun atomic.Int64
	sc := j.config()
	overhear(c, kmsg.InitProducerID, func(r kmsg.Request) {
		if id := r.(*kmsg.InitProducerIDRequest).TransactionalID; id != nil && *id == sc.Transactions.ID+"-1" {
			begun.Add(1)
		}
	})
	w := j.startWith(sc, func(s *kafka.Subscriber) {
		for range 2 {
			if err := s.Recover(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	j.done()
	if err := w.Recover(t.Context()); err != nil { // it must not fence the one at work
		t.Error(err)
	}
	write(t, publisher(t, cfg), more(j, 10)...)
	j.done()
	_ = w.Close()
	j.wg.Wait()
	j.check()
	if begun.Load() != 1 {
		t.Errorf("%d producers were started, want one", begun.Load())
	}
}

// TestRecoverEndsWithItsContext: the coordinator never answers.
func TestRecoverEndsWithItsContext(t *testing.T) {
	t.Parallel()
	c, cfg := fakeCluster(t)
	asked, proceed := make(chan struct{}), make(chan struct{})
	var first sync.Once
	overhear(c, kmsg.FindCoordinator, func(kmsg.Request) { first.Do(func() { close(asked); <-proceed }) })
	ctx, cancel := context.WithCancel(t.Context())
	s := subscriber(t, cfg, once(name("g")))
	ended := make(chan error, 1)
	go func() { ended <- s.Recover(ctx) }()
	get(t, "the question for the coordinator", wait(asked))
	cancel()
	err := get(t, "the end of Recover", ended)
	close(proceed)
	if err == nil {
		t.Error("no error, though nothing was recovered")
	}
	_ = s.Close()
}
