package kafka

import (
	"context"
	"time"

	"github.com/IBM/sarama"
)

// endsEvery is how often a partition whose window is full is asked where it ends.
const endsEvery = 5 * time.Second

// followEnds asks for the ends of partitions that nothing is fetched from, because
// what they hand out is not finished: a fetch tells the end otherwise, and the lag
// must be seen to grow above all where nothing moves. A broker that does not tell
// leaves the end that was known.
func (s *subscription) followEnds(ctx context.Context, client sarama.Client) {
	for s.conf.Clock.Sleep(ctx, endsEvery) == nil {
		for _, c := range s.held() {
			if !c.full() {
				c.last.Store(0)
				continue
			}
			if end, err := client.GetOffset(c.part.Topic, c.part.ID, sarama.OffsetNewest); err == nil {
				c.last.Store(end)
			}
		}
	}
}

// full tells whether no record is taken in.
func (c *claim) full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.win.room(1)
}
