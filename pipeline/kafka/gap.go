package kafka

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"
)

// closeGap sees to it that a static member's return leaves no partition to
// nobody. A cooperative rebalance takes two joins: with the first a member lets
// go, with the second others get it. A member that died in between, or lost its
// coordinator, comes back under its instance id, and the coordinator gives it
// its last assignment without a rebalance (KIP-345): the second join never
// comes, and what was let go stands still in a group that calls itself stable.
//
// So a member that is about to join looks whether its former life is in such a
// group, and has it leave for good: then its join is a new member's, and the
// group deals anew. It holds nothing, so that costs no more than a rebalance;
// and where the gap is only that of a rebalance between its two joins, there is
// one anyway.
func (s *subscription) closeGap(client sarama.Client) error {
	if s.instance == "" {
		return nil // a dynamic member's join is always a rebalance
	}
	if err := client.RefreshMetadata(s.topics...); err != nil {
		return fmt.Errorf("kafka: ask for the partitions of %v: %w", s.topics, err)
	}
	gap, err := s.leftGapOnceSettled(client)
	if err != nil || !gap {
		return err
	}
	s.log.Info("partitions are nobody's, or of topics that are not read any more: the group deals anew", "instance_id", s.instance)
	admin, err := sarama.NewClusterAdminFromClient(client) // not to be closed: the client is the member's
	if err != nil {
		return fmt.Errorf("kafka: leave group %s as %s: %w", s.conf.Group, s.instance, err)
	}
	if _, err := admin.RemoveMemberFromConsumerGroup(s.conf.Group, []string{s.instance}); err != nil {
		return fmt.Errorf("kafka: leave group %s as %s: %w", s.conf.Group, s.instance, err)
	}
	return nil
}

// settleTime is worth it for a coordinator that moves or reads its groups. After
// more, the member connects anew.
const settleTime = 3 * time.Second

// leftGapOnceSettled waits for a coordinator that moves. Who was it, or is about
// to be, says nothing of the group; a join waits for it, and would come back to
// the gap.
func (s *subscription) leftGapOnceSettled(client sarama.Client) (gap bool, err error) {
	ctx, cancel := context.WithTimeout(s.ctx, settleTime)
	defer cancel()
	err = untilSettled(ctx, s.conf.Clock, func() (err error) {
		gap, err = s.leftGap(client)
		return err
	})
	return gap, err
}

// leftGap tells whether a former life of this member is in a stable group in
// which a partition of our topics is nobody's, or holds some of another topic.
func (s *subscription) leftGap(client sarama.Client) (bool, error) {
	group, err := describeGroup(client, s.conf.Group)
	if err != nil {
		return false, fmt.Errorf("kafka: ask who holds what in group %s: %w", s.conf.Group, err)
	}
	if group == nil || group.Err != sarama.ErrNoError || group.State != "Stable" {
		return false, nil // a rebalance is under way or to come: it deals anew
	}
	owned, former, other := make(map[string][]int32), false, false
	for _, m := range group.Members {
		ours := m.GroupInstanceId != nil && *m.GroupInstanceId == s.instance
		former = former || ours
		other = other || ours && s.asked(m)
		assigned, err := m.GetMemberAssignment()
		if err != nil {
			return false, fmt.Errorf("kafka: read who holds what in group %s: %w", s.conf.Group, err)
		}
		if assigned == nil {
			continue
		}
		for topic, ids := range assigned.Topics {
			owned[topic] = append(owned[topic], ids...)
			other = other || ours && !slices.Contains(s.topics, topic)
		}
	}
	if !former || other {
		return other, nil
	}
	for _, topic := range s.topics {
		ids, err := client.Partitions(topic)
		if err != nil {
			return false, fmt.Errorf("kafka: ask for the partitions of %s: %w", topic, err)
		}
		if slices.ContainsFunc(ids, func(id int32) bool { return !slices.Contains(owned[topic], id) }) {
			return true, nil
		}
	}
	return false, nil
}

// asked tells whether a former life subscribed to other topics. The coordinator
// compares the name of the protocol alone (KAFKA-12759).
func (s *subscription) asked(former *sarama.GroupMemberDescription) bool {
	meta, err := former.GetMemberMetadata()
	if err != nil || meta == nil {
		return false // the assignment tells
	}
	topics := slices.Sorted(slices.Values(meta.Topics))
	return !slices.Equal(topics, slices.Sorted(slices.Values(s.topics)))
}

// describeGroup asks the group's coordinator, whom the join asks next. sarama's
// admin client would connect to the controller first, while partitions wait. It
// gives nil for an answer about no group or several.
func describeGroup(client sarama.Client, group string) (*sarama.GroupDescription, error) {
	// Version 5 tells the members' instance ids; an older broker gets an older one.
	req := &sarama.DescribeGroupsRequest{Version: 5, Groups: []string{group}}
	found, err := atCoordinator(client, group, func(b *sarama.Broker) (*sarama.DescribeGroupsResponse, error) { return b.DescribeGroups(req) })
	if err != nil || len(found.Groups) != 1 {
		return nil, err
	}
	if err := found.Groups[0].Err; isSettling(err) {
		_ = client.RefreshCoordinator(group)
		return nil, err
	}
	return found.Groups[0], nil
}
