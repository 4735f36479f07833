package kafka_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// readAll reads a topic by partition, up to its end.
func readAll(t testing.TB, cfg kafka.Config, topic string) map[int32][]pipeline.Record {
	t.Helper()
	a := admin(t, cfg)
	ends, err := a.Ends(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	all := map[int32][]pipeline.Record{}
	for id := range ends {
		err := a.ReadPartition(t.Context(), pipeline.Partition{Topic: topic, ID: id}, 0, kafka.End, func(r pipeline.Record) error {
			all[id] = append(all[id], r)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestARecordIsWrittenWithNothingLost(t *testing.T) {
	rings(t, func(t *testing.T, cfg kafka.Config) {
		n := topic(t, cfg, 1)
		full := odd()
		full.Topic, full.Partition, full.Offset = n, 0, 0
		tombstone := pipeline.Record{Topic: n, Partition: 9, Offset: 1, Key: []byte("k"), Time: time.UnixMilli(1).UTC()}
		keyless := pipeline.Record{Topic: n, Offset: 2, Value: []byte("v"), Time: time.UnixMilli(2).UTC()}
		write(t, publisher(t, cfg), full, tombstone, keyless)
		tombstone.Partition = 0 // it asked for one that does not exist
		if diff := cmp.Diff([]pipeline.Record{full, tombstone, keyless}, readAll(t, cfg, n)[0]); diff != "" {
			t.Errorf("-written +read\n%s", diff)
		}
	})
}

// The numbers are Kafka's own test vectors for murmur2 (UtilsTest), made
// positive as the Java client does, modulo 7.
func TestAKeyGoesToThePartitionThatJavaChooses(t *testing.T) {
	rings(t, func(t *testing.T, cfg kafka.Config) {
		n := topic(t, cfg, 7)
		p := publisher(t, cfg)
		want := map[string]int32{}
		for key, hash := range map[string]int32{
			"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536,
			"a-little-bit-longer-string": -1486304829, "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
		} {
			want[key] = (hash & 0x7fffffff) % 7
			write(t, p, pipeline.Record{Topic: n, Key: []byte(key)})
		}
		got := map[string]int32{}
		for id, records := range readAll(t, cfg, n) {
			for _, r := range records {
				got[string(r.Key)] = id
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-java +ours\n%s", diff)
		}
	})
}

func TestRecordsWithoutAKeyAreSpread(t *testing.T) {
	cfg := fake(t)
	n := topic(t, cfg, 3)
	records := make([]pipeline.Record, 300) // that all miss a partition has a chance of 3·(2/3)^300
	for i := range records {
		records[i] = pipeline.Record{Topic: n, Value: []byte("v")}
	}
	write(t, publisher(t, cfg), records...)
	if got := len(readAll(t, cfg, n)); got != 3 {
		t.Errorf("records on %d of 3 partitions", got)
	}
}

// watchProduce counts produce requests and looks at each.
func watchProduce(c *kfake.Cluster, see func(*kmsg.ProduceRequest)) {
	c.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		see(r.(*kmsg.ProduceRequest))
		return nil, nil, false
	})
}

func TestMessagesOfOneCallTravelTogetherAcknowledgedByAllAndIdempotent(t *testing.T) {
	c, cfg := fakeCluster(t)
	n := topic(t, cfg, 1)
	var requests atomic.Int64
	watchProduce(c, func(r *kmsg.ProduceRequest) {
		requests.Add(1)
		if r.Acks != -1 {
			t.Errorf("acks=%d, want all", r.Acks)
		}
		var batch kmsg.RecordBatch
		if err := batch.ReadFrom(r.Topics[0].Partitions[0].Records); err != nil || batch.ProducerID < 0 {
			t.Errorf("producer id %d, %v: not idempotent", batch.ProducerID, err)
		}
	})
	msgs := make([]*message.Message, 1000)
	for i := range msgs {
		msgs[i] = message.NewMessage(fmt.Sprint(i), []byte("v"))
	}
	if err := publisher(t, cfg).Publish(n, msgs...); err != nil {
		t.Fatal(err)
	}
	records := readAll(t, cfg, n)[0]
	for i, r := range records {
		if got := r.Text(kafka.UUIDHeader); got != fmt.Sprint(i) {
			t.Fatalf("record %d is message %s", i, got)
		}
	}
	if len(records) != len(msgs) || requests.Load() > 200 {
		t.Errorf("%d records in %d requests", len(records), requests.Load())
	}
}

func TestARecordTooLargeIsSaidToBeAndItsSiblingsAreNotWritten(t *testing.T) {
	rings(t, func(t *testing.T, cfg kafka.Config) {
		n := topic(t, cfg, 1)
		cfg.MaxRecord = 10_000
		p := publisher(t, cfg)
		err := p.Write(t.Context(), pipeline.Record{Topic: n, Value: []byte("small")}, pipeline.Record{Topic: n, Value: make([]byte, 10_000)})
		if !kafka.IsTooLarge(err) {
			t.Fatalf("got %v", err)
		}
		var we *kafka.WriteError
		if !errors.As(err, &we) || len(we.Failed) != 1 || we.Failed[0].Index != 1 {
			t.Errorf("got %v, want record 1 named", err)
		}
		if got := len(readAll(t, cfg, n)[0]); got != 0 {
			t.Errorf("%d records were written", got)
		}
		write(t, p, pipeline.Record{Topic: n, Value: bytes.Repeat([]byte{'x'}, 9_800)}) // just below goes
	})
}

// A batch that the topic refuses has small records too: they must not pass for
// too large, or they would be dead letters.
func TestOnlyTheRecordThatATopicDoesNotTakeIsTooLarge(t *testing.T) {
	rings(t, func(t *testing.T, cfg kafka.Config) {
		n := name("t")
		_, err := admin(t, cfg).EnsureTopics(t.Context(), []kafka.TopicSpec{{Name: n, Partitions: 1, Configs: map[string]string{"max.message.bytes": "4000"}}})
		if err != nil {
			t.Fatal(err)
		}
		p := publisher(t, cfg)
		small, large := pipeline.Record{Topic: n, Value: []byte("small")}, pipeline.Record{Topic: n, Value: make([]byte, 5000)}
		if err := p.Write(t.Context(), large); !kafka.IsTooLarge(err) {
			t.Errorf("the large one alone: %v", err)
		}
		var we *kafka.WriteError
		if err := p.Write(t.Context(), small, large, small); !errors.As(err, &we) {
			t.Fatalf("got %v", err)
		}
		for _, f := range we.Failed {
			if kafka.IsTooLarge(f) != (f.Index == 1) {
				t.Errorf("record %d: %v", f.Index, f)
			}
		}
		write(t, p, small) // the producer goes on
	})
}

func TestAWriteWithoutABrokerFailsAndWorksOnceThereIsOne(t *testing.T) {
	port := freePort(t)
	cfg := kafka.Config{Brokers: []string{fmt.Sprintf("127.0.0.1:%d", port)}}
	p := publisher(t, cfg)
	err := p.Write(t.Context(), pipeline.Record{Topic: "t", Value: []byte("v")})
	if err == nil || kafka.IsTooLarge(err) {
		t.Fatalf("without a broker: %v", err)
	}
	fakeCluster(t, kfake.Ports(port), kfake.SeedTopics(1, "t"))
	eventually(t, "a write after the broker came", func() bool {
		return p.Write(t.Context(), pipeline.Record{Topic: "t", Value: []byte("v")}) == nil
	})
}

func TestABrokerAwayForAMomentIsNotNoticed(t *testing.T) {
	port := freePort(t)
	dir := t.TempDir()
	start := func() *kfake.Cluster {
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(port), kfake.SeedTopics(1, "t"), kfake.DataDir(dir))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := start()
	cfg := kafka.Config{Brokers: c.ListenAddrs()}
	p := publisher(t, cfg)
	write(t, p, pipeline.Record{Topic: "t", Value: []byte("before")})
	c.Close()
	done := make(chan error, 1)
	go func() { done <- p.Write(t.Context(), pipeline.Record{Topic: "t", Value: []byte("during")}) }()
	c = start()
	t.Cleanup(c.Close)
	if err := get(t, "the write", done); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestAWriteGoesOnlyAsLongAsItsContext(t *testing.T) {
	c, cfg := fakeCluster(t, kfake.SeedTopics(1, "t"))
	p := publisher(t, cfg)
	write(t, p, pipeline.Record{Topic: "t"})
	held, free := make(chan struct{}), make(chan struct{})
	var once sync.Once
	watchProduce(c, func(*kmsg.ProduceRequest) {
		once.Do(func() { close(held) })
		c.SleepControl(func() { <-free })
	})
	defer close(free)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-held
		cancel()
	}()
	if err := p.Write(ctx, pipeline.Record{Topic: "t"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAClosedPublisherRefusesAndAKeptOpenOneDoesNotClose(t *testing.T) {
	cfg := fake(t, kfake.SeedTopics(1, "t"))
	p := publisher(t, cfg)
	if err := p.KeepOpen().Close(); err != nil {
		t.Error(err)
	}
	write(t, p, pipeline.Record{Topic: "t"})
	if err := errors.Join(p.Close(), p.Close()); err != nil {
		t.Error(err)
	}
	if err := p.Write(t.Context(), pipeline.Record{Topic: "t"}); !errors.Is(err, kafka.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

func TestAWriteTellsWhereItsRecordsAre(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		n, at := topic(t, cfg, 3), time.UnixMilli(1780000000123).UTC()
		records := keyedRecords(n, numbered(20)...)
		for i := range records {
			records[i].Time = at.Add(time.Duration(i) * time.Millisecond)
		}
		write(t, publisher(t, cfg), records...)
		for id, read := range readAll(t, cfg, n) {
			for _, r := range read {
				told := slices.IndexFunc(records, func(w pipeline.Record) bool { return string(w.Key) == string(r.Key) })
				if w := records[told]; w.Partition != id || w.Offset != r.Offset || !w.Time.Equal(r.Time) {
					t.Errorf("%s was told to be at %s, %s; it is at %s, %s", r.Key, w.Position(), w.Time, r.Position(), r.Time)
				}
			}
		}
	})
}
