package kafka

import (
	"sync"

	"github.com/IBM/sarama"

	"github.com/reservoirhq/reservoir/pipeline"
)

// batch is the records of one call, sent at once and awaited together.
type batch struct {
	*parcel
	size int64 // bytes with overhead, for the budget
	done chan struct{}

	mu     sync.Mutex
	left   int
	failed []*RecordError
	after  func() // when the last record is settled
}

// newBatch refuses the whole call if one record is too large, so that none of
// its siblings is written for nothing.
func newBatch(records []pipeline.Record, limit int, from *parcels) (*batch, error) {
	b := &batch{left: len(records), done: make(chan struct{})}
	if b.size, b.failed = measure(records, limit); b.failed != nil {
		return nil, &WriteError{Records: len(records), Failed: b.failed}
	}
	b.parcel = from.pack(records)
	for i := range b.out {
		b.out[i].index, b.out[i].batch = i, b
	}
	return b, nil
}

// measure gives the size of records with overhead, and which are too large.
func measure(records []pipeline.Record, limit int) (total int64, failed []*RecordError) {
	for i := range records {
		size := sizeOnWire(&records[i])
		if size > limit {
			failed = append(failed, &RecordError{
				Index: i, Topic: records[i].Topic,
				Err: &TooLargeError{Topic: records[i].Topic, Bytes: size, Limit: limit},
			})
		}
		total += int64(size)
	}
	return total, failed
}

// Check tells, with the error that Write would give, which of the records are
// too large.
func (p *Publisher) Check(records ...pipeline.Record) error {
	_, failed := measure(records, p.limit)
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

// err is for a batch that is done.
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
