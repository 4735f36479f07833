package command

import (
	"context"
	"sync"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// readByTime calls fn with every record of a topic as it is now, by the records'
// times across partitions and in order within each. It holds one record of
// each partition at a time.
func readByTime(ctx context.Context, admin *kafka.Admin, topic string, fn func(pipeline.Record) error) error {
	count, err := admin.Partitions(ctx, topic)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var readers sync.WaitGroup
	defer readers.Wait()
	defer stop()
	sources := make([]*source, count)
	for id := range sources {
		s := &source{records: make(chan pipeline.Record)}
		sources[id] = s
		readers.Go(func() { s.read(ctx, admin, pipeline.Partition{Topic: topic, ID: int32(id)}) })
	}
	return merge(sources, fn)
}

// source is one partition on its way into a merge.
type source struct {
	records chan pipeline.Record // closed at the end of the partition
	err     error                // set before the close
	head    pipeline.Record
	open    bool
}

func (s *source) read(ctx context.Context, admin *kafka.Admin, p pipeline.Partition) {
	defer close(s.records)
	s.err = admin.ReadPartition(ctx, p, 0, kafka.End, func(r pipeline.Record) error {
		select {
		case s.records <- r:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// next takes the next record as head.
func (s *source) next() error {
	s.head, s.open = <-s.records
	if !s.open {
		return s.err
	}
	return nil
}

func merge(sources []*source, fn func(pipeline.Record) error) error {
	for _, s := range sources {
		if err := s.next(); err != nil {
			return err
		}
	}
	for {
		first := earliest(sources)
		if first == nil {
			return nil
		}
		if err := fn(first.head); err != nil {
			return err
		}
		if err := first.next(); err != nil {
			return err
		}
	}
}

func earliest(sources []*source) *source {
	var first *source
	for _, s := range sources {
		if s.open && (first == nil || s.head.Time.Before(first.head.Time)) {
			first = s
		}
	}
	return first
}
