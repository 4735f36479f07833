package kafka

import (
	"fmt"
	"sync/atomic"

	"github.com/IBM/sarama"
)

// groupClient is the client as the group sees it. sarama asks for offsets, each
// partition's after the other's, as strictly as it reads records; a broker
// answers the strict question only when every offset that is being committed is
// replicated, so that a join took as many commits of the other members as it got
// partitions, which stood still for it.
//
// At least once, the offset that was committed last will do: where a transaction
// of an earlier exactly_once is about to move it, what is before is read again.
// Records are read as strictly as ever.
type groupClient struct {
	sarama.Client
	conf atomic.Pointer[sarama.Config]
}

// Config is what sarama asks for when it makes a group, and again for each
// session's offsets.
func (c *groupClient) Config() *sarama.Config { return c.conf.Load() }

// newGroup gives a member of the group; who closes it closes client too.
func (s *subscription) newGroup(client sarama.Client) (sarama.ConsumerGroup, error) {
	seen := &groupClient{Client: client}
	seen.conf.Store(client.Config())
	group, err := sarama.NewConsumerGroupFromClient(s.conf.Group, seen)
	if err != nil {
		return nil, fmt.Errorf("kafka: group %s: %w", s.conf.Group, err)
	}
	if s.txn == nil {
		of := *client.Config()
		of.Consumer.IsolationLevel = sarama.ReadUncommitted
		seen.conf.Store(&of)
	}
	return group, nil
}
