package kafka

import (
	"context"
	"fmt"
	"sync"

	"github.com/IBM/sarama"

	"github.com/reservoirhq/reservoir/pipeline"
)

// Place is where Tail begins.
type Place int64

// The places.
const (
	Oldest = Place(sarama.OffsetOldest) // the first record that is kept
	Newest = Place(sarama.OffsetNewest) // what is written from now on
)

// Tail calls fn with the records of all partitions of a topic as they come,
// one at a time, in order within a partition, outside of any group; those of a
// transaction when it is committed. It goes on until ctx ends, which is no
// error, or fn gives one. Partitions added later are not seen.
func (a *Admin) Tail(ctx context.Context, topic string, from Place, fn func(pipeline.Record) error) error {
	return a.follow(ctx, topic, func(int32) int64 { return int64(from) }, fn)
}

// TailFrom is Tail from an offset of each partition, for who has read what is
// before it; of a partition that is not in next, from the first record.
func (a *Admin) TailFrom(ctx context.Context, topic string, next map[int32]int64, fn func(pipeline.Record) error) error {
	return a.follow(ctx, topic, func(id int32) int64 {
		if offset, read := next[id]; read {
			return offset
		}
		return int64(Oldest)
	}, fn)
}

func (a *Admin) follow(ctx context.Context, topic string, from func(partition int32) int64, fn func(pipeline.Record) error) error {
	if err := a.tail(ctx, topic, from, fn); err != nil && ctx.Err() == nil {
		return fmt.Errorf("kafka: tail %s: %w", topic, err)
	}
	return nil
}

func (a *Admin) tail(ctx context.Context, topic string, from func(partition int32) int64, fn func(pipeline.Record) error) error {
	consumer, err := sarama.NewConsumer(a.brokers, a.conf)
	if err != nil {
		return err
	}
	defer func() { _ = consumer.Close() }()
	ids, err := consumer.Partitions(topic)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var readers sync.WaitGroup
	defer readers.Wait()
	var one sync.Mutex
	for _, id := range ids {
		part, err := consumer.ConsumePartition(topic, id, from(id))
		if err != nil {
			cancel(err)
			break
		}
		readers.Go(func() { cancel(follow(ctx, part, &one, fn)) })
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

// follow reads one partition; one makes fn's calls exclude each other.
func follow(ctx context.Context, part sarama.PartitionConsumer, one *sync.Mutex, fn func(pipeline.Record) error) error {
	defer func() { _ = part.Close() }()
	known := names{}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-part.Errors(): //nolint:errcheck // trouble that sarama goes on from by itself
		case m, ok := <-part.Messages():
			if !ok {
				return sarama.ErrOffsetOutOfRange
			}
			one.Lock()
			err := fn(known.record(m))
			one.Unlock()
			if err != nil {
				return err
			}
		}
	}
}
