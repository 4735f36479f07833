package kafka

import (
	"context"
	"time"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/reservoirhq/reservoir/pipeline"
)

// verdict is how a hand-out ended.
type verdict int

const (
	acked verdict = iota
	nacked
	gone // the claim ended first, or the records must not be begun
)

// hire sees to it that what is ready is handed out; c.mu is held.
func (c *claim) hire() {
	if c.ready.len() > 0 && c.workers < c.slots {
		c.workers++
		go c.work()
	}
}

// work hands out what is ready, a message at a time, until nothing is. What
// becomes ready while every worker is busy is in their next messages: the more
// there is to do, the more records share the cost of one.
func (c *claim) work() {
	for lanes := c.next(); lanes != nil; lanes = c.next() {
		switch c.handle(lanes, false) {
		case acked:
			c.finish(lanes)
		case nacked:
			c.split(lanes)
		case gone:
			c.quit(lanes)
		}
	}
}

// split hands records of a message that was Nacked out apart, each by a worker of
// its own beside those of batches: one that has to wait holds up its own key and
// no other (invariant 5).
func (c *claim) split(lanes []*lane) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lone += len(lanes)
	for i := range lanes {
		go c.alone(lanes[i : i+1])
	}
}

func (c *claim) alone(one []*lane) {
	if c.handle(one, true) == acked {
		c.finish(one)
	} else {
		c.quit(one)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lone--
	c.hire()
	c.rest()
}

// next takes lanes for one message. It gives nil when nothing is ready; the
// worker must then end.
func (c *claim) next() []*lane {
	c.mu.Lock()
	defer c.mu.Unlock()
	var lanes []*lane
	for c.ready.len() > 0 && len(lanes) < max(1, c.batch) {
		ln := c.ready.pop()
		if !c.win.wanted(ln.head) {
			c.win.stop(ln)
			continue
		}
		if lanes == nil {
			lanes = make([]*lane, 0, min(1+c.ready.len(), max(1, c.batch)))
		}
		lanes = append(lanes, ln)
	}
	if lanes == nil {
		c.retire()
	}
	return lanes
}

// handle hands records out until they are acked; those of a batch once, until
// they are apart.
func (c *claim) handle(lanes []*lane, apart bool) verdict {
	for attempt := 0; ; attempt++ {
		v := c.handOut(lanes, apart)
		if v != nacked || c.batch > 1 && !apart {
			return v
		}
		if !c.pause(attempt) {
			return gone
		}
	}
}

// pause waits before records that were Nacked are handed out again. While the
// claim is being left it gives false: they stay unfinished, and whoever has the
// partition next reads them again.
func (c *claim) pause(attempt int) bool {
	return c.conf.Clock.Sleep(c.reading, doubled(c.conf.NackBackoff, c.conf.NackBackoffMax, attempt)) == nil
}

func (c *claim) handOut(lanes []*lane, apart bool) verdict {
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel() // also after an Ack: nothing of a record lives on
	m, carrier := c.message(ctx, lanes)
	carrier.alone = apart || c.batch <= 1
	if !c.deliver(lanes, m) {
		return gone
	}
	c.mu.Lock()
	for _, ln := range lanes {
		c.win.handed(ln.head)
	}
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
	return c.late(len(lanes), m.Acked(), m.Nacked())
}

// message makes what is handed out.
func (c *claim) message(ctx context.Context, lanes []*lane) (*message.Message, *carried) {
	tasks, records := make([]*task, len(lanes)), make([]*pipeline.Record, len(lanes))
	for i, ln := range lanes {
		tasks[i], records[i] = ln.head, &ln.head.rec
	}
	var m *message.Message
	var carrier *carried
	if c.batch == 0 {
		m, carrier = newMessage(ctx, records[0])
	} else {
		m, carrier = newBatchMessage(ctx, records)
	}
	carrier.claim, carrier.tasks = c, tasks
	m.SetContext(carrier)
	return m, carrier
}

// deliver sends a message, but not while its topic is paused. It gives false if
// the records must not be begun.
func (c *claim) deliver(lanes []*lane, m *message.Message) bool {
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
		return c.begins(lanes) && c.send(m, c.ctx.Done(), nil) == sent
	}
}

// begins tells whether all records may still be begun while the claim is being
// left.
func (c *claim) begins(lanes []*lane) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.win.drain()
	for _, ln := range lanes {
		if !c.win.wanted(ln.head) {
			return false
		}
	}
	return true
}

// late waits a while for the answer of a handler whose claim has ended, only to
// count it.
func (c *claim) late(records int, ack, nack <-chan struct{}) verdict {
	expired, stop := after(c.conf.Clock, c.conf.RebalanceTimeout)
	defer stop()
	select {
	case <-ack:
		c.lateAcks.Add(int64(records))
	case <-nack:
	case <-expired:
	}
	return gone
}

// finish takes the first records of lanes as done; what is behind them is
// ready.
func (c *claim) finish(lanes []*lane) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over.isSet() || c.gone.isSet() {
		c.lateAcks.Add(int64(len(lanes)))
		c.abandon(lanes)
		return
	}
	ready := 0 // for a transaction
	for _, ln := range lanes {
		if c.txn != nil {
			ready += c.win.order.finish(ln.head)
		}
		ln.head.prepared = nil // a transaction may hold the record for a while yet
		if c.win.finish(ln) != nil {
			c.line(ln)
		}
	}
	if c.txn == nil {
		c.commit.finish(len(lanes))
		signalTo(c.room)
		return
	}
	c.txn.rhythm.add(ready)
	c.press()
}

// quit ends lanes whose first records did not finish.
func (c *claim) quit(lanes []*lane) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.abandon(lanes)
}

// abandon leaves what is in lanes unfinished. The reader may have a record of
// their keys in its hand: no more is taken in, for it would go by them
// (invariant 6).
func (c *claim) abandon(lanes []*lane) {
	c.win.drain()
	for _, ln := range lanes {
		c.win.stop(ln)
	}
}

// retire takes note that a worker ends.
func (c *claim) retire() {
	c.workers--
	c.rest()
}

// rest tells a drain that nothing is handed out any more.
func (c *claim) rest() {
	if c.workers+c.lone == 0 && c.win.draining {
		c.idle.set()
	}
}

// await waits until nothing is handed out, for d at the most.
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
