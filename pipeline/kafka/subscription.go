package kafka

import (
	"context"
	"sync"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/reservoirhq/reservoir/pipeline"
)

// subscription is one Subscribe: one member of the group, one channel.
type subscription struct {
	*Subscriber
	topics   []string
	instance string
	out      chan *message.Message
	values   context.Context // of Subscribe, without its end
	ctx      context.Context // ends when the subscription is to close
	stop     context.CancelFunc
	done     chan struct{}
	commit   committer

	sending sync.RWMutex // read-held around every send on out
	ended   bool         // guarded by sending

	mu     sync.Mutex
	claims map[pipeline.Partition]*claim
}

func newSubscription(ctx context.Context, s *Subscriber, topics []string) *subscription {
	sub := &subscription{
		Subscriber: s, topics: topics, instance: s.instance(),
		out: make(chan *message.Message), done: make(chan struct{}),
		values: context.WithoutCancel(ctx),
		claims: make(map[pipeline.Partition]*claim),
	}
	// The end of ctx is an order to close like any other: Watermill's router
	// ends it while its handlers still work.
	sub.ctx, sub.stop = context.WithCancel(ctx)
	sub.commit = committer{sub: sub, kick: make(chan struct{}, 1)}
	return sub
}

// run is the life of the subscription.
func (s *subscription) run() {
	defer close(s.done)
	defer s.stop()
	s.consume()
	s.sending.Lock()
	defer s.sending.Unlock()
	s.ended = true
	close(s.out)
}

// send hands a message out. It gives false if end is closed first.
func (s *subscription) send(m *message.Message, end <-chan struct{}) bool {
	s.sending.RLock()
	defer s.sending.RUnlock()
	if s.ended {
		return false
	}
	select {
	case s.out <- m:
		return true
	case <-end:
		return false
	}
}

func (s *subscription) closing() bool { return s.ctx.Err() != nil }

func (s *subscription) hold(c *claim) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claims[c.part] = c
}

func (s *subscription) release(c *claim) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.claims, c.part)
}

func (s *subscription) held() []*claim {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*claim, 0, len(s.claims))
	for _, c := range s.claims {
		all = append(all, c)
	}
	return all
}
