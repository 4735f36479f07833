package kafka

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill/message"
	"golang.org/x/sync/semaphore"

	"github.com/reservoirhq/reservoir/pipeline"
)

const (
	// maxInFlight bounds the bytes handed to the broker and not acknowledged;
	// more wait (invariant 11).
	maxInFlight = 64 << 20

	// A broker that is away for a shorter time than this is not noticed but
	// as a delay; then writes fail.
	producerRetries = 25
	metadataRetries = 12

	// What a batch on the wire has around a single record beyond what sarama
	// counts: the batch header is 61 bytes.
	batchOverhead = 64
)

// Publisher writes records through one idempotent producer (acks=all), so that
// a record is safe when a call returns (invariant 1). It connects when it is
// first used and again after an outage. Several goroutines may use it.
type Publisher struct {
	limit  int
	budget *semaphore.Weighted
	conn   lazy[*producer]

	mu     sync.Mutex
	closed bool
	open   sync.WaitGroup // batches that are not settled
}

var _ message.Publisher = (*Publisher)(nil)

type producer struct {
	sarama.AsyncProducer
	client sarama.Client
	gone   chan struct{} // closed when every answer was read
}

// NewPublisher checks the configuration; it does not need the broker.
func NewPublisher(cfg Config) (*Publisher, error) {
	conf, err := cfg.sarama()
	if err != nil {
		return nil, err
	}
	producing(conf, cfg.maxRecord()-batchOverhead)
	if err := conf.Validate(); err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	p := &Publisher{limit: conf.Producer.MaxMessageBytes, budget: semaphore.NewWeighted(maxInFlight)}
	p.conn.open = func() (*producer, error) { return newProducer(cfg.Brokers, conf) }
	return p, nil
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
	c.Producer.Return.Successes = true
	c.Producer.Return.Errors = true
	c.Producer.Timeout = 10 * time.Second
	// No linger: what comes while a request is out goes with the next.
	c.Producer.Flush.Frequency, c.Producer.Flush.Bytes, c.Producer.Flush.Messages = 0, 0, 0
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

// Publish writes messages to a topic, all at once; see RecordOf for what
// becomes of them.
func (p *Publisher) Publish(topic string, msgs ...*message.Message) error {
	records := make([]pipeline.Record, len(msgs))
	for i, m := range msgs {
		records[i] = RecordOf(m)
		records[i].Topic = topic
	}
	return p.Write(context.Background(), records...)
}

// Write sends all records at once, in their order, and returns when every one
// is acknowledged; otherwise a *WriteError says which were not. A record goes
// to the partition of its key, whatever Partition says. The bytes must not be
// changed afterwards. When ctx ends first its error is returned: the records
// may still be written.
func (p *Publisher) Write(ctx context.Context, records ...pipeline.Record) error {
	if len(records) == 0 {
		return nil
	}
	b, err := newBatch(records, p.limit)
	if err != nil {
		return err
	}
	conn, err := p.begin(ctx, b)
	if err != nil {
		return err
	}
	conn.send(ctx, b)
	select {
	case <-b.done:
		conn.explain(b)
		return b.err()
	case <-ctx.Done():
		return fmt.Errorf("kafka: wait for %d records to be acknowledged: %w", len(records), ctx.Err())
	}
}

// begin waits for a connection and for room, and holds both for the batch
// until its last record is settled.
func (p *Publisher) begin(ctx context.Context, b *batch) (*producer, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	conn, err := p.conn.get(ctx)
	if err != nil {
		p.open.Done()
		return nil, err
	}
	need := min(b.size, maxInFlight)
	if err := p.budget.Acquire(ctx, need); err != nil {
		p.open.Done()
		return nil, fmt.Errorf("kafka: wait for %d bytes of room: %w", need, err)
	}
	b.after = func() {
		p.budget.Release(need)
		p.open.Done()
	}
	return conn, nil
}

func (p *Publisher) enter() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	p.open.Add(1)
	return nil
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

// KeepOpen gives the publisher without its Close, for Watermill's router: that
// closes the publisher of a handler that stops, also when others share it.
func (p *Publisher) KeepOpen() message.Publisher { return keptOpen{p} }

type keptOpen struct{ message.Publisher }

// Close does nothing.
func (keptOpen) Close() error { return nil }

// Close waits for what is being written and disconnects. Later calls do
// nothing.
func (p *Publisher) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.open.Wait()
	if conn, open := p.conn.close(); open {
		conn.AsyncClose()
		<-conn.gone
		_ = conn.client.Close()
	}
	return nil
}
