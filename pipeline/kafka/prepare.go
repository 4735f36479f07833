package kafka

import (
	"context"

	"github.com/reservoirhq/reservoir/pipeline"
)

// prepare is what is done with a record before it goes into a message.
type prepare = func(context.Context, *pipeline.Record) (any, error)

// line puts a lane among those that are ready, or has its first record prepared
// before that; c.mu is held.
func (c *claim) line(ln *lane) {
	if c.prepare == nil {
		c.ready.push(ln)
		return
	}
	// From now on it counts as handed out: a drain lets it finish, and what is
	// below it too.
	ln.head.begun = true
	c.win.handed(ln.head)
	c.lone++
	go c.preparing(ln, ln.head)
}

// preparing has the first record of a lane prepared. The lane stands still
// meanwhile, so that the order of its key is kept; all others go on
// (invariant 5).
func (c *claim) preparing(ln *lane, t *task) {
	made, ok := c.made(t)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lone--
	if ok {
		t.prepared = made
		c.ready.push(ln)
	} else {
		c.abandon([]*lane{ln})
	}
	c.hire()
	c.rest()
}

// made prepares a record, not while its topic is paused. It gives false when
// the claim ends first.
func (c *claim) made(t *task) (any, bool) {
	for attempt := 0; c.opened(); attempt++ {
		made, err := c.prepare(c.ctx, &t.rec)
		if err == nil {
			return made, true
		}
		if !c.pause(attempt) {
			break
		}
	}
	return nil, false
}

// opened waits while the topic is paused. It gives false if the claim is to be
// left before that ends.
func (c *claim) opened() bool {
	for {
		_, open := c.gates.of(c.part.Topic)
		if open == nil {
			return c.ctx.Err() == nil
		}
		select {
		case <-open:
		case <-c.reading.Done():
			return false
		}
	}
}
