package kafka

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/IBM/sarama"

	"github.com/reservoirhq/reservoir/pipeline"
)

var (
	errLost    = errors.New("kafka: the partition was lost")
	errDrained = errors.New("kafka: the partition was let go, and the time to finish is over")
)

// claim is one partition while it is ours. It is reading, then leaving (what
// handlers have may finish), then over: whatever finishes later does not
// count.
type claim struct {
	*subscription
	part    pipeline.Partition
	from    sarama.ConsumerGroupClaim
	ctx     context.Context // of its messages
	end     context.CancelCauseFunc
	reading context.Context // ends when no more is to be begun
	leave   context.CancelFunc
	gone    signal // the partition may be another member's
	over    signal // the claim has ended
	idle    signal // leaving, and nothing is handed out
	room    chan struct{}
	last    atomic.Int64 // where the partition ends, while its window is full
	batch   int          // records of one message, 0 for a message that is its record
	slots   int          // messages at once
	prepare prepare

	mu      sync.Mutex
	win     window
	ready   queue // lanes whose first record may be handed out
	workers int
	lone    int   // workers of records that are handed out apart or prepared
	marked  int64 // the last offset that was marked for commit, -1 for none

	// With transactions (claimtxn.go), guarded by mu but for quiet.
	seen   generation    // in which marked was compared with the group's offset
	unseen bool          // the group is not known to begin where we do
	inTxn  bool          // a transaction has records of this claim
	shut   bool          // no transaction may have any
	stuck  bool          // the reader waits for room
	quiet  chan struct{} // filled when inTxn became false
}

// signal is a channel that is closed once.
type signal struct {
	ch   chan struct{}
	once *sync.Once
}

func newSignal() signal { return signal{ch: make(chan struct{}), once: new(sync.Once)} }

func (s signal) set() { s.once.Do(func() { close(s.ch) }) }

func (s signal) isSet() bool {
	select {
	case <-s.ch:
		return true
	default:
		return false
	}
}

func newClaim(s *subscription, p pipeline.Partition, from sarama.ConsumerGroupClaim, start int64) *claim {
	c := &claim{
		subscription: s, part: p, from: from, marked: -1,
		gone: newSignal(), over: newSignal(), idle: newSignal(),
		room: make(chan struct{}, 1), quiet: make(chan struct{}, 1),
		win: newWindow(s.conf.WindowRecords, s.conf.WindowBytes, start),
	}
	c.win.maxSpread = s.conf.MaxSpread
	c.batch, c.slots, c.prepare = s.conf.Batch(p.Topic), s.conf.WindowRecords, s.conf.Prepare(p.Topic)
	if c.batch > 1 {
		c.slots = s.conf.Batches
	}
	if s.txn != nil {
		c.win.order = new(prefix)
	}
	ctx, end := context.WithCancelCause(s.values)
	c.end = end
	c.reading, c.leave = context.WithCancel(ctx)
	c.ctx = pipeline.WithLeaving(ctx, c.reading)
	return c
}

// run is the life of the claim. It returns when nothing of it counts any more.
func (c *claim) run(session sarama.ConsumerGroupSession) {
	var watcher sync.WaitGroup
	watched := make(chan struct{})
	watcher.Go(func() { c.watch(session.Context(), watched) })
	assigned := c.assigned()
	if assigned {
		c.read()
		c.drain()
	}
	if c.txn != nil {
		c.conclude()
	}
	if assigned {
		c.conf.OnRevoked(c.part)
	}
	c.over.set()
	c.end(errDrained)
	c.leave()
	close(watched)
	watcher.Wait()
}

// watch waits for the signs that the partition must be let go. sarama keeps
// its word that a revoked claim's channel of messages closes, but what is
// buffered in it comes first: a slow handler would go on for a long time. The
// channel of errors closes at the same moment and is empty then.
func (c *claim) watch(session context.Context, done <-chan struct{}) {
	var errs <-chan *sarama.ConsumerError
	if e, ok := c.from.(interface {
		Errors() <-chan *sarama.ConsumerError
	}); ok {
		errs = e.Errors()
	}
	for {
		select {
		case <-done:
			return
		case err, ok := <-errs:
			if ok {
				c.warn("trouble reading partitions", err)
				continue
			}
			errs = nil
			c.leave()
		case <-session.Done():
			if c.lost(session) {
				c.lose()
			}
			c.leave()
			return
		}
	}
}

// lose ends the work of handlers: the partition may be another member's.
func (c *claim) lose() {
	c.gone.set()
	c.end(errLost)
	signalTo(c.shaken)
}

// assigned calls OnAssigned until it works. It gives false if the claim ends
// first.
func (c *claim) assigned() bool {
	for attempt := 0; c.reading.Err() == nil; attempt++ {
		err := c.conf.OnAssigned(c.reading, c.part)
		if err == nil {
			return true
		}
		if c.reading.Err() == nil {
			c.troubles.warn(c.log.With("partition", c.part.String()), c.conf.Clock.Now(), "a partition cannot be taken on, trying again", err)
		}
		_ = c.conf.Clock.Sleep(c.reading, doubled(c.conf.NackBackoff, c.conf.NackBackoffMax, attempt))
	}
	return false
}

// read takes records in until the claim is to be left.
func (c *claim) read() {
	known := names{}
	for first := true; ; first = false {
		select {
		case <-c.reading.Done():
			return
		case m, ok := <-c.from.Messages():
			if !ok {
				c.leave()
				return
			}
			if first {
				c.begun()
			}
			t := &task{rec: known.record(m)}
			t.size = sizeOf(&t.rec)
			if !c.admit(t) {
				return
			}
		}
	}
}

// begun tells of a session's first record.
func (c *claim) begun() {
	if start := c.starting.Swap(nil); start != nil {
		c.log.Info("the first record has come", start.after(), slog.String("partition", c.part.String()))
	}
}

// admit waits for room and puts a record in its lane. It gives false if the
// claim is to be left first.
func (c *claim) admit(t *task) bool {
	for {
		c.mu.Lock()
		if c.win.draining {
			c.mu.Unlock()
			return false
		}
		c.win.maxRecords, c.win.maxBytes = c.quota()
		if c.win.room(t.size) {
			c.stuck = false
			if ln := c.win.add(t); ln != nil {
				c.line(ln)
				c.hire()
			}
			c.mu.Unlock()
			return true
		}
		c.stuck = true
		c.press()
		c.mu.Unlock()
		select {
		case <-c.room:
		case <-c.reading.Done():
			return false
		}
	}
}

// leastRecords are always a partition's, however many a member has.
const leastRecords = 16

// quota is this partition's part of what a member may hold (invariant 11).
func (c *claim) quota() (records int, bytes int64) {
	n := max(1, c.count.Load())
	records = min(c.conf.WindowRecords, max(leastRecords, c.conf.TotalRecords/int(n)))
	return records, min(c.conf.WindowBytes, c.conf.TotalBytes/n)
}

// drain lets handlers finish, first in peace, then with their contexts ended.
// Its bound is below the rebalance timeout.
func (c *claim) drain() {
	c.mu.Lock()
	c.win.drain()
	if c.workers+c.lone == 0 {
		c.idle.set()
	}
	c.mu.Unlock()
	c.await(c.conf.DrainTimeout, c.gone.ch)
	c.end(errDrained)
	c.await(c.conf.grace(), nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over.set() // under the lock: a finish before this counts, one after does not
}
