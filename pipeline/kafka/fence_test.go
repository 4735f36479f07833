package kafka_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

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
		goOn := opener(t, proceed)
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
		goOn()
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
		goOn := opener(t, proceed)
		j.done()
		before := decidedEnd(t, j)
		armed.Store(true)
		write(t, publisher(t, cfg), more(j, 1)...)
		get(t, "the transaction before its commit", wait(held))
		eventually(t, "its outputs in the log", func() bool { return logEnd(t, cfg, j.out) == before+2 })
		if got := total(readAll(t, cfg, j.out)); got != 120 { // returns when the broker has aborted it
			t.Errorf("%d records were read, want 120", got)
		}
		goOn()
		j.done()
		if w.Stats().Aborts == 0 {
			t.Error("nothing was aborted")
		}
		_ = w.Close()
		j.wg.Wait()
		j.check()
	})
}

// opener gives what lets those go on that wait for a channel's end. So does the
// end of the test: one that fails would wait for its subscriber for ever.
func opener(t *testing.T, proceed chan struct{}) func() {
	goOn := sync.OnceFunc(func() { close(proceed) })
	t.Cleanup(goOn)
	return goOn
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
		// Dropped with the producer that was fenced (on a busy machine that may
		// be more than one), and committed once.
		told := j.log.get(pipeline.Position{Topic: j.in, Offset: 100})
		if n := len(told); n < 2 || !told[n-1] || slices.Contains(told[:n-1], true) {
			t.Errorf("the record's work was settled as %v", told)
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
		goOn := opener(t, proceed)
		j.done()
		before := decidedEnd(t, j)
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
		goOn()
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

func TestAStaticMemberThatComesBackInTimeCausesNoRebalance(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		j := newJob(t, cfg, 400, 4)
		j.session = time.Minute // in time however slow the machine is
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

// TestAnEndThatComesLateEndsNoLaterTransaction: a broker that was paused carries a
// request out after its sender has asked again, and begun the next transaction.
func TestAnEndThatComesLateEndsNoLaterTransaction(t *testing.T) {
	t.Parallel()
	c, cfg := fakeCluster(t)
	j := newJob(t, cfg, 1, 1)
	ends := make(chan *kmsg.EndTxnRequest, 1)
	c.ControlKey(int16(kmsg.EndTxn), func(r kmsg.Request) (kmsg.Response, error, bool) {
		ends <- r.(*kmsg.EndTxnRequest)
		return nil, errors.New("no answer"), true // the first, as every control is called once
	})
	begun, late := 0, make(chan error, 1)
	w := j.startWith(j.config(), func(s *kafka.Subscriber) {
		kafka.BeforeCommit(s, func() {
			if begun++; begun == 2 {
				late <- endLate(cfg, <-ends)
			}
		})
	})
	j.done()
	write(t, publisher(t, cfg), more(j, 1)...)
	if err := get(t, "the answer to the late end", late); !errors.Is(err, sarama.ErrInvalidProducerEpoch) && !errors.Is(err, sarama.ErrProducerFenced) {
		t.Errorf("the end of the first transaction, come in the second, is answered %v", err)
	}
	j.done()
	_ = w.Close()
	j.wg.Wait()
	j.check()
}

// endLate carries out what a transaction's producer asked for before.
func endLate(cfg kafka.Config, r *kmsg.EndTxnRequest) error {
	conf := sarama.NewConfig()
	conf.Version = sarama.V4_1_0_0
	b := sarama.NewBroker(cfg.Brokers[0])
	if err := b.Open(conf); err != nil {
		return err
	}
	defer func() { _ = b.Close() }()
	answer, err := b.EndTxn(&sarama.EndTxnRequest{
		Version: 3, TransactionalID: r.TransactionalID, ProducerID: r.ProducerID, ProducerEpoch: r.ProducerEpoch, TransactionResult: r.Commit,
	})
	if err != nil {
		return err
	}
	return answer.Err
}
