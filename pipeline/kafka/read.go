package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"github.com/reservoirhq/reservoir/pipeline"
)

// End as `to` of ReadPartition means the end as it is when the call begins.
const End int64 = -1

// ReadPartition calls fn with every record of a partition from offset from (a
// negative one, or one that is no longer kept: the first that is) up to and
// without offset to, oldest first, outside of any group. It ends early with
// fn's error.
//
// Only what was committed is read: at a transaction that is open before to, it
// waits until that ends, at the most for its timeout.
//
// A partition's last offsets may hold no record, where the topic was compacted
// or transactions left their marks: it follows the batches, not the records,
// and so always comes to an end.
func (a *Admin) ReadPartition(ctx context.Context, p pipeline.Partition, from, to int64, fn func(pipeline.Record) error) error {
	client, err := sarama.NewClient(a.brokers, a.conf)
	if err != nil {
		return fmt.Errorf("kafka: read %s: connect to %v: %w", p, a.brokers, err)
	}
	// Closing the client is what ends a fetch that is out when ctx ends.
	closed := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer func() {
		if closed() {
			_ = client.Close()
		}
	}()
	r := &reader{client: client, part: p, known: names{}}
	err = r.run(ctx, from, to, fn)
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("kafka: read %s: %w", p, err)
	}
	return nil
}

// emptyAnswers is after how many answers in a row without any batch, with pauses
// between, a broker is believed that it keeps nothing more: compaction may have
// taken all there was before the end. Who believes it too soon restores a state
// without what was written last.
const emptyAnswers = 12

type reader struct {
	client sarama.Client
	part   pipeline.Partition
	known  names
	next   int64
	end    int64
}

func (r *reader) run(ctx context.Context, from, to int64, fn func(pipeline.Record) error) error {
	first, err := r.settled(ctx, sarama.OffsetOldest)
	if err != nil {
		return err
	}
	if r.end, err = r.settled(ctx, sarama.OffsetNewest); err != nil {
		return err
	}
	if to >= 0 {
		r.end = min(r.end, to)
	}
	r.next = max(from, first)
	for failed, empty := 0, 0; r.next < r.end && ctx.Err() == nil; {
		block, err := r.fetch()
		if err != nil {
			// A leader that moved or went away: ask who it is now, some times.
			if failed++; failed > 20 {
				return err
			}
			if err := (pipeline.WallClock{}).Sleep(ctx, doubled(20*time.Millisecond, time.Second, failed)); err != nil {
				return err
			}
			_ = r.client.RefreshMetadata(r.part.Topic)
			continue
		}
		failed = 0
		before := r.next
		if err := r.take(block, fn); err != nil {
			return err
		}
		if r.next > before || block.LastStableOffset < r.end {
			empty = 0 // a transaction that is waited for proves nothing
			continue
		}
		if empty++; empty >= emptyAnswers {
			return ctx.Err() // the broker keeps nothing between here and the end
		}
		if err := (pipeline.WallClock{}).Sleep(ctx, doubled(20*time.Millisecond, 250*time.Millisecond, empty)); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (r *reader) fetch() (*sarama.FetchResponseBlock, error) {
	broker, epoch, err := r.client.LeaderAndEpoch(r.part.Topic, r.part.ID)
	if err != nil {
		return nil, err
	}
	conf := r.client.Config()
	req := &sarama.FetchRequest{
		Version: 11, MinBytes: 1, SessionEpoch: -1, // no fetch session
		Isolation:   sarama.ReadCommitted,
		MaxWaitTime: int32(conf.Consumer.MaxWaitTime / time.Millisecond),
		MaxBytes:    conf.Consumer.Fetch.MaxBytes,
	}
	req.AddBlock(r.part.Topic, r.part.ID, r.next, 4*conf.Consumer.Fetch.Default, epoch)
	resp, err := broker.Fetch(req)
	if err != nil {
		_ = broker.Close()
		return nil, err
	}
	block := resp.GetBlock(r.part.Topic, r.part.ID)
	if block == nil {
		return nil, sarama.ErrIncompleteResponse
	}
	if block.Err != sarama.ErrNoError {
		return nil, block.Err
	}
	if block.HighWaterMarkOffset < r.end {
		return block, r.shorten()
	}
	return block, nil
}

// shorten looks where the log ends now. A leader may have been elected that had
// not all of it (unclean): what a log lost never comes back, and a read that
// waits for it would wait for ever. A new leader answers this only once it knows
// the end (KIP-207): until then the end stands that was asked for before.
func (r *reader) shorten() error {
	now, err := r.client.GetOffset(r.part.Topic, r.part.ID, sarama.OffsetNewest)
	if errors.Is(err, sarama.ErrOffsetNotAvailable) {
		return nil
	}
	if err != nil {
		return err
	}
	r.end = min(r.end, now)
	return nil
}

// settled asks for an offset, while a leader moves too.
func (r *reader) settled(ctx context.Context, at int64) (offset int64, err error) {
	err = settled(ctx, func() (err error) {
		offset, err = r.client.GetOffset(r.part.Topic, r.part.ID, at)
		return err
	})
	return offset, err
}

func (r *reader) take(block *sarama.FetchResponseBlock, fn func(pipeline.Record) error) error {
	if next, ok := bare(block); ok {
		r.next = max(r.next, next)
		return nil
	}
	gone := aborted{open: block.AbortedTransactions}
	for _, set := range block.RecordsSet {
		b := set.RecordBatch
		if b == nil {
			continue
		}
		if b.PartialTrailingRecord {
			// sarama hands it out where those before it have no record: what is
			// asked for next begins with it, and comes whole.
			r.next = max(r.next, b.FirstOffset)
			continue
		}
		if skip := gone.holds(b); skip || b.Control {
			r.next = max(r.next, b.LastOffset()+1)
			continue
		}
		for _, rec := range b.Records {
			offset := b.FirstOffset + rec.OffsetDelta
			if offset < r.next {
				continue
			}
			if offset >= r.end {
				break
			}
			if err := fn(r.record(b, rec, offset)); err != nil {
				return err
			}
		}
		r.next = max(r.next, b.LastOffset()+1)
	}
	return nil
}

func (r *reader) record(b *sarama.RecordBatch, rec *sarama.Record, offset int64) pipeline.Record {
	at := b.FirstTimestamp.Add(rec.TimestampDelta)
	if b.LogAppendTime {
		at = b.MaxTimestamp
	}
	return pipeline.Record{
		Topic: r.part.Topic, Partition: r.part.ID, Offset: offset,
		Key: rec.Key, Value: rec.Value, Headers: r.known.headers(rec.Headers, int64(len(rec.Key)+len(rec.Value))), Time: at.UTC(),
	}
}
