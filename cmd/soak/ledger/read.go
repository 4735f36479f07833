package ledger

import (
	"context"
	"fmt"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// Read reads every topic to its end, as it is committed.
func (l *Ledger) Read(ctx context.Context, from *kafka.Admin) error {
	for _, topic := range l.Topics() {
		n, err := from.Partitions(ctx, topic)
		if err != nil {
			return fmt.Errorf("read %s: %w", topic, err)
		}
		for id := range n {
			if err := from.ReadPartition(ctx, pipeline.Partition{Topic: topic, ID: id}, 0, kafka.End, l.Add); err != nil {
				return err
			}
		}
	}
	return nil
}

// Look takes a sample: first what is committed, then the ends.
func Look(ctx context.Context, cfg Config, at *kafka.Admin) (Sample, error) {
	s := Sample{Committed: map[string]map[pipeline.Partition]int64{}, Ends: map[string]map[int32]int64{}}
	for _, group := range []string{cfg.Normalise, cfg.Dedupe} {
		committed, err := at.Committed(ctx, group)
		if err != nil {
			return Sample{}, err
		}
		s.Committed[group] = committed
	}
	topics := []string{cfg.Normalised}
	for _, o := range []pipeline.Output{pipeline.Events, pipeline.Outcomes, pipeline.Dead, pipeline.Retry} {
		topics = append(topics, cfg.Outputs[o])
	}
	for _, topic := range topics {
		ends, err := at.Ends(ctx, topic)
		if err != nil {
			return Sample{}, err
		}
		s.Ends[topic] = ends
	}
	return s, nil
}
