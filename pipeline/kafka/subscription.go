package kafka

import (
	"context"
	"sync"
	"sync/atomic"

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
	txn      *transactor   // in the committer's place, with Transactions
	shaken   chan struct{} // filled when a claim ends early
	troubles troubles
	starting atomic.Pointer[laps] // of a session that has no record yet

	sending sync.RWMutex // read-held around every send on out
	ended   bool         // guarded by sending

	mu     sync.Mutex
	claims map[pipeline.Partition]*claim
	count  atomic.Int64 // of them
}

func newSubscription(ctx context.Context, s *Subscriber, topics []string) *subscription {
	sub := &subscription{
		Subscriber: s, topics: topics, instance: s.instance(),
		out: make(chan *message.Message), done: make(chan struct{}), shaken: make(chan struct{}, 1),
		values: context.WithoutCancel(ctx),
		claims: make(map[pipeline.Partition]*claim),
	}
	// The end of ctx is an order to close like any other: Watermill's router
	// ends it while its handlers still work.
	sub.ctx, sub.stop = context.WithCancel(ctx)
	sub.commit = committer{sub: sub, kick: make(chan struct{}, 1)}
	if s.conf.Transactions != nil {
		sub.txn = newTransactor(sub, s.made)
	}
	return sub
}

// warn tells of trouble, not of each of many.
func (s *subscription) warn(what string, err error) {
	s.troubles.warn(s.log, s.conf.Clock.Now(), what, err)
}

// run is the life of the subscription.
func (s *subscription) run() {
	defer close(s.done)
	defer s.stop()
	s.consume()
	if s.txn != nil {
		s.txn.discard()
	}
	s.sending.Lock()
	defer s.sending.Unlock()
	s.ended = true
	close(s.out)
}

// sending is how an attempt to hand out a message ended.
type sending int

const (
	sent  sending = iota
	cut           // the topic was paused first
	ended         // the claim or the subscription
)

// send hands a message out, if neither end nor shut is closed first.
func (s *subscription) send(m *message.Message, end, shut <-chan struct{}) sending {
	s.sending.RLock()
	defer s.sending.RUnlock()
	if s.ended {
		return ended
	}
	select {
	case s.out <- m:
		return sent
	case <-shut:
		return cut
	case <-end:
		return ended
	}
}

func (s *subscription) closing() bool { return s.ctx.Err() != nil }

func (s *subscription) hold(c *claim) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claims[c.part] = c
	s.count.Store(int64(len(s.claims)))
}

func (s *subscription) release(c *claim) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.claims, c.part)
	s.count.Store(int64(len(s.claims)))
}

// loseAll gives up every claim: they may be another member's.
func (s *subscription) loseAll() {
	for _, c := range s.held() {
		c.lose()
		c.leave()
	}
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
