package kafka

import (
	"context"
	"fmt"
	"sync"

	"github.com/ThreeDotsLabs/watermill/message"
	"golang.org/x/sync/semaphore"

	"github.com/reservoirhq/reservoir/pipeline"
)

const (
	// maxInFlight bounds the bytes handed to the broker and not acknowledged;
	// more wait (invariant 11).
	maxInFlight = 64 << 20

	// The header of a batch is 61 bytes.
	batchOverhead = 64
)

// Publisher writes records through one idempotent producer (acks=all), so that
// a record is safe when a call returns (invariant 1). It connects when it is
// first used and again after an outage. Several goroutines may use it.
type Publisher struct {
	limit   int
	budget  *semaphore.Weighted
	conn    lazy[*producer]
	parcels parcels

	mu     sync.Mutex
	closed bool
	open   sync.WaitGroup // batches that are not settled
}

var _ message.Publisher = (*Publisher)(nil)

// NewPublisher checks the configuration; it does not need the broker.
func NewPublisher(cfg Config) (*Publisher, error) {
	conf, err := cfg.sarama()
	if err != nil {
		return nil, err
	}
	producing(conf, cfg.maxRecord()-overhead(conf, cfg.maxRecord()))
	if cfg.Linger > 0 {
		conf.Producer.Flush.Frequency, conf.Producer.Flush.Bytes = cfg.Linger, fullBatch
	}
	if err := conf.Validate(); err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	p := &Publisher{limit: conf.Producer.MaxMessageBytes, budget: semaphore.NewWeighted(maxInFlight)}
	p.conn.open = func() (*producer, error) { return newProducer(cfg.Brokers, conf) }
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
// to the partition of its key, whatever Partition says. Without an error
// Partition, Offset and Time of the records are those they were given; an
// Offset below 0 is not known. The bytes must not be changed afterwards. When ctx ends first its error is returned: the records
// may still be written.
func (p *Publisher) Write(ctx context.Context, records ...pipeline.Record) error {
	if len(records) == 0 {
		return nil
	}
	b, err := newBatch(records, p.limit, &p.parcels)
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
		b.place(records)
		err := b.err()
		if err == nil {
			p.parcels.reuse(b.parcel)
		}
		return err
	case <-ctx.Done():
		return fmt.Errorf("kafka: wait for %d records to be acknowledged: %w", len(records), ctx.Err())
	}
}

// Connect does ahead what the first Write would do first.
func (p *Publisher) Connect(ctx context.Context) error {
	_, err := p.conn.get(ctx)
	return err
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
