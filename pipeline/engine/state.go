package engine

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// stateReader gives a stage the state that belongs to one of its partitions:
// the same partition of the state's topic.
type stateReader struct {
	of         pipeline.Partition // of the state's topic
	input      pipeline.Partition
	read       partitionReader
	to         recordWriter
	end        int64
	partitions int32
	log        *slog.Logger
}

var _ pipeline.StateReader = (*stateReader)(nil)

type partitionReader interface {
	ReadPartition(ctx context.Context, p pipeline.Partition, from, to int64, fn func(pipeline.Record) error) error
	Ends(ctx context.Context, topic string) (map[int32]int64, error)
}

func (s *stateReader) Each(ctx context.Context, from int64, fn func(pipeline.Record) error) error {
	homes, strays := kafka.NewHomes(), 0
	defer func() {
		if strays > 0 {
			s.log.Warn("records of another writer are passed over: they are not in their keys' partition", slog.String("partition", s.of.String()), slog.Int("records", strays))
		}
	}()
	return s.read.ReadPartition(ctx, s.of, from, kafka.End, func(r pipeline.Record) error {
		if home := homes.Of(r.Key, s.partitions); home != s.of.ID {
			if _, ours := r.Header(pipeline.StateHeader); !ours {
				// Another client's partitioner put it here: it says nothing of the
				// number of partitions, and no stage would look for its booking here.
				strays++
				return nil
			}
			return fmt.Errorf("the state of %s at %s belongs to partition %d: the number of partitions changed after it was written; make the topic anew with the old number, or drain and start with new topics", r.Key, r.Position(), home)
		}
		return fn(r)
	})
}

func (s *stateReader) Restore(ctx context.Context, r pipeline.Record) error {
	r.Topic = s.of.Topic
	return s.to.Write(ctx, r)
}

func (s *stateReader) StateEnd(ctx context.Context) (int64, error) {
	ends, err := s.read.Ends(ctx, s.of.Topic)
	return ends[s.of.ID], err
}

func (s *stateReader) InputEnd(ctx context.Context) (int64, error) {
	ends, err := s.read.Ends(ctx, s.input.Topic)
	return ends[s.input.ID], err
}

func (s *stateReader) End() int64        { return s.end }
func (s *stateReader) Partitions() int32 { return s.partitions }

// keeper tells a segment's stages which partitions are theirs.
type keeper struct {
	stages  []pipeline.Partitioned
	current string // the state's topic
	retry   string // parked records have no state
	admin   *kafka.Admin
	to      recordWriter
	clock   pipeline.Clock
	metrics *metrics
	log     *slog.Logger
}

// assigned restores the state before the partition's first record is handled.
func (k *keeper) assigned(ctx context.Context, p pipeline.Partition) error {
	if len(k.stages) == 0 || p.Topic == k.retry {
		return nil
	}
	began := k.clock.Now()
	ends, err := k.admin.Ends(ctx, p.Topic)
	if err != nil {
		return fmt.Errorf("ask for the end of %s: %w", p, err)
	}
	reader := &stateReader{
		of: pipeline.Partition{Topic: k.current, ID: p.ID}, input: p, read: k.admin, to: k.to,
		end: ends[p.ID], partitions: int32(len(ends)), log: k.log,
	}
	for _, s := range k.stages {
		if err := s.Assigned(ctx, p, reader); err != nil {
			return err
		}
	}
	k.metrics.restored.WithLabelValues(p.String()).Set(k.clock.Now().Sub(began).Seconds())
	return nil
}

func (k *keeper) revoked(p pipeline.Partition) {
	for _, s := range k.stages {
		s.Revoked(p)
	}
	k.metrics.restored.DeleteLabelValues(p.String())
}
