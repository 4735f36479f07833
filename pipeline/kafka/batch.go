package kafka

import (
	"sync"

	"github.com/IBM/sarama"

	"github.com/reservoirhq/reservoir/pipeline"
)

// batch is the records of one call, sent at once and awaited together.
type batch struct {
	out  []outgoing
	size int64 // bytes with overhead, for the budget
	done chan struct{}

	mu     sync.Mutex
	left   int
	failed []*RecordError
	after  func() // when the last record is settled
}

// newBatch refuses the whole call if one record is too large, so that none of
// its siblings is written for nothing.
func newBatch(records []pipeline.Record, limit int) (*batch, error) {
	b := &batch{out: make([]outgoing, len(records)), left: len(records), done: make(chan struct{})}
	fill(b.out, records)
	for i := range b.out {
		o := &b.out[i]
		o.index, o.batch = i, b
		size := o.msg.ByteSize(2)
		if size > limit {
			b.failed = append(b.failed, &RecordError{
				Index: i, Topic: o.msg.Topic,
				Err: &TooLargeError{Topic: o.msg.Topic, Bytes: size, Limit: limit},
			})
		}
		b.size += int64(size)
	}
	return b, b.err()
}

// Check tells, with the error that Write would give, which of the records are
// too large.
func (p *Publisher) Check(records ...pipeline.Record) error {
	var failed []*RecordError
	for i := range records {
		if size := sizeOnWire(&records[i]); size > p.limit {
			failed = append(failed, &RecordError{Index: i, Topic: records[i].Topic, Err: &TooLargeError{Topic: records[i].Topic, Bytes: size, Limit: p.limit}})
		}
	}
	if failed == nil {
		return nil
	}
	return &WriteError{Records: len(records), Failed: failed}
}

// settle notes the fate of one record. The result of a batch is complete when
// done is closed, also for a caller that has gone.
func (b *batch) settle(o *outgoing, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		b.failed = append(b.failed, &RecordError{Index: o.index, Topic: o.msg.Topic, Err: err})
	}
	b.left--
	if b.left == 0 {
		b.after()
		close(b.done)
	}
}

// place tells where the records of a batch that is done are.
func (b *batch) place(records []pipeline.Record) {
	for i := range b.out {
		m := &b.out[i].msg
		records[i].Partition, records[i].Offset, records[i].Time = m.Partition, m.Offset, m.Timestamp
	}
}

// err is for a batch that is done or not yet begun.
func (b *batch) err() error {
	if len(b.failed) == 0 {
		return nil
	}
	return &WriteError{Records: len(b.out), Failed: b.failed}
}

// settleAll reads the answers of a producer until it is closed.
func settleAll(p sarama.AsyncProducer) {
	var readers sync.WaitGroup
	readers.Go(func() {
		for m := range p.Successes() {
			o := m.Metadata.(*outgoing)
			o.batch.settle(o, nil)
		}
	})
	readers.Go(func() {
		for e := range p.Errors() {
			o := e.Msg.Metadata.(*outgoing)
			o.batch.settle(o, e.Err)
		}
	})
	readers.Wait()
}
