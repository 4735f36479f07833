package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// layoutReader is what the check of an earlier layout asks of Kafka.
type layoutReader interface {
	Groups(ctx context.Context, prefix string) ([]string, error)
	Committed(ctx context.Context, group string) (map[pipeline.Partition]int64, error)
	Ends(ctx context.Context, topic string) (map[int32]int64, error)
	ReadPartition(ctx context.Context, p pipeline.Partition, from, to int64, fn func(pipeline.Record) error) error
}

// leftovers refuses a layout that would leave unread records behind: what an
// earlier layout, or a source that was removed since, wrote and nobody reads
// any more. A group's committed offsets tell what it read.
func (p *Plan) leftovers(ctx context.Context, k layoutReader) error {
	for _, pl := range p.Pipelines {
		reads := map[string][]string{}
		for _, s := range pl.Segments[1:] {
			reads[group(pl.Name, s.Name)] = s.In
		}
		groups, err := k.Groups(ctx, group(pl.Name, ""))
		if err != nil {
			return fmt.Errorf("list the consumer groups of the pipeline %s: %w", pl.Name, err)
		}
		errs := make([]error, len(groups))
		var asking sync.WaitGroup
		for i, g := range groups {
			asking.Go(func() { errs[i] = unread(ctx, k, g, reads[g]) })
		}
		asking.Wait()
		if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
			return errs[i]
		}
	}
	return nil
}

func unread(ctx context.Context, k layoutReader, group string, reads []string) error {
	committed, err := k.Committed(ctx, group)
	if err != nil {
		return fmt.Errorf("read the offsets of the group %s: %w", group, err)
	}
	lag := map[string]int64{}
	for topic := range topicsOf(committed) {
		if slices.Contains(reads, topic) {
			continue
		}
		ends, err := k.Ends(ctx, topic)
		if errors.Is(err, kafka.ErrNoTopic) {
			continue // deleted: nothing is left to read
		}
		if err != nil {
			return fmt.Errorf("ask for the end of %s: %w", topic, err)
		}
		for p, offset := range committed {
			if p.Topic != topic || ends[p.ID] <= offset {
				continue
			}
			left, err := holdsRecords(ctx, k, p, offset)
			if err != nil {
				return fmt.Errorf("look for unread records in %s: %w", p, err)
			}
			if left {
				lag[topic] += ends[p.ID] - offset
			}
		}
	}
	if len(lag) == 0 {
		return nil
	}
	left := slices.Sorted(maps.Keys(lag))
	return &LayoutError{Group: group, Topic: left[0], Records: lag[left[0]]}
}

var errRecord = errors.New("there is a record")

// holdsRecords tells records from the marks that end transactions: those have
// offsets too, and nobody reads them.
func holdsRecords(ctx context.Context, k layoutReader, p pipeline.Partition, from int64) (bool, error) {
	err := k.ReadPartition(ctx, p, from, kafka.End, func(pipeline.Record) error { return errRecord })
	if errors.Is(err, errRecord) {
		return true, nil
	}
	return false, err
}

func topicsOf(committed map[pipeline.Partition]int64) map[string]bool {
	topics := map[string]bool{}
	for p := range committed {
		topics[p.Topic] = true
	}
	return topics
}

// LayoutError says that a change of the configuration would leave records unread.
type LayoutError struct {
	Group, Topic string
	Records      int64
}

func (e *LayoutError) Error() string {
	return fmt.Sprintf("%d records of %s are unread by the group %s, and nothing in this configuration reads them: run the earlier configuration with its webhooks stopped until the lag of that group is 0, then start this one", e.Records, e.Topic, e.Group)
}
