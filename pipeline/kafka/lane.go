package kafka

import (
	"context"
	"time"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill/message"
)

// verdict is how a hand-out ended.
type verdict int

const (
	acked verdict = iota
	nacked
	gone // the claim ended first, or the record must not be begun
)

// work runs one lane until it is empty: one goroutine for each key that has
// records, none for a record of its own.
func (c *claim) work(ln *lane, t *task) {
	for t != nil {
		if c.handle(t) != acked {
			c.quit(ln)
			return
		}
		t = c.finish(ln)
	}
}

// handle hands a record out until it is acked.
func (c *claim) handle(t *task) verdict {
	for attempt := 0; ; attempt++ {
		v := c.handOut(t)
		if v != nacked {
			return v
		}
		if !c.pause(attempt) {
			return gone
		}
	}
}

// pause waits before a record that was Nacked is handed out again. While the
// claim is being left it gives false: the record stays unfinished, and whoever
// has the partition next reads it again.
func (c *claim) pause(attempt int) bool {
	return c.conf.Clock.Sleep(c.reading, doubled(c.conf.NackBackoff, c.conf.NackBackoffMax, attempt)) == nil
}

func (c *claim) handOut(t *task) verdict {
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel() // also after an Ack: nothing of a record lives on
	m, carrier := newMessage(ctx, &t.rec)
	carrier.claim, carrier.task = c, t
	m.SetContext(carrier)
	if !c.deliver(t, m) {
		return gone
	}
	c.mu.Lock()
	c.win.handed(t)
	c.mu.Unlock()
	select {
	case <-m.Acked():
		return acked
	case <-m.Nacked():
		if c.txn != nil {
			c.takeBack(carrier)
		}
		return nacked
	case <-c.over.ch:
	}
	return c.late(m.Acked(), m.Nacked())
}

// deliver sends a message, but not while its topic is paused. It gives false if
// the record must not be begun.
func (c *claim) deliver(t *task, m *message.Message) bool {
	for {
		shut, open := c.gates.of(c.part.Topic)
		if open != nil {
			select {
			case <-open:
				continue
			case <-c.reading.Done():
				return false // not even to fill holes: its topic is paused
			}
		}
		switch c.send(m, c.reading.Done(), shut) {
		case sent:
			return true
		case cut:
			continue
		}
		return c.begins(t) && c.send(m, c.ctx.Done(), nil) == sent
	}
}

// begins tells whether a record may still be begun while the claim is being
// left.
func (c *claim) begins(t *task) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.win.drain()
	return c.win.wanted(t)
}

// late waits a while for the answer of a handler whose claim has ended, only to
// count it.
func (c *claim) late(ack, nack <-chan struct{}) verdict {
	expired, stop := after(c.conf.Clock, c.conf.RebalanceTimeout)
	defer stop()
	select {
	case <-ack:
		c.lateAcks.Add(1)
	case <-nack:
	case <-expired:
	}
	return gone
}

// finish takes the first record of a lane as done and gives the next.
func (c *claim) finish(ln *lane) *task {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over.isSet() || c.gone.isSet() {
		c.lateAcks.Add(1)
		c.abandon(ln)
		return nil
	}
	if c.txn != nil {
		c.txn.add(c.win.order.finish(ln.head))
	} else {
		c.commit.finish()
		signalTo(c.room)
	}
	next := c.win.finish(ln)
	if next == nil {
		c.retire()
	}
	return next
}

// quit ends a lane whose first record did not finish.
func (c *claim) quit(ln *lane) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.abandon(ln)
}

// abandon leaves what is in a lane unfinished.
func (c *claim) abandon(ln *lane) {
	c.win.stop(ln)
	c.retire()
}

// retire takes note that a lane's worker ends.
func (c *claim) retire() {
	c.workers--
	if c.workers == 0 && c.win.draining {
		c.idle.set()
	}
}

// await waits until no lane has a worker, for d at the most.
func (c *claim) await(d time.Duration, cut <-chan struct{}) {
	expired, stop := after(c.conf.Clock, d)
	defer stop()
	select {
	case <-c.idle.ch:
	case <-cut:
	case <-expired:
	}
}

// mark tells sarama the offset to commit next, and whether it moved.
func (c *claim) mark(session sarama.ConsumerGroupSession) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	lowest := c.win.marks.lowest()
	if lowest == c.marked {
		return false
	}
	session.MarkOffset(c.part.Topic, c.part.ID, lowest, "")
	c.marked = lowest
	return true
}
