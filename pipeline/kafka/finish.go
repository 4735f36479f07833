package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/reservoirhq/reservoir/pipeline"
)

// Output is what one record leads to.
type Output struct {
	Records []pipeline.Record // in this order; none: the record's offset alone
	// Settled, if not nil, is called once; see FinishAll.
	Settled func(committed bool)
}

// Finish is FinishAll for a message that stands for one record.
func Finish(msg *message.Message, outputs []pipeline.Record, settled func(committed bool)) error {
	return FinishAll(msg, []Output{{outputs, settled}})
}

// FinishAll hands the outputs of a message's records, one Output for each in
// the order of RecordsOf, to the next transaction of its Subscriber, which must
// have Transactions. A handler calls it once, before it returns nil: the records
// count as done with the Ack that follows, and a Nack takes the outputs back.
// FinishAll does not wait. The bytes must not be changed afterwards.
//
// Settled is called exactly once after a FinishAll without an error: with true
// when the transaction is committed, in the order of a partition's offsets, or
// with false when the work is dropped, because the message was Nacked or its
// partition was lost or let go first: somebody will read the record again.
// (Where a broker went away for good between a commit and its answer it may be
// false for a transaction that was carried out; then nobody reads the record
// again.) It must be quick: transactions wait for it.
//
// An error that wraps a *TooLargeError says that an output is larger than a
// topic takes, and an *OutputError of which record; nothing is handed over, and
// the handler may finish with something else. Of a topic whose limit was lowered
// that is known once a broker has refused an output: then settled is false, and
// the record comes again. An error that wraps
// context.Canceled says that the partition is no longer ours.
func FinishAll(msg *message.Message, outputs []Output) error {
	by, ok := msg.Context().Value(carriedKey{}).(*carried)
	if !ok || by.msg != msg || by.claim == nil || by.claim.txn == nil {
		return errors.New("kafka: finish: this message is not from a subscriber with transactions")
	}
	if len(outputs) != len(by.tasks) {
		return fmt.Errorf("kafka: finish: %d outputs for the %d records of a message", len(outputs), len(by.tasks))
	}
	offers, err := offersOf(outputs, &by.claim.limits)
	if err != nil {
		return err
	}
	if err := by.claim.offer(by, offers); err != nil {
		return fmt.Errorf("kafka: finish %s: %w", by.rec.Position(), err)
	}
	return nil
}

// OutputError names the record whose output cannot be written, by its place
// among those of the message.
type OutputError struct {
	Index int
	Err   error
}

func (e *OutputError) Error() string {
	return fmt.Sprintf("kafka: output of record %d: %v", e.Index, e.Err)
}

// Unwrap gives the cause.
func (e *OutputError) Unwrap() error { return e.Err }

// offer is what a transaction gets of one record.
type offer struct {
	outs    []outgoing
	bytes   int64 // with overhead
	settled func(committed bool)
}

// offersOf makes what the producer takes, here in the handler's goroutine.
func offersOf(outputs []Output, by *limits) ([]offer, error) {
	offers := make([]offer, len(outputs))
	for i, out := range outputs {
		made := &offers[i]
		made.outs, made.settled = make([]outgoing, len(out.Records)), out.Settled
		fill(made.outs, out.Records, new(room))
		for k := range made.outs {
			n, limit := made.outs[k].msg.ByteSize(2), by.of(out.Records[k].Topic)
			if n > limit {
				return nil, &OutputError{Index: i, Err: &TooLargeError{Topic: out.Records[k].Topic, Bytes: n, Limit: limit}}
			}
			made.bytes += int64(n)
		}
	}
	return offers, nil
}

// offer puts the outputs to the records.
func (c *claim) offer(by *carried, offers []offer) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.gone.isSet():
		return fmt.Errorf("%w: %w", errLost, context.Canceled)
	case c.over.isSet():
		return fmt.Errorf("%w: %w", errDrained, context.Canceled)
	case by.spent || by.tasks[0].done:
		return errors.New("the message was Acked or Nacked before")
	case by.tasks[0].offered:
		return errors.New("it was finished before")
	}
	for i, t := range by.tasks {
		t.offered, t.outs, t.outBytes, t.settled = true, offers[i].outs, offers[i].bytes, offers[i].settled
		c.win.bytes += t.outBytes
	}
	return nil
}

// takeBack gives up what a handler offered and then Nacked.
func (c *claim) takeBack(by *carried) {
	c.mu.Lock()
	by.spent = true
	var tell []func(bool)
	for _, t := range by.tasks {
		c.win.bytes -= t.outBytes
		tell = append(tell, t.drop())
	}
	c.mu.Unlock()
	for _, settled := range tell {
		settled(false)
	}
}

// drop forgets what was offered and gives whom to tell, never nil.
func (t *task) drop() func(committed bool) {
	settled := t.settled
	t.offered, t.outs, t.outBytes, t.settled = false, nil, 0, nil
	if settled == nil {
		return func(bool) {}
	}
	return settled
}
