package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

const (
	// A broker that is away for a shorter time than this is not noticed but
	// as a delay; then writes fail.
	producerRetries = 25
	metadataRetries = 12

	// fullBatch are the bytes that end a linger early.
	fullBatch = 256 << 10

	// fullRequest are the records of one request. sarama writes a request twice
	// into fresh memory: one of several thousand records is tens of MB, and
	// costs the broker no less for each.
	fullRequest = 1024

	// fastest is zstd's level: the next costs more time than its bytes spare.
	fastest = 1
)

type producer struct {
	sarama.AsyncProducer
	client sarama.Client
	gone   chan struct{} // closed when every answer was read
}

// producing sets what makes the producer safe; sarama's defaults are acks=1,
// not idempotent and five open requests.
func producing(c *sarama.Config, limit int) {
	c.Producer.RequiredAcks = sarama.WaitForAll
	c.Producer.Idempotent = true
	c.Net.MaxOpenRequests = 1 // sarama refuses more beside Idempotent
	// The same partition for a key as Java clients choose; without a key, any.
	c.Producer.Partitioner = sarama.NewMurmur2Partitioner
	c.Producer.MaxMessageBytes = limit
	if c.Producer.Compression == sarama.CompressionZSTD {
		c.Producer.CompressionLevel = fastest
	}
	c.Producer.Return.Successes = true
	c.Producer.Return.Errors = true
	c.Producer.Timeout = 10 * time.Second
	// No linger: what comes while a request is out goes with the next.
	c.Producer.Flush.Frequency, c.Producer.Flush.Bytes, c.Producer.Flush.Messages = 0, 0, 0
	c.Producer.Flush.MaxMessages = fullRequest
	c.Producer.Retry.Max = producerRetries
	c.Producer.Retry.BackoffFunc = backoffOf(20*time.Millisecond, time.Second)
	// While a broker is away, sarama waits for fresh metadata and does not
	// count that as a retry of the record: it fails when this is spent.
	c.Metadata.Retry.Max = metadataRetries
	c.Metadata.Retry.BackoffFunc = backoffOf(20*time.Millisecond, time.Second)
}

// backoffOf doubles from low to high in the form that sarama asks for: it
// gives the retries that were spent, from 0 or 1.
func backoffOf(low, high time.Duration) func(retries, maxRetries int) time.Duration {
	return func(retries, _ int) time.Duration { return doubled(low, high, retries-1) }
}

// doubled gives low for 0, twice that for 1 and so on, up to high.
func doubled(low, high time.Duration, times int) time.Duration {
	d := low
	for range times {
		if d *= 2; d >= high {
			return high
		}
	}
	return min(d, high)
}

func newProducer(brokers []string, conf *sarama.Config) (*producer, error) {
	client, err := sarama.NewClient(brokers, conf)
	if err != nil {
		return nil, fmt.Errorf("kafka: connect a producer to %v: %w", brokers, err)
	}
	// Not NewAsyncProducer: that leaves its client behind when it fails.
	ap, err := sarama.NewAsyncProducerFromClient(client)
	if err != nil {
		_ = client.Close()
		return nil, fmt.Errorf("kafka: connect a producer to %v: %w", brokers, err)
	}
	p := &producer{AsyncProducer: ap, client: client, gone: make(chan struct{})}
	go func() {
		defer close(p.gone)
		settleAll(ap)
	}()
	return p, nil
}

// send hands a batch to the producer. What ctx does not let through fails.
func (p *producer) send(ctx context.Context, b *batch) {
	for i := range b.out {
		o := &b.out[i]
		select {
		case p.Input() <- &o.msg:
		case <-ctx.Done():
			for j := i; j < len(b.out); j++ {
				b.settle(&b.out[j], ctx.Err())
			}
			return
		}
	}
}
