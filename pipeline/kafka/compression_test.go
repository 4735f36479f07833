package kafka_test

import (
	"bytes"
	"crypto/rand"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// codecs are Kafka's numbers, as they stand in a batch.
var codecs = map[string]int16{"": 0, "none": 0, "lz4": 3, "zstd": 4}

func eachCodec(t *testing.T, test func(t *testing.T, codec string)) {
	t.Helper()
	for codec := range codecs {
		t.Run("codec "+codec, func(t *testing.T) {
			t.Parallel()
			test(t, codec)
		})
	}
}

// batches notes those that are written to a topic.
type batches struct {
	mu     sync.Mutex
	codecs map[int16]bool
	bytes  int
}

func (b *batches) see(t *testing.T, r *kmsg.ProduceRequest) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, topic := range r.Topics {
		for _, p := range topic.Partitions {
			var batch kmsg.RecordBatch
			if err := batch.ReadFrom(p.Records); err != nil {
				t.Error(err)
			}
			b.codecs[batch.Attributes&7] = true
			b.bytes += len(p.Records)
		}
	}
}

func (b *batches) check(t *testing.T, codec string, raw int) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if diff := cmp.Diff(map[int16]bool{codecs[codec]: true}, b.codecs); diff != "" {
		t.Errorf("codecs: %s", diff)
	}
	if smaller := b.bytes < raw/4; smaller != (codecs[codec] != 0) {
		t.Errorf("%d bytes became %d", raw, b.bytes)
	}
}

// wordy is a record that is worth compressing.
func wordy(topic string) pipeline.Record {
	r := odd()
	r.Topic, r.Partition, r.Offset = topic, 0, 0
	r.Value = []byte(strings.Repeat(`{"booking":"a word like any other"}`, 300))
	return r
}

func TestWhatAPublisherCompressesArrivesWhole(t *testing.T) {
	t.Parallel()
	eachCodec(t, func(t *testing.T, codec string) {
		c, cfg := fakeCluster(t)
		n, seen := topic(t, cfg, 1), &batches{codecs: map[int16]bool{}}
		watchProduce(c, func(r *kmsg.ProduceRequest) { seen.see(t, r) })
		cfg.Compression = codec
		r := wordy(n)
		write(t, publisher(t, cfg), r)
		cfg.Compression = "" // a reader needs no setting
		m := get(t, "the record", subscribe(t, subscriber(t, cfg, kafka.SubscriberConfig{}), n))
		if diff := cmp.Diff([]pipeline.Record{r, r}, []pipeline.Record{kafka.RecordOf(m), readAll(t, cfg, n)[0][0]}); diff != "" {
			t.Errorf("-written +read\n%s", diff)
		}
		m.Ack()
		seen.check(t, codec, len(r.Value))
	})
}

func TestWhatATransactionCompressesArrivesWhole(t *testing.T) {
	t.Parallel()
	eachCodec(t, func(t *testing.T, codec string) {
		c, cfg := fakeCluster(t)
		in, out := topic(t, cfg, 1), topic(t, cfg, 1)
		write(t, publisher(t, cfg), keyedRecords(in, "a")...)
		seen := &batches{codecs: map[int16]bool{}}
		watchProduce(c, func(r *kmsg.ProduceRequest) { seen.see(t, r) })
		cfg.Compression = codec
		m := get(t, "the record", subscribe(t, subscriber(t, cfg, once(name("g"))), in))
		r, done := wordy(out), make(chan bool, 1)
		finish(t, m, func(ok bool) { done <- ok }, r)
		if !get(t, "the commit", done) {
			t.Error("dropped")
		}
		if diff := cmp.Diff([]pipeline.Record{r}, readAll(t, cfg, out)[0]); diff != "" {
			t.Errorf("-written +read\n%s", diff)
		}
		seen.check(t, codec, len(r.Value))
	})
}

func TestACompressionThatIsNotKnownIsRefused(t *testing.T) {
	t.Parallel()
	cfg := kafka.Config{Brokers: []string{"127.0.0.1:1"}, Compression: "gzip"}
	_, publisher := kafka.NewPublisher(cfg)
	_, subscriber := kafka.NewSubscriber(cfg, kafka.SubscriberConfig{Group: "g"})
	for _, err := range []error{publisher, subscriber} {
		if err == nil || !strings.Contains(err.Error(), `"gzip"`) || !strings.Contains(err.Error(), "none, lz4 or zstd") {
			t.Errorf("got %v", err)
		}
	}
}

// TestARecordsSizeCountsBeforeCompression: what is known to fit does so even if it
// cannot be compressed, and what is too large stays so however small it would be.
func TestARecordsSizeCountsBeforeCompression(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		eachCodec(t, func(t *testing.T, codec string) {
			cfg := cfg
			cfg.Compression = codec
			n, p := topic(t, cfg, 1), publisher(t, cfg)
			fits := func(value []byte) bool { return p.Check(pipeline.Record{Topic: n, Value: value}) == nil }
			noise := make([]byte, kafka.DefaultMaxRecord)
			_, _ = rand.Read(noise)
			for !fits(noise) {
				noise = noise[1:]
			}
			if len(noise) < kafka.DefaultMaxRecord-400 {
				t.Errorf("only %d bytes fit", len(noise))
			}
			written := []pipeline.Record{{Topic: n, Value: noise, Time: time.UnixMilli(1).UTC()}, wordy(n)}
			write(t, p, written...)
			written[1].Offset = 1
			if !cmp.Equal(written, readAll(t, cfg, n)[0]) {
				t.Error("what is read is not what was written")
			}
			even := bytes.Repeat([]byte{'x'}, len(noise)+1)
			if err := p.Write(t.Context(), pipeline.Record{Topic: n, Value: even}); !kafka.IsTooLarge(err) {
				t.Errorf("a byte more: %v", err)
			}
		})
	})
}
