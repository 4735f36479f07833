package kafka_test

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// limitTo sets what a topic takes, as an operator does.
func limitTo(t testing.TB, cfg kafka.Config, topic string, bytes int) {
	t.Helper()
	conf := sarama.NewConfig()
	conf.Version = sarama.V4_1_0_0
	a, err := sarama.NewClusterAdmin(cfg.Brokers, conf)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	value := strconv.Itoa(bytes)
	err = a.IncrementalAlterConfig(sarama.TopicResource, topic, map[string]sarama.IncrementalAlterConfigsEntry{
		"max.message.bytes": {Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &value},
	}, false)
	if err != nil {
		t.Fatal(err)
	}
}

// letters gives each record an output of its own size, and where that is larger
// than the topic takes a letter instead.
type letters struct {
	out, dead string
	bytes     func(r pipeline.Record) int
	log       *settledLog
	refused   atomic.Int32
	wg        sync.WaitGroup
}

func (l *letters) run(ch <-chan *message.Message) {
	handleAll(&l.wg, ch, l.handle)
}

func (l *letters) handle(m *message.Message) {
	r := kafka.RecordOf(m)
	made := pipeline.Record{Topic: l.out, Key: r.Key, Value: make([]byte, l.bytes(r)), Headers: []pipeline.Header{pipeline.Text("n", string(r.Value))}}
	err := kafka.Finish(m, []pipeline.Record{made}, l.log.of(m))
	if kafka.IsTooLarge(err) {
		l.refused.Add(1)
		made.Topic, made.Value = l.dead, nil
		err = kafka.Finish(m, []pipeline.Record{made}, l.log.of(m))
	}
	if err != nil {
		m.Nack()
		return
	}
	m.Ack()
}

// numbersOf gives what came out, by the number of the record that it was made of.
func numbersOf(t *testing.T, cfg kafka.Config, topic string) map[string]int {
	t.Helper()
	seen, last := map[string]int{}, map[string]int{}
	for _, records := range readAll(t, cfg, topic) {
		for _, r := range records {
			seen[r.Text("n")]++
			n, _ := strconv.Atoi(r.Text("n"))
			if n < last[string(r.Key)] {
				t.Errorf("key %s: %d after %d", r.Key, n, last[string(r.Key)])
			}
			last[string(r.Key)] = n
		}
	}
	return seen
}

// The record is known to be too large only when it was finished, and others of its
// key behind it: all of its partition is done again, and what was committed of
// the others stays.
func TestAnOutputThatATopicTakesNoLongerComesBackToItsHandler(t *testing.T) {
	t.Parallel()
	if saramaRaces {
		t.Skip("sarama races")
	}
	for _, tt := range []struct {
		name string
		deaf bool // the topic does not tell its limit for a while
	}{{"told", false}, {"told late", true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, cfg := fakeCluster(t)
			if tt.deaf {
				c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.DescribeConfigs}, Err: kerr.TopicAuthorizationFailed, Count: 6})
			}
			outputIsRefused(t, cfg)
		})
	}
	t.Run("kafka", func(t *testing.T) {
		t.Parallel()
		outputIsRefused(t, realCluster(t))
	})
}

func outputIsRefused(t *testing.T, cfg kafka.Config) {
	in, g := topic(t, cfg, 4), name("g")
	l := &letters{out: topic(t, cfg, 2), dead: topic(t, cfg, 1), log: newSettledLog(), bytes: func(r pipeline.Record) int {
		if n, _ := strconv.Atoi(string(r.Value)); n == 50 || n == 55 {
			return 5000
		}
		return 100
	}}
	s := subscriber(t, cfg, once(g))
	limitTo(t, cfg, l.out, 4000)
	p := publisher(t, cfg)
	const n = 400
	records := make([]pipeline.Record, n)
	for i := range records {
		records[i] = pipeline.Record{Topic: in, Key: fmt.Append(nil, "k", i%5), Value: strconv.AppendInt(nil, int64(i), 10)}
	}
	write(t, p, records...)
	l.run(subscribe(t, s, in))
	a := admin(t, cfg)
	ends, err := a.Ends(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for id, end := range ends {
		if end > 0 {
			eventually(t, "everything committed", func() bool { return committed(t, a, g, in, id) == end })
		}
	}
	aborts := s.Stats().Aborts
	_ = s.Close()
	l.wg.Wait()
	out, dead := numbersOf(t, cfg, l.out), numbersOf(t, cfg, l.dead)
	if dead["50"] != 1 || dead["55"] != 1 || len(dead) != 2 || len(out) != n-2 {
		t.Errorf("%d outputs, dead letters %v", len(out), dead)
	}
	for number, times := range out {
		if times != 1 {
			t.Errorf("record %s came out %d times", number, times)
		}
	}
	if aborts > 40 {
		t.Errorf("%d aborts", aborts)
	}
}

func TestBatchesThatATopicTakesNoLongerGoInSmallerOnes(t *testing.T) {
	t.Parallel()
	if saramaRaces {
		t.Skip("sarama races")
	}
	rings(t, func(t *testing.T, cfg kafka.Config) {
		in, g := topic(t, cfg, 1), name("g")
		l := &letters{out: topic(t, cfg, 1), dead: topic(t, cfg, 1), log: newSettledLog(), bytes: func(pipeline.Record) int { return 1000 }}
		limitTo(t, cfg, l.out, 4000)
		p := publisher(t, cfg)
		write(t, p, keyedRecords(in, numbered(200)...)...)
		s := subscriber(t, cfg, once(g))
		l.run(subscribe(t, s, in))
		eventually(t, "everything committed", func() bool { return l.log.count() == 200 })
		aborts := s.Stats().Aborts
		write(t, p, keyedRecords(in, numbered(200)...)...)
		eventually(t, "the next ones committed", func() bool { return l.log.count() == 400 })
		if again := s.Stats().Aborts - aborts; again != 0 {
			t.Errorf("batches of full size were tried again %d times", again)
		}
		if got := total(readAll(t, cfg, l.out)); got != 400 || l.refused.Load() != 0 {
			t.Errorf("%d outputs, %d refused", got, l.refused.Load())
		}
		l.log.mu.Lock()
		defer l.log.mu.Unlock()
		for at, settled := range l.log.all {
			if len(settled) != 1 {
				t.Errorf("%s was settled %v: no partition had to be lost", at, settled)
			}
		}
	})
}

// later is a clock that can be put forward.
type later struct {
	pipeline.WallClock
	by atomic.Int64
}

func (l *later) Now() time.Time { return l.WallClock.Now().Add(time.Duration(l.by.Load())) }

func TestATopicThatTakesMoreAgainGetsMore(t *testing.T) {
	t.Parallel()
	if saramaRaces {
		t.Skip("sarama races")
	}
	rings(t, func(t *testing.T, cfg kafka.Config) {
		in, g, clock := topic(t, cfg, 1), name("g"), new(later)
		l := &letters{out: topic(t, cfg, 1), dead: topic(t, cfg, 1), log: newSettledLog(), bytes: func(pipeline.Record) int { return 5000 }}
		limitTo(t, cfg, l.out, 4000)
		p := publisher(t, cfg)
		sc := once(g)
		sc.Clock = clock
		l.run(subscribe(t, subscriber(t, cfg, sc), in))
		write(t, p, keyedRecords(in, "a")...)
		eventually(t, "the letter", func() bool { return l.log.count() == 1 && l.refused.Load() > 0 })
		limitTo(t, cfg, l.out, 1<<20)
		sent := 1
		eventually(t, "an output of the size that was refused", func() bool {
			clock.by.Add(int64(2 * time.Minute)) // the broker that is asked may not know it yet
			write(t, p, keyedRecords(in, numbered(1)...)...)
			sent++
			eventually(t, "its commit", func() bool { return l.log.count() == sent })
			return total(readAll(t, cfg, l.out)) > 0
		})
	})
}
