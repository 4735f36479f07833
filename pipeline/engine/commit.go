package engine

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// recordWriter writes records and returns when the brokers have acknowledged
// every one. Check gives the error about size that Write would.
type recordWriter interface {
	Write(ctx context.Context, records ...pipeline.Record) error
	Check(records ...pipeline.Record) error
}

// committer makes the output set of one message's records safe; it is where
// delivery guarantees differ, and the only place. Each of the inputs is settled
// once if commit gives no error, and never if it does: as safe when what it led
// to is, as not when that was dropped and the record will be read again.
type committer interface {
	commit(msg *message.Message, set *outputSet, inputs inputs) error
}

// inputs are the records that a set is made of.
type inputs interface {
	count() int
	// placed tells where the state of an input was written, if that is known.
	placed(input int, state pipeline.Record)
	settled(input int, safe bool)
}

// oversize says that an output of one input is larger than its topic takes.
type oversize struct {
	input int
	err   error
}

// errTooLarge is what Check found.
var errTooLarge = errors.New("an output is larger than its topic takes")

func (e *oversize) Error() string { return e.err.Error() }
func (e *oversize) Unwrap() error { return e.err }

// atLeastOnce writes phase by phase: outputs, then memory, and the caller's
// offset after that (invariant 4).
type atLeastOnce struct {
	to     recordWriter
	clock  pipeline.Clock
	health *health
	log    *slog.Logger
}

// commit returns when all is acknowledged. Trouble of Kafka is waited out: it
// spends no attempt and makes no dead letter. What ends it early is an output
// that no topic takes, which is known before anything is written, or the end of
// the claim. A phase that was written is taken out of the set.
func (c *atLeastOnce) commit(msg *message.Message, set *outputSet, of inputs) error {
	for p := range set.phases {
		part := &set.phases[p]
		if at, tooLarge := kafka.TooLarge(c.to.Check(part.records...)); tooLarge {
			return &oversize{part.owners[at], errTooLarge}
		}
	}
	states, now := set.phases[memory].records, c.clock.Now().Truncate(time.Millisecond)
	for i := range states {
		states[i].Time = now // said to the stage with the place; a topic keeps no more of a time
	}
	for p := range set.phases {
		part := &set.phases[p]
		if at, err := c.write(msg.Context(), part.records); err != nil {
			if kafka.IsTooLarge(err) {
				return &oversize{part.owners[at], err}
			}
			return err
		}
		if p == memory {
			for i, owner := range part.owners {
				of.placed(owner, part.records[i])
			}
		}
		part.gone()
	}
	for i := range of.count() {
		of.settled(i, true)
	}
	return nil
}

// write gives, with an error about a record's size, which one it is.
func (c *atLeastOnce) write(ctx context.Context, records []pipeline.Record) (int, error) {
	if len(records) == 0 {
		return 0, nil
	}
	backoff := 100 * time.Millisecond
	for {
		err := c.to.Write(ctx, records...)
		c.health.wrote(err)
		if err == nil {
			return 0, nil
		}
		if at, tooLarge := kafka.TooLarge(err); tooLarge {
			return at, err
		}
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		c.log.Warn("outputs are not acknowledged; trying again", "topic", records[0].Topic, "records", len(records), "wait", backoff, "error", err)
		if err := c.clock.Sleep(ctx, backoff); err != nil {
			return 0, err
		}
		backoff = min(2*backoff, 5*time.Second)
	}
}

// exactlyOnce hands outputs to their member's next transaction, in which the
// records' offsets are committed too. Their lanes go on at once; nobody sees the
// outputs before the commit.
type exactlyOnce struct{}

func (exactlyOnce) commit(msg *message.Message, set *outputSet, of inputs) error {
	all := make([]kafka.Output, of.count())
	for i, records := range set.byOwner() {
		all[i] = kafka.Output{Records: records, Settled: func(safe bool) { of.settled(i, safe) }}
	}
	err := kafka.FinishAll(msg, all)
	if at, tooLarge := kafka.TooLarge(err); tooLarge {
		return &oversize{at, err}
	}
	if err == nil {
		for p := range set.phases {
			set.phases[p].gone() // the transaction has them
		}
	}
	return err
}
