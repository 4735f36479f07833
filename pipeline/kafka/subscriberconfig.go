package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// SubscriberConfig says how a group reads. Every zero value has a default.
type SubscriberConfig struct {
	Group string // the consumer group; needed

	// OnAssigned is called when a partition became ours, before its first
	// record is handed out, and blocks it. An error is tried again until the
	// claim is lost, which ends ctx.
	OnAssigned func(ctx context.Context, p pipeline.Partition) error
	// OnRevoked is called when the partition is no longer ours, after its last
	// handler is done; handlers that ignored the end of their context for a
	// quarter of DrainTimeout are not waited for. It is called once for every
	// OnAssigned that returned no error.
	OnRevoked func(p pipeline.Partition)

	// Transactions makes the group exactly once, nil at least once. Then the
	// defaults of the window are 4096 records and 32 MiB: a record is open until
	// it is committed, and its outputs count too. CommitRecords and
	// CommitInterval mean nothing then: offsets are in the transactions only,
	// also the one that shows a new group before its first record is done.
	Transactions *Transactions

	// Batch gives how many records of a topic one message may stand for. For 0,
	// the default, a message is one record, with its value and headers as
	// Watermill's users expect them. For n of 1 or more it is up to n records of
	// one partition with different keys, which RecordsOf gives; payload and
	// metadata are empty. An Ack is for all of them; after a Nack all are handed
	// out again at once, each in a message of its own (IsAlone). More than one record spares
	// the cost of a message for each, and makes them wait for each other: it is
	// for handlers that wait for nothing but their outputs, and leave other
	// waiting to Prepare.
	Batch func(topic string) int
	// Prepare gives what is to be done with each record of a topic before it
	// goes into a message; nil, the default, is nothing. What that gives comes
	// with the record (PreparedOf), also when it is handed out again. It may wait, for
	// a look-up: all records in the window are prepared at once, those of one
	// key in order, each when the one before is done, and who has to wait
	// holds up its own key and no other. Its context ends as a message's does.
	// An error says that nothing was done: it is called again after NackBackoff.
	Prepare func(topic string) func(context.Context, *pipeline.Record) (any, error)
	// Batches bounds the messages of more than one record that a partition has
	// handed out at once; what comes meanwhile is in the next. Default 3.
	Batches int

	WindowRecords int   // records of a partition in work at once; default 512
	WindowBytes   int64 // their bytes; default 16 MiB, one record always fits
	// TotalRecords and TotalBytes bound the same for all partitions of a
	// member, in equal parts and no less than 16 records each, so that memory
	// does not grow with their number. Defaults 4096, with Transactions half as
	// many again as their MaxRecords, and 64 MiB.
	TotalRecords int
	TotalBytes   int64
	// MaxSpread bounds how many records of a partition may go by one that does
	// not finish. Default 100000.
	MaxSpread int

	CommitRecords  int           // offsets are committed after so many records; default 500
	CommitInterval time.Duration // and after this time; default 200 ms

	// DrainTimeout is how long handlers may finish when a partition is let go
	// or the subscriber closes; then their contexts end. Default 20 s. With a
	// quarter more it must be shorter than RebalanceTimeout: a member that
	// lets go too late is thrown out of its group, and two slow members then
	// evict each other for ever.
	DrainTimeout     time.Duration
	RebalanceTimeout time.Duration // default 60 s
	SessionTimeout   time.Duration // silence after which a member is dead; default 10 s

	// A record that was Nacked is handed out again after NackBackoff, then
	// after twice that, up to NackBackoffMax. Defaults 100 ms, 5 s.
	NackBackoff    time.Duration
	NackBackoffMax time.Duration

	Clock pipeline.Clock // default pipeline.WallClock
}

func (c SubscriberConfig) withDefaults() SubscriberConfig {
	c.Transactions = c.Transactions.withDefaults()
	if c.Transactions != nil {
		setDefault(&c.WindowRecords, txnWindowRecords)
		setDefault(&c.WindowBytes, txnWindowBytes)
		setDefault(&c.TotalRecords, c.Transactions.MaxRecords*3/2)
	}
	setDefault(&c.TotalRecords, 4096)
	setDefault(&c.TotalBytes, 64<<20)
	setDefault(&c.MaxSpread, maxSpread)
	setDefault(&c.WindowRecords, 512)
	setDefault(&c.WindowBytes, 16<<20)
	setDefault(&c.CommitRecords, 500)
	setDefault(&c.CommitInterval, 200*time.Millisecond)
	setDefault(&c.DrainTimeout, 20*time.Second)
	setDefault(&c.RebalanceTimeout, time.Minute)
	setDefault(&c.SessionTimeout, 10*time.Second)
	setDefault(&c.NackBackoff, 100*time.Millisecond)
	setDefault(&c.NackBackoffMax, 5*time.Second)
	if c.Clock == nil {
		c.Clock = pipeline.WallClock{}
	}
	if c.OnAssigned == nil {
		c.OnAssigned = func(context.Context, pipeline.Partition) error { return nil }
	}
	if c.OnRevoked == nil {
		c.OnRevoked = func(pipeline.Partition) {}
	}
	if c.Batch == nil {
		c.Batch = func(string) int { return 0 }
	}
	if c.Prepare == nil {
		c.Prepare = func(string) func(context.Context, *pipeline.Record) (any, error) { return nil }
	}
	setDefault(&c.Batches, 3)
	return c
}

func setDefault[T int | int64 | time.Duration](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}

// lastCommit is how long the last transaction of a partition that was drained
// may take: most of what is left of the rebalance timeout.
func (c SubscriberConfig) lastCommit() time.Duration {
	return (c.RebalanceTimeout - c.DrainTimeout - c.grace()) * 3 / 4
}

// grace is how long handlers may take to notice that their context ended.
func (c SubscriberConfig) grace() time.Duration { return c.DrainTimeout / 4 }

// CloseTime is what Close takes where handlers use all of their time and no
// broker answers any more: the drain, the last transaction, and the farewell. Who
// gives up earlier takes an orderly end for a failure.
func (c SubscriberConfig) CloseTime() time.Duration {
	c = c.withDefaults()
	bound := c.DrainTimeout + c.grace() + 2*leaveTime + time.Second
	if c.Transactions != nil {
		bound += c.lastCommit() + c.Transactions.Timeout
	}
	return bound
}

func (c SubscriberConfig) validate() error {
	if c.Group == "" {
		return errors.New("kafka: a subscriber needs a group")
	}
	if min(c.WindowRecords, c.CommitRecords, c.MaxSpread, c.Batches, c.TotalRecords) < 0 || min(c.WindowBytes, c.TotalBytes, int64(c.CommitInterval), int64(c.DrainTimeout), int64(c.NackBackoff)) < 0 {
		return fmt.Errorf("kafka: group %s: a window, interval or timeout is negative", c.Group)
	}
	if letGo := c.DrainTimeout + c.grace(); letGo >= c.RebalanceTimeout {
		return fmt.Errorf("kafka: group %s: draining takes up to %v, which must be less than the rebalance timeout of %v", c.Group, letGo, c.RebalanceTimeout)
	}
	return c.Transactions.validate()
}
