package kafka

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/IBM/sarama"
)

// committer commits the claims' lowest unfinished offsets (invariant 5), all
// partitions of a session in one request, every N records or T.
type committer struct {
	sub      *subscription
	kick     chan struct{}
	finished atomic.Int64 // records since the last commit
}

// now asks for a commit soon; it does not wait.
func (c *committer) now() {
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// finish counts records.
func (c *committer) finish(n int) {
	limit := int64(c.sub.conf.CommitRecords)
	if now := c.finished.Add(int64(n)); now >= limit && now-int64(n) < limit {
		c.now()
	}
}

// start commits for a session until it is stopped.
func (c *committer) start(session sarama.ConsumerGroupSession) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var loops sync.WaitGroup
	loops.Go(func() {
		for c.sub.conf.Clock.Sleep(ctx, c.sub.conf.CommitInterval) == nil {
			c.now()
		}
	})
	loops.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-c.kick:
				c.commit(session)
			}
		}
	})
	return func() {
		cancel()
		loops.Wait()
	}
}

func (c *committer) commit(session sarama.ConsumerGroupSession) {
	c.finished.Store(0)
	moved := false
	for _, claim := range c.sub.held() {
		moved = claim.mark(session) || moved
	}
	if moved {
		c.sub.commits.Add(1)
	}
	// Also when nothing moved: what failed stays marked and goes with the next,
	// on a quiet topic too. Where nothing is marked, nothing is sent.
	session.Commit()
}
