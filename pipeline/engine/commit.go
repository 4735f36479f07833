package engine

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// recordWriter writes records and returns when the brokers have acknowledged
// every one.
type recordWriter interface {
	Write(ctx context.Context, records ...pipeline.Record) error
}

// committer makes one record's output set safe; it is where delivery
// guarantees differ, and the only place. settled is called once if commit gives
// no error, and never if it does: true when the set is safe, false when it was
// dropped and the record will be read again.
type committer interface {
	commit(msg *message.Message, set outputSet, settled func(bool)) error
}

// atLeastOnce writes phase by phase: outputs, then memory, and the caller's
// offset after that (invariant 4).
type atLeastOnce struct {
	to     recordWriter
	clock  pipeline.Clock
	health *health
	log    *slog.Logger
}

// commit returns when all is acknowledged. Trouble of Kafka is waited out: it
// spends no attempt and makes no dead letter. What ends it early is a record
// no topic takes, or the end of the claim.
func (c *atLeastOnce) commit(msg *message.Message, set outputSet, settled func(bool)) error {
	for _, records := range set {
		if err := c.write(msg.Context(), records); err != nil {
			return err
		}
	}
	settled(true)
	return nil
}

// exactlyOnce hands a record's outputs to its member's next transaction, in
// which the record's offset is committed too. The record's lane goes on at
// once; nobody sees the outputs before the commit.
type exactlyOnce struct{}

func (exactlyOnce) commit(msg *message.Message, set outputSet, settled func(bool)) error {
	return kafka.Finish(msg, slices.Concat(set[:]...), settled)
}

func (c *atLeastOnce) write(ctx context.Context, records []pipeline.Record) error {
	if len(records) == 0 {
		return nil
	}
	backoff := 100 * time.Millisecond
	for {
		err := c.to.Write(ctx, records...)
		c.health.wrote(err)
		if err == nil || kafka.IsTooLarge(err) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c.log.Warn("outputs are not acknowledged; trying again", "topic", records[0].Topic, "records", len(records), "wait", backoff, "error", err)
		if err := c.clock.Sleep(ctx, backoff); err != nil {
			return err
		}
		backoff = min(2*backoff, 5*time.Second)
	}
}
