package kafka_test

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

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

// BenchmarkDelivery reads, runs two outputs for each record through the router
// and settles them, at least once and exactly once, with two members: what
// exactly once costs, in one run.
func BenchmarkDelivery(b *testing.B) {
	for _, tt := range []struct {
		name string
		conf kafka.SubscriberConfig
	}{
		{"at_least_once", kafka.SubscriberConfig{}},
		{"exactly_once", kafka.SubscriberConfig{Transactions: &kafka.Transactions{}}},
	} {
		b.Run(tt.name, func(b *testing.B) { benchDelivery(b, tt.conf) })
	}
}

func benchDelivery(b *testing.B, conf kafka.SubscriberConfig) {
	cfg := benchConfig(b)
	in, one, two, p := topic(b, cfg, 8), topic(b, cfg, 8), topic(b, cfg, 8), publisher(b, cfg)
	writeAll(b, p, load(in, b.N))
	conf.Group = name("g")
	var done atomic.Int64
	all := make(chan struct{})
	settled := func(ok bool) {
		if ok && done.Add(1) == int64(b.N) {
			close(all)
		}
	}
	handle := func(m *message.Message) error {
		outs := []pipeline.Record{kafka.RecordOf(m), kafka.RecordOf(m)}
		outs[0].Topic, outs[1].Topic = one, two
		if conf.Transactions != nil {
			return kafka.Finish(m, outs, settled)
		}
		if err := p.Write(m.Context(), outs...); err != nil {
			return err
		}
		settled(true)
		return nil
	}
	var members []*message.Router
	for range 2 {
		if conf.Transactions != nil {
			x := *conf.Transactions
			x.ID = name("x")
			conf.Transactions = &x
		}
		router, err := message.NewRouter(message.RouterConfig{}, watermill.NopLogger{})
		if err != nil {
			b.Fatal(err)
		}
		router.AddConsumerHandler("h", in, subscriber(b, cfg, conf), handle)
		members = append(members, router)
	}
	var ended sync.WaitGroup
	b.ReportAllocs()
	before := cpu(b)
	b.ResetTimer()
	for _, r := range members {
		ended.Go(func() { _ = r.Run(b.Context()) })
	}
	<-all
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "cpu-µs/event")
	for _, r := range members {
		if err := r.Close(); err != nil {
			b.Error(err)
		}
	}
	ended.Wait()
}

// cpu is the time that this process has had on all processors.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
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
