package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/reservoirhq/reservoir/pipeline"
)

// Finish hands the outputs of a message's record, in this order, to the next
// transaction of its Subscriber, which must have Transactions. A handler calls
// it once, before it returns nil: the record counts as done with the Ack that
// follows, and a Nack takes the outputs back. Finish does not wait. The bytes
// must not be changed afterwards. Outputs may be none: the offset alone.
//
// settled, if not nil, is called exactly once after a Finish without an error:
// with true when the transaction is committed, in the order of a partition's
// offsets, or with false when the work is dropped, because the record was
// Nacked or its partition was lost or let go first: somebody will read the
// record again. (Where a broker went away for good between a commit and its
// answer it may be false for a transaction that was carried out; then nobody
// reads the record again.) It must be quick: transactions wait for it.
//
// A *TooLargeError says that an output is larger than a topic takes; nothing is
// handed over, and the handler may Finish with something else. An error that
// wraps context.Canceled says that the partition is no longer ours.
func Finish(msg *message.Message, outputs []pipeline.Record, settled func(committed bool)) error {
	by, ok := msg.Context().Value(carriedKey{}).(*carried)
	if !ok || by.msg != msg || by.claim == nil || by.claim.txn == nil {
		return errors.New("kafka: finish: this message is not from a subscriber with transactions")
	}
	outs, size, err := outgoingOf(outputs, by.claim.txn.limit)
	if err != nil {
		return err
	}
	if err := by.claim.offer(by, outs, size, settled); err != nil {
		return fmt.Errorf("kafka: finish %s: %w", by.task.rec.Position(), err)
	}
	return nil
}

// outgoingOf makes what the producer takes, here in the handler's goroutine.
func outgoingOf(outputs []pipeline.Record, limit int) (outs []outgoing, size int64, err error) {
	outs = make([]outgoing, len(outputs))
	for i := range outputs {
		outs[i].fill(&outputs[i])
		n := outs[i].msg.ByteSize(2)
		if n > limit {
			return nil, 0, &TooLargeError{Topic: outputs[i].Topic, Bytes: n, Limit: limit}
		}
		size += int64(n)
	}
	return outs, size, nil
}

// offer puts the outputs to the record.
func (c *claim) offer(by *carried, outs []outgoing, size int64, settled func(bool)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := by.task
	switch {
	case c.gone.isSet():
		return fmt.Errorf("%w: %w", errLost, context.Canceled)
	case c.over.isSet():
		return fmt.Errorf("%w: %w", errDrained, context.Canceled)
	case by.spent || t.done:
		return errors.New("the message was Acked or Nacked before")
	case t.offered:
		return errors.New("it was finished before")
	}
	t.offered, t.outs, t.outBytes, t.settled = true, outs, size, settled
	c.win.bytes += size
	return nil
}

// takeBack gives up what a handler offered and then Nacked.
func (c *claim) takeBack(by *carried) {
	c.mu.Lock()
	t := by.task
	by.spent = true
	c.win.bytes -= t.outBytes
	settled := t.drop()
	c.mu.Unlock()
	settled(false)
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
