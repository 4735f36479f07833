package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/IBM/sarama"

	"github.com/reservoirhq/reservoir/pipeline"
)

// ErrNoTopic is asked about a topic that does not exist.
var ErrNoTopic = errors.New("no such topic; create it, or mend its name")

// Partitions gives how many partitions a topic has; ErrNoTopic if there is
// none of that name.
func (a *Admin) Partitions(ctx context.Context, topic string) (int32, error) {
	return ask(ctx, a, "count the partitions of "+topic, func(c cluster) (int32, error) {
		ids, err := partitionsOf(c, topic)
		return int32(len(ids)), err
	})
}

func partitionsOf(c cluster, topic string) ([]int32, error) {
	t, err := describe(c, topic)
	if err != nil {
		return nil, err
	}
	ids := make([]int32, len(t.Partitions))
	for i, p := range t.Partitions {
		ids[i] = p.ID
	}
	slices.Sort(ids)
	return ids, nil
}

// refreshed gives the partitions of a topic as they are now, and has sarama know
// them.
func refreshed(c cluster, topic string) ([]int32, error) {
	if err := c.client.RefreshMetadata(topic); err == nil {
		return c.client.Partitions(topic)
	}
	// In the words of the broker: there may be no such topic.
	ids, err := partitionsOf(c, topic)
	if err != nil {
		return nil, err
	}
	return ids, c.client.RefreshMetadata(topic)
}

// describe gives what the cluster says of one topic; ErrNoTopic if there is none
// of that name.
func describe(c cluster, topic string) (*sarama.TopicMetadata, error) {
	found, err := c.DescribeTopics([]string{topic})
	if err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, sarama.ErrIncompleteResponse
	}
	t := found[0]
	if errors.Is(t.Err, sarama.ErrUnknownTopicOrPartition) {
		return nil, fmt.Errorf("%w: %w", ErrNoTopic, t.Err)
	}
	if !errors.Is(t.Err, sarama.ErrNoError) {
		return nil, t.Err
	}
	return t, nil
}

// Ends gives, by partition, the offset that the next record will have.
func (a *Admin) Ends(ctx context.Context, topic string) (map[int32]int64, error) {
	return a.offsets(ctx, topic, sarama.OffsetNewest)
}

// Starts gives, by partition, the first offset that is kept.
func (a *Admin) Starts(ctx context.Context, topic string) (map[int32]int64, error) {
	return a.offsets(ctx, topic, sarama.OffsetOldest)
}

func (a *Admin) offsets(ctx context.Context, topic string, at int64) (map[int32]int64, error) {
	return ask(ctx, a, "ask for the offsets of "+topic, func(c cluster) (map[int32]int64, error) {
		// sarama looks the leaders up in what it knows of the topic, which may
		// have been made anew since.
		ids, err := refreshed(c, topic)
		if err != nil {
			return nil, err
		}
		query := make(map[int32]int64, len(ids))
		for _, id := range ids {
			query[id] = at
		}
		found, err := c.ListOffsets(map[string]map[int32]int64{topic: query}, nil)
		if err != nil {
			return nil, err
		}
		all := make(map[int32]int64, len(ids))
		for id, r := range found[topic] {
			if r.Err != nil && !errors.Is(r.Err, sarama.ErrNoError) {
				return nil, fmt.Errorf("partition %d: %w", id, r.Err)
			}
			all[id] = r.Offset
		}
		return all, nil
	})
}

// Committed gives the offsets that a group has committed: for each partition
// the next one it would read. A group that never read has none.
func (a *Admin) Committed(ctx context.Context, group string) (map[pipeline.Partition]int64, error) {
	return ask(ctx, a, "ask for the offsets of group "+group, func(c cluster) (map[pipeline.Partition]int64, error) {
		all := make(map[pipeline.Partition]int64)
		found, err := c.ListConsumerGroupOffsets(group, nil)
		if errors.Is(err, sarama.ErrGroupIDNotFound) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		blocks := found.Blocks
		if len(found.Groups) > 0 { // brokers from 3.0
			blocks = found.Groups[0].Blocks
		}
		for topic, byID := range blocks {
			for id, b := range byID {
				if !errors.Is(b.Err, sarama.ErrNoError) {
					return nil, fmt.Errorf("%s/%d: %w", topic, id, b.Err)
				}
				if b.Offset >= 0 {
					all[pipeline.Partition{Topic: topic, ID: id}] = b.Offset
				}
			}
		}
		return all, nil
	})
}

// Groups gives the names of the consumer groups that begin with prefix,
// sorted.
func (a *Admin) Groups(ctx context.Context, prefix string) ([]string, error) {
	names, err := ask(ctx, a, "list the groups", groupsOf)
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, prefix) })
	slices.Sort(names)
	return slices.Compact(names), nil
}

// groupsOf asks every broker: each knows those that it coordinates. sarama's own
// list leaves out those of a broker that still reads them, and does not say so.
func groupsOf(c cluster) ([]string, error) {
	var names []string
	for _, b := range c.client.Brokers() {
		listed, err := c.opened(b).ListGroups(&sarama.ListGroupsRequest{Version: 5})
		if err != nil {
			return nil, err
		}
		if !errors.Is(listed.Err, sarama.ErrNoError) {
			return nil, listed.Err
		}
		names = slices.AppendSeq(names, maps.Keys(listed.Groups))
	}
	return names, nil
}
