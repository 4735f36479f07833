package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/IBM/sarama"
)

// MoveLeaders gives every partition of a topic the next of its replicas as
// leader: what a broker's restart does, without one.
func (a *Admin) MoveLeaders(ctx context.Context, topic string) error {
	return a.do(ctx, "move the leaders of "+topic, func(c cluster) error {
		t, err := describe(c, topic)
		if err != nil {
			return err
		}
		order := make([][]int32, len(t.Partitions))
		ids := make([]int32, len(t.Partitions))
		for i, p := range t.Partitions {
			ids[i] = p.ID
			order[p.ID] = following(p.Replicas, p.Leader)
		}
		if err := c.AlterPartitionReassignments(topic, order); err != nil {
			return err
		}
		results, err := c.ElectLeaders(sarama.PreferredElection, map[string][]int32{topic: ids})
		if err != nil {
			return err
		}
		var errs []error
		for id, r := range results[topic] {
			if !errors.Is(r.ErrorCode, sarama.ErrNoError) && !errors.Is(r.ErrorCode, sarama.ErrElectionNotNeeded) {
				errs = append(errs, fmt.Errorf("partition %d: %w", id, r.ErrorCode))
			}
		}
		return errors.Join(errs...)
	})
}

// following gives the replicas in their order, beginning behind the leader.
func following(replicas []int32, leader int32) []int32 {
	at := slices.Index(replicas, leader) + 1
	return slices.Concat(replicas[at%len(replicas):], replicas[:at%len(replicas)])
}

// OutOfSync tells how many partitions of the topics lack a replica, or a leader.
func (a *Admin) OutOfSync(ctx context.Context, topics ...string) (int, error) {
	return ask(ctx, a, "look for replicas that are behind", func(c cluster) (n int, err error) {
		for _, topic := range topics {
			t, err := describe(c, topic)
			if err != nil {
				return 0, err
			}
			for _, p := range t.Partitions {
				if len(p.Isr) < len(p.Replicas) || p.Leader < 0 {
					n++
				}
			}
		}
		return n, nil
	})
}
