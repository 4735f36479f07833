package kafka_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// benchConfig is the real cluster where there is one.
func benchConfig(b *testing.B) kafka.Config {
	if os.Getenv(brokersEnv) != "" {
		return realCluster(b)
	}
	return fake(b, kfake.NumBrokers(1))
}

func load(topic string, n int) []pipeline.Record {
	records := make([]pipeline.Record, n)
	for i := range records {
		r := pipeline.Record{Topic: topic, Key: fmt.Appendf(nil, "goodbay/bk_%d", i%30_000), Value: make([]byte, 1200)}
		for _, h := range []string{"ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "traceparent"} {
			r.Headers = append(r.Headers, pipeline.Text(h, "a value of some length"))
		}
		records[i] = r
	}
	return records
}

// writeAll writes in calls of 1,000 records.
func writeAll(b *testing.B, p *kafka.Publisher, records []pipeline.Record) {
	for len(records) > 0 {
		n := min(1000, len(records))
		write(b, p, records[:n]...)
		records = records[n:]
	}
}

func BenchmarkPublish(b *testing.B) {
	cfg := benchConfig(b)
	n, p := topic(b, cfg, 8), publisher(b, cfg)
	records := load(n, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	writeAll(b, p, records)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkRouter reads, runs a handler in Watermill's router and writes one
// record for each: what a segment of the pipeline does beside its stages.
func BenchmarkRouter(b *testing.B) {
	cfg := benchConfig(b)
	in, out, p := topic(b, cfg, 8), topic(b, cfg, 8), publisher(b, cfg)
	writeAll(b, p, load(in, b.N))
	router, err := message.NewRouter(message.RouterConfig{}, watermill.NopLogger{})
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{}, 1024)
	router.AddConsumerHandler("h", in, subscriber(b, cfg, kafka.SubscriberConfig{}), func(m *message.Message) error {
		r := kafka.RecordOf(m)
		r.Topic = out
		if err := p.Write(m.Context(), r); err != nil {
			return err
		}
		done <- struct{}{}
		return nil
	})
	ended := make(chan error, 1)
	b.ReportAllocs()
	b.ResetTimer()
	go func() { ended <- router.Run(b.Context()) }()
	for range b.N {
		<-done
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
	if err := router.Close(); err != nil {
		b.Error(err)
	}
	<-ended
}

// BenchmarkConsume reads and acks without a router.
func BenchmarkConsume(b *testing.B) {
	cfg := benchConfig(b)
	in := topic(b, cfg, 8)
	writeAll(b, publisher(b, cfg), load(in, b.N))
	ch := subscribe(b, subscriber(b, cfg, kafka.SubscriberConfig{}), in)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		(<-ch).Ack()
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
