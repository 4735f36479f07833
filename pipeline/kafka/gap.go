package kafka

import (
	"errors"
	"fmt"
	"slices"

	"github.com/IBM/sarama"
)

// errGap sends a member back to the group's door.
var errGap = errors.New("kafka: partitions of the group were nobody's, it deals anew")

// closeGap sees to it that no partition is nobody's when a static member has
// joined. A cooperative rebalance takes two joins: with the first a member lets
// go, with the second others get it. A member that died in between, or lost its
// coordinator, comes back under its instance id, and the coordinator gives it
// its last assignment without a rebalance (KIP-345): the second join never
// comes, and what was let go stands still in a group that calls itself stable.
// So who has just joined, and has nothing to lose, leaves for good and joins as
// a new member, which makes the group deal anew.
func (h *handler) closeGap() error {
	if h.instance == "" {
		return nil // a dynamic member's join is always a rebalance
	}
	admin, err := sarama.NewClusterAdminFromClient(h.client) // not to be closed: the client is the member's
	if err != nil {
		return fmt.Errorf("kafka: ask who holds what in group %s: %w", h.conf.Group, err)
	}
	gap, err := h.gap(admin)
	if err != nil || !gap {
		return err
	}
	if _, err := admin.RemoveMemberFromConsumerGroup(h.conf.Group, []string{h.instance}); err != nil {
		return fmt.Errorf("kafka: leave group %s as %s: %w", h.conf.Group, h.instance, err)
	}
	return errGap
}

// gap tells whether a partition of our topics is nobody's in a stable group.
func (h *handler) gap(admin sarama.ClusterAdmin) (bool, error) {
	groups, err := admin.DescribeConsumerGroups([]string{h.conf.Group})
	if err != nil {
		return false, fmt.Errorf("kafka: ask who holds what in group %s: %w", h.conf.Group, err)
	}
	if len(groups) != 1 || groups[0].Err != sarama.ErrNoError || groups[0].State != "Stable" {
		return false, nil // a rebalance is under way: it deals anew
	}
	owned := make(map[string][]int32)
	for _, m := range groups[0].Members {
		assigned, err := m.GetMemberAssignment()
		if err != nil {
			return false, fmt.Errorf("kafka: read who holds what in group %s: %w", h.conf.Group, err)
		}
		if assigned == nil {
			continue
		}
		for topic, ids := range assigned.Topics {
			owned[topic] = append(owned[topic], ids...)
		}
	}
	for _, topic := range h.topics {
		ids, err := h.client.Partitions(topic)
		if err != nil {
			return false, fmt.Errorf("kafka: ask for the partitions of %s: %w", topic, err)
		}
		if slices.ContainsFunc(ids, func(id int32) bool { return !slices.Contains(owned[topic], id) }) {
			return true, nil
		}
	}
	return false, nil
}
