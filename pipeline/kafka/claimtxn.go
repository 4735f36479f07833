package kafka

import (
	"time"

	"github.com/IBM/sarama"
)

// What a claim does where the Subscriber has Transactions.

// generation names a member in one generation of the group.
type generation struct {
	id     int32
	member string
}

func generationOf(m *sarama.ConsumerGroupMetadata) generation {
	return generation{id: m.GenerationID, member: m.MemberID}
}

// verified tells whether the group's offset was looked at in this generation.
func (c *claim) verified(m *sarama.ConsumerGroupMetadata) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen == generationOf(m)
}

func (c *claim) verify(m *sarama.ConsumerGroupMetadata) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = generationOf(m)
}

// left is the group's offset as we left it, -1 for none.
func (c *claim) left() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.marked
}

// committing tells whether what was taken may still be committed.
func (c *claim) committing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.shut && !c.gone.isSet()
}

// press asks for a transaction where the window is full and half of it waits for
// nothing else; c.mu is held.
func (c *claim) press() {
	if c.txn != nil && c.stuck && 2*c.win.order.ready >= c.win.open {
		c.txn.rhythm.press()
	}
}

// take gives what may go into a transaction: the finished records at the front,
// or where the group begins, if it is not known to the broker.
func (c *claim) take(limit int) (part, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shut || c.gone.isSet() || c.inTxn {
		return part{}, false
	}
	p := part{claim: c, tasks: c.win.order.take(limit)}
	switch {
	case len(p.tasks) > 0:
		p.to = p.tasks[len(p.tasks)-1].rec.Offset + 1
	case c.unseen:
		p.to = c.win.marks.lowest()
	default:
		return part{}, false
	}
	c.inTxn = true
	return p, true
}

// settle ends a part of a transaction: it tells the handlers' side, in order,
// and then makes room for other records.
func (c *claim) settle(p part, committed bool) {
	for _, t := range p.tasks {
		if settled := t.settled; settled != nil {
			settled(committed)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range p.tasks {
		if committed {
			c.win.close(t)
		}
		t.drop()
	}
	c.win.order.settle(len(p.tasks))
	if committed {
		c.marked, c.unseen = p.to, false
	}
	c.inTxn = false
	signalTo(c.room)
	signalTo(c.quiet)
}

// signalTo fills a channel of one, if it is empty.
func signalTo(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// conclude has what is ready committed in a last transaction, while the
// partition is ours, and drops the rest. No record becomes ready meanwhile.
func (c *claim) conclude() {
	expired, stop := after(c.conf.Clock, c.conf.lastCommit())
	defer stop()
	for c.unsettled() {
		c.txn.now()
		select {
		case <-c.quiet:
			continue
		case <-c.gone.ch:
		case <-expired:
		}
		break
	}
	c.mu.Lock()
	c.shut = true
	c.mu.Unlock()
	signalTo(c.shaken)
	c.awaitTransaction()
	c.dropRest()
}

// unsettled tells whether a transaction holds or should hold records of this
// claim.
func (c *claim) unsettled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.gone.isSet() && (c.inTxn || c.win.order.ready > 0)
}

// awaitTransaction waits for the one that is under way, and makes it fail if
// the broker does not end it in its time: again and again, for it may be between
// one producer and the next.
func (c *claim) awaitTransaction() {
	for patience := c.conf.Transactions.Timeout; ; patience = leaveTime {
		if c.quietWithin(patience) {
			return
		}
		c.txn.snap()
	}
}

// quietWithin waits until no transaction has records of this claim.
func (c *claim) quietWithin(d time.Duration) bool {
	expired, stop := after(c.conf.Clock, d)
	defer stop()
	for c.busy() {
		select {
		case <-c.quiet:
		case <-expired:
			return !c.busy() // both may have come at once
		}
	}
	return true
}

// busy tells whether a transaction has records of this claim.
func (c *claim) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inTxn
}

// dropRest tells of all records that no transaction took.
func (c *claim) dropRest() {
	c.mu.Lock()
	var tell []func(bool)
	for _, t := range c.win.order.rest() {
		tell = append(tell, t.drop())
	}
	c.txn.rhythm.less(c.win.order.ready)
	c.win.order.ready = 0
	c.mu.Unlock()
	for _, settled := range tell {
		settled(false)
	}
}
