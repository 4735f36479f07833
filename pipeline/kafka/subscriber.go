package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill/message"
)

// Subscriber reads topics as one member of a consumer group. Several
// goroutines may use it. It connects by itself and keeps trying while the
// broker is away.
type Subscriber struct {
	brokers []string
	conf    SubscriberConfig
	sarama  *sarama.Config
	log     *slog.Logger

	lateAcks atomic.Int64
	commits  atomic.Int64
	aborts   atomic.Int64
	limits   limits
	gates    gates

	beforeCommit func() // for tests: a member that stands still there

	mu     sync.Mutex
	closed bool
	subs   map[*subscription]struct{}
	made   int // subscriptions, ever

	recovering sync.Mutex   // held while recovered is made or taken
	recovered  *txnProducer // of the first subscription, by Recover
}

var _ message.Subscriber = (*Subscriber)(nil)

// NewSubscriber checks the configuration; it does not need the broker.
func NewSubscriber(cfg Config, sc SubscriberConfig) (*Subscriber, error) {
	sc = sc.withDefaults()
	if err := sc.validate(); err != nil {
		return nil, err
	}
	conf, err := cfg.sarama()
	if err != nil {
		return nil, err
	}
	consuming(conf, cfg, sc)
	if err := conf.Validate(); err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	return &Subscriber{
		brokers: cfg.Brokers, conf: sc, sarama: conf,
		log:  cfg.log().With("group", sc.Group),
		subs: make(map[*subscription]struct{}), limits: limits{most: cfg.maxRecord() - overhead(conf, cfg.maxRecord())},
	}, nil
}

// fetchBytes is what a fetch asks of one partition. Records stay in memory with
// their whole fetch, so that it bounds what a slow partition holds; a batch that
// is larger comes whole all the same (KIP-74).
const fetchBytes = 256 << 10

// consuming sets what a member of a group needs.
func consuming(c *sarama.Config, cfg Config, sc SubscriberConfig) {
	c.Consumer.Offsets.Initial = sarama.OffsetOldest // a new group must not skip the backlog
	// Claims move while the others go on. sarama lets a revoked claim go when
	// ConsumeClaim returns, commits what is marked, and joins again.
	c.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{sarama.NewBalanceStrategyCooperativeSticky()}
	c.Consumer.Group.Rebalance.Timeout = sc.RebalanceTimeout
	c.Consumer.Group.Rebalance.Retry.Max = 30
	c.Consumer.Group.Rebalance.Retry.Backoff = 100 * time.Millisecond
	c.Consumer.Group.Session.Timeout = sc.SessionTimeout
	c.Consumer.Group.Heartbeat.Interval = sc.SessionTimeout / 10
	c.Consumer.Group.InstanceId = cfg.InstanceID
	// The answer to a join takes as long as the slowest member's drain.
	c.Net.ReadTimeout = sc.RebalanceTimeout + 10*time.Second
	// Nothing of a transaction before its commit, and exactly once no starting
	// offset that a transaction is about to move (groupClient).
	c.Consumer.IsolationLevel = sarama.ReadCommitted
	// commit.go commits; this is on for the last commit of a claim or session,
	// which only sarama can place between the claim's end and its release.
	c.Consumer.Offsets.AutoCommit.Enable = sc.Transactions == nil
	c.Consumer.Offsets.AutoCommit.Interval = time.Hour
	c.Consumer.Return.Errors = true
	c.Consumer.Fetch.Default = fetchBytes
	c.Consumer.Retry.Backoff = 250 * time.Millisecond
	// A claim ends when the fetch that is out returns: its partition stands still
	// for so long. A shorter one is many requests for nothing in quiet hours.
	c.Consumer.MaxWaitTime = 100 * time.Millisecond
	// A partition whose window is full holds up the others of its broker for
	// up to twice this time; then it is fetched apart.
	c.Consumer.MaxProcessingTime = 500 * time.Millisecond
	c.ChannelBufferSize = 64 // records read ahead per partition, beside the window
}

// Subscribe reads topics, several names with commas between, as one member of
// the group, oldest record first. The channel closes after Close or the end of
// ctx, when handlers had their time to finish; values of ctx are in the
// messages' contexts, its end is not. A message's context ends when it was
// Acked or Nacked, when its partition is lost, and at the end of a drain.
func (s *Subscriber) Subscribe(ctx context.Context, topics string) (<-chan *message.Message, error) {
	list := strings.Split(topics, ",")
	for i := range list {
		if list[i] = strings.TrimSpace(list[i]); list[i] == "" {
			return nil, fmt.Errorf("kafka: subscribe to %q: an empty topic name", topics)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	s.made++
	sub := newSubscription(ctx, s, list)
	s.subs[sub] = struct{}{}
	go func() {
		sub.run()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.subs, sub)
	}()
	return sub.out, nil
}

// instance gives the static identity of the next subscription, "" where there
// is none. Two members of one group must not share it.
func (s *Subscriber) instance() string {
	if s.sarama.Consumer.Group.InstanceId == "" || s.made == 1 {
		return s.sarama.Consumer.Group.InstanceId
	}
	return fmt.Sprintf("%s-%d", s.sarama.Consumer.Group.InstanceId, s.made)
}

// Close stops reading, lets handlers finish for DrainTimeout, commits, leaves
// the group and closes the channels. Later calls wait for the same.
func (s *Subscriber) Close() error {
	s.mu.Lock()
	s.closed = true
	subs := make([]*subscription, 0, len(s.subs))
	for sub := range s.subs {
		subs = append(subs, sub)
	}
	s.mu.Unlock()
	for _, sub := range subs {
		sub.stop()
	}
	for _, sub := range subs {
		<-sub.done
	}
	if p := s.takeRecovered(); p != nil {
		p.close()
	}
	return nil
}
