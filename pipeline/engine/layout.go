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
		names, err := k.Groups(ctx, group(pl.Name, ""))
		if err != nil {
			return fmt.Errorf("list the consumer groups of the pipeline %s: %w", pl.Name, err)
		}
		groups := pl.formerGroups(names)
		if err := forEach(groups, func(g *formerGroup) error { return g.unread(ctx, k) }); err != nil {
			return err
		}
		if !slices.ContainsFunc(groups, formerGroup.readMore) {
			continue
		}
		if err := forEach(groups, func(g *formerGroup) error { return g.strangers(ctx, k, pl.Sources) }); err != nil {
			return err
		}
	}
	return nil
}

// formerGroup is a consumer group as the configuration before left it.
type formerGroup struct {
	name      string
	reads     []string // topics, in this configuration
	retry     string
	committed map[pipeline.Partition]int64
}

func (pl PlannedPipeline) formerGroups(names []string) []formerGroup {
	reads := map[string][]string{}
	for _, s := range pl.Segments[1:] {
		reads[group(pl.Name, s.Name)] = s.In
	}
	groups := make([]formerGroup, len(names))
	for i, name := range names {
		groups[i] = formerGroup{name: name, reads: reads[name], retry: pl.topics.name(pipeline.Retry, "")}
	}
	return groups
}

// forEach asks for all groups at once, and gives the first one's fault.
func forEach(groups []formerGroup, ask func(*formerGroup) error) error {
	errs := make([]error, len(groups))
	var asking sync.WaitGroup
	for i := range groups {
		asking.Go(func() { errs[i] = ask(&groups[i]) })
	}
	asking.Wait()
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return errs[i]
	}
	return nil
}

// unread looks for records in topics that the group reads no longer.
func (g *formerGroup) unread(ctx context.Context, k layoutReader) (err error) {
	if g.committed, err = k.Committed(ctx, g.name); err != nil {
		return fmt.Errorf("read the offsets of the group %s: %w", g.name, err)
	}
	lag := map[string]int64{}
	gone := func(topic string) bool { return !slices.Contains(g.reads, topic) }
	err = g.eachBehind(ctx, k, gone, func(p pipeline.Partition, from, end int64) error {
		left, err := holdsRecords(ctx, k, p, from)
		if err != nil {
			return fmt.Errorf("look for unread records in %s: %w", p, err)
		}
		if left {
			lag[p.Topic] += end - from
		}
		return nil
	})
	if err != nil || len(lag) == 0 {
		return err
	}
	left := slices.Sorted(maps.Keys(lag))
	return &LayoutError{Group: g.name, Topic: left[0], Records: lag[left[0]]}
}

// eachBehind calls fn with the partitions of some topics of which the group has not
// read all, from where and up to where.
func (g *formerGroup) eachBehind(ctx context.Context, k layoutReader, of func(topic string) bool, fn func(p pipeline.Partition, from, end int64) error) error {
	for topic := range topicsOf(g.committed) {
		if !of(topic) {
			continue
		}
		ends, err := endsOf(ctx, k, topic)
		if err != nil {
			return err
		}
		for p, from := range g.committed {
			if p.Topic != topic || ends[p.ID] <= from {
				continue
			}
			if err := fn(p, from, ends[p.ID]); err != nil {
				return err
			}
		}
	}
	return nil
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

// endsOf gives where a topic's partitions end; none where it was deleted and
// nothing is left to read.
func endsOf(ctx context.Context, k layoutReader, topic string) (map[int32]int64, error) {
	ends, err := k.Ends(ctx, topic)
	if errors.Is(err, kafka.ErrNoTopic) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ask for the end of %s: %w", topic, err)
	}
	return ends, nil
}

func topicsOf(committed map[pipeline.Partition]int64) map[string]bool {
	topics := map[string]bool{}
	for p := range committed {
		topics[p.Topic] = true
	}
	return topics
}

// readMore tells a group that once read a topic which it reads no longer: a
// source or a segment was removed.
func (g formerGroup) readMore() bool {
	for p := range g.committed {
		if !slices.Contains(g.reads, p.Topic) {
			return true
		}
	}
	return false
}

// strangers looks for records of a removed source in topics that are read on: the
// stages there do not know it, and would make dead letters of what was accepted.
// What waits to be tried again has failed before; it may become one.
func (g *formerGroup) strangers(ctx context.Context, k layoutReader, sources []string) error {
	left := LayoutError{Group: g.name}
	between := func(topic string) bool { return slices.Contains(g.reads, topic) && topic != g.retry }
	err := g.eachBehind(ctx, k, between, func(p pipeline.Partition, from, _ int64) error {
		return left.count(ctx, k, p, from, sources)
	})
	if err != nil {
		return err
	}
	if left.Records == 0 {
		return nil
	}
	return &left
}

// count counts the unread records of a partition whose sources are removed.
func (e *LayoutError) count(ctx context.Context, k layoutReader, p pipeline.Partition, offset int64, sources []string) error {
	err := k.ReadPartition(ctx, p, offset, kafka.End, func(r pipeline.Record) error {
		// What names no source was none of ours.
		if source := r.Text(headerSource); source != "" && !slices.Contains(sources, source) {
			e.Topic, e.Source = p.Topic, source
			e.Records++
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for records of removed sources in %s: %w", p, err)
	}
	return nil
}

// LayoutError says that a change of the configuration would leave records unread.
type LayoutError struct {
	Group, Topic string
	Source       string // that was removed and wrote them; "" where the whole topic is left
	Records      int64
}

func (e *LayoutError) Error() string {
	const mend = "run the earlier configuration with its webhooks stopped until the lag of that group is 0, then start this one"
	if e.Source != "" {
		return fmt.Sprintf("%d records of sources that are not in this configuration, as %s, are unread in %s by the group %s: %s", e.Records, e.Source, e.Topic, e.Group, mend)
	}
	return fmt.Sprintf("%d records of %s are unread by the group %s, and nothing in this configuration reads them: %s", e.Records, e.Topic, e.Group, mend)
}
