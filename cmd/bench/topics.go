package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/IBM/sarama"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/engine"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// maxRecord is what the topics take, in bytes: more than the pipelines ask for.
const maxRecord = 8 << 20

// makeTopics makes the topics of a plan, so that their making is not measured.
func makeTopics(ctx context.Context, admin *kafka.Admin, plan *engine.Plan, partitions int) error {
	var specs []kafka.TopicSpec
	for _, t := range plan.Topics() {
		spec := kafka.TopicSpec{Name: t.Topic, Partitions: int32(partitions), Configs: map[string]string{"max.message.bytes": fmt.Sprint(maxRecord)}}
		if t.Topic == plan.Pipelines[0].Output(pipeline.Current) {
			spec.Configs["cleanup.policy"] = "compact"
		}
		specs = append(specs, spec)
	}
	// A topic that was just made is not known to every broker at once.
	for {
		reports, err := admin.EnsureTopics(ctx, specs)
		if err == nil && !slices.ContainsFunc(reports, func(r kafka.TopicReport) bool { return r.Created }) {
			return nil
		}
		if slept := (pipeline.WallClock{}).Sleep(ctx, look); slept != nil {
			return fmt.Errorf("make the topics: %w", errors.Join(slept, err))
		}
	}
}

// cleanUp deletes the topics and consumer groups whose names begin with prefix
// or, of groups, hold it. Only names of the benchmark's own do.
func cleanUp(brokers []string, prefix, pipelineName string) error {
	if !strings.HasPrefix(prefix, "bench.") {
		return fmt.Errorf("%s is no name of a benchmark's topic", prefix)
	}
	conf := sarama.NewConfig()
	conf.Version = sarama.V4_1_0_0
	admin, err := sarama.NewClusterAdmin(brokers, conf)
	if err != nil {
		return fmt.Errorf("connect to delete the topics of %s: %w", prefix, err)
	}
	defer func() { _ = admin.Close() }()
	topics, err := admin.ListTopics()
	if err != nil {
		return err
	}
	var errs []error
	for name := range topics {
		if strings.HasPrefix(name, prefix+".") {
			errs = append(errs, admin.DeleteTopic(name))
		}
	}
	groups, err := admin.ListConsumerGroups()
	errs = append(errs, err)
	for name := range groups {
		if strings.HasPrefix(name, "reservoir."+pipelineName+".") {
			errs = append(errs, admin.DeleteConsumerGroup(name))
		}
	}
	return errors.Join(errs...)
}

// written gives how many records an output holds; the marks of transactions
// have offsets too, so those are read.
func (b *bench) written(ctx context.Context, topic string) (int, error) {
	if b.Case.Delivery != exactlyOnce {
		return records(ctx, b.admin, topic)
	}
	n := 0
	for id := range int32(b.Case.Partitions) {
		err := b.admin.ReadPartition(ctx, pipeline.Partition{Topic: topic, ID: id}, 0, kafka.End, func(pipeline.Record) error {
			n++
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return n, nil
}

// records gives how many records a topic without transactions holds.
func records(ctx context.Context, admin *kafka.Admin, topic string) (int, error) {
	ends, err := admin.Ends(ctx, topic)
	n := int64(0)
	for _, end := range ends {
		n += end
	}
	return int(n), err
}
