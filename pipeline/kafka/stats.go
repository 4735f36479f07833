package kafka

import (
	"cmp"
	"slices"

	"github.com/reservoirhq/reservoir/pipeline"
)

// Stats is what a Subscriber is doing now, and did since it was made.
type Stats struct {
	Partitions []PartitionStats // that are ours, by topic and number
	LateAcks   int64            // acks that did not count: the partition was lost or let go before
	Commits    int64            // commit requests, or transactions that were committed
	Aborts     int64            // transactions that failed; their records were sent again, or given up
	MaxSpread  int              // the bound of every partition's Spread
}

// PartitionStats is one partition that is ours.
type PartitionStats struct {
	Partition pipeline.Partition
	InFlight  int   // records taken in and not finished; with transactions, not committed
	Spread    int   // records from the lowest unfinished one to the newest
	Paused    bool  // by Pause
	Bytes     int64 // of those
	Lanes     int   // keys being worked on
	Next      int64 // the lowest unfinished offset
	HighWater int64 // the offset of the record that will be written next
	Lag       int64 // HighWater - Next, not below 0
}

// Stats gives numbers for metrics; it takes little time.
func (s *Subscriber) Stats() Stats {
	st := Stats{LateAcks: s.lateAcks.Load(), Commits: s.commits.Load(), Aborts: s.aborts.Load(), MaxSpread: s.conf.MaxSpread}
	s.mu.Lock()
	subs := make([]*subscription, 0, len(s.subs))
	for sub := range s.subs {
		subs = append(subs, sub)
	}
	s.mu.Unlock()
	for _, sub := range subs {
		for _, c := range sub.held() {
			st.Partitions = append(st.Partitions, c.stats())
		}
	}
	slices.SortFunc(st.Partitions, func(a, b PartitionStats) int {
		return cmp.Or(cmp.Compare(a.Partition.Topic, b.Partition.Topic), cmp.Compare(a.Partition.ID, b.Partition.ID))
	})
	return st
}

func (c *claim) stats() PartitionStats {
	_, open := c.gates.of(c.part.Topic)
	c.mu.Lock()
	defer c.mu.Unlock()
	high := max(c.from.HighWaterMarkOffset(), c.last.Load())
	next := c.win.marks.lowest()
	return PartitionStats{
		Partition: c.part, InFlight: c.win.open, Spread: c.win.marks.spread(), Paused: open != nil, Bytes: c.win.bytes, Lanes: c.workers,
		Next: next, HighWater: high, Lag: max(0, high-next),
	}
}
