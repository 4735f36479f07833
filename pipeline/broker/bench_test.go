package broker_test

import (
	"strconv"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// BenchmarkAcknowledgedProduce is what the disk's fsync allows: each producer
// waits for its record to be on disk before it sends the next.
func BenchmarkAcknowledgedProduce(b *testing.B) {
	for _, producers := range []int{1, 64} {
		b.Run(strconv.Itoa(producers), func(b *testing.B) {
			ctx := testContext(b)
			br := start(b, config(b.TempDir(), "127.0.0.1:0"))
			cl := client(b, br.Addr())
			createTopic(ctx, b, cl, "t", 4, nil)
			value := make([]byte, 1000)
			work := make(chan int32)
			done := make(chan error, producers)
			for range producers {
				go func() {
					var err error
					for p := range work {
						if err == nil {
							err = cl.ProduceSync(ctx, &kgo.Record{Topic: "t", Partition: p, Value: value}).FirstErr()
						}
					}
					done <- err
				}()
			}
			b.ResetTimer()
			for i := range b.N {
				work <- int32(i % 4)
			}
			close(work)
			for range producers {
				if err := <-done; err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkStart opens a log of 200,000 records, closed in order and not.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	fill(b, dir, 200_000)
	for name, orderly := range map[string]bool{"closed": true, "killed": false} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				if !orderly {
					remove(b, dir+"/clean")
				}
				b.StartTimer()
				br := start(b, config(dir, "127.0.0.1:0"))
				b.StopTimer()
				if err := br.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func fill(b *testing.B, dir string, records int) {
	b.Helper()
	ctx := testContext(b)
	br := start(b, config(dir, "127.0.0.1:0"))
	cl := client(b, br.Addr(), kgo.MaxBufferedRecords(10_000), kgo.ProducerBatchCompression(kgo.NoCompression()))
	createTopic(ctx, b, cl, "t", 12, nil)
	value := make([]byte, 1000)
	for i := range records {
		cl.Produce(ctx, &kgo.Record{Topic: "t", Partition: int32(i % 12), Value: value}, func(_ *kgo.Record, err error) {
			if err != nil {
				b.Error(err)
			}
		})
	}
	if err := cl.Flush(ctx); err != nil {
		b.Fatal(err)
	}
	cl.Close()
	if err := br.Close(); err != nil {
		b.Fatal(err)
	}
}
