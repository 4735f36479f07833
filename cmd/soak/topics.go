package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/reservoirhq/reservoir/cmd/soak/traffic"
	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// maxRecord is what a topic of the pipeline takes: two bodies of a megabyte, and
// headers.
const maxRecord = 2<<20 + 256<<10

// compacted cuts bookings.current into segments of seconds, so that it is compacted
// all the time.
//
// At least once, a member that lost its claim may write an old state over a newer
// one (invariant 6). Who follows the topic next, after ten seconds, or restores
// from it puts that right, if it still finds the newer one: the pipeline's own
// topic keeps what is younger than ten minutes from compaction, and this one what
// is younger than one.
func (s site) compacted() map[string]string {
	least, most := "60000", "62000" // milliseconds
	if s.exactlyOnce() {            // who lost its claim writes nothing
		least, most = "0", "2000"
	}
	return map[string]string{
		"cleanup.policy": "compact", "segment.ms": "2000", "min.cleanable.dirty.ratio": "0.01",
		"min.compaction.lag.ms": least, "max.compaction.lag.ms": most,
	}
}

// makeTopics makes the topics before the members do.
func (s site) makeTopics(ctx context.Context, admin *kafka.Admin) error {
	var specs []kafka.TopicSpec
	add := func(name string, partitions int, configs map[string]string) {
		configs["max.message.bytes"] = strconv.Itoa(maxRecord)
		specs = append(specs, kafka.TopicSpec{Name: name, Partitions: int32(partitions), Configs: configs})
	}
	add(s.normalised(), s.parts, map[string]string{})
	for _, source := range traffic.Names() {
		add(s.raw(source), s.parts, map[string]string{})
		add(s.output(pipeline.Lookups)+"."+source, 1, map[string]string{})
	}
	for _, o := range pipeline.Outputs() {
		switch o {
		case pipeline.Lookups:
		case pipeline.Current:
			add(s.output(o), s.parts, s.compacted())
		case pipeline.Events, pipeline.Decisions:
			add(s.output(o), s.parts, map[string]string{})
		default: // a cluster that is killed again and again has enough partitions to look after
			add(s.output(o), 1, map[string]string{})
		}
	}
	specs = append(specs, kafka.TopicSpec{
		Name: s.probe(), Partitions: int32(s.parts), Configs: map[string]string{"min.insync.replicas": strconv.Itoa(len(s.brokers))},
	})
	_, err := admin.EnsureTopics(ctx, specs)
	if err != nil {
		return fmt.Errorf("make the topics: %w", err)
	}
	return nil
}

// watched are the topics whose replicas must be in step before the next fault.
func (s site) watched() []string {
	all := []string{s.normalised(), s.output(pipeline.Events), s.output(pipeline.Current)}
	for _, source := range traffic.Names() {
		all = append(all, s.raw(source))
	}
	return all
}
