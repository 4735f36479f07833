package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/reservoirhq/reservoir/cmd/soak/traffic"
	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// settle ends the sending and waits until everything has its outcome. Then the
// members leave and come once more with empty disks: what a member that had lost
// its claim wrote last is put right by who restores the partition next
// (invariant 6).
func (s *soak) settle(ctx context.Context) error {
	if err := errors.Join(s.cluster.heal(), s.inStep(ctx)); err != nil {
		return err
	}
	s.load.finish()
	s.report.say("%d webhooks answered 200, %d calls were repeated", s.load.answered.Load(), s.load.repeated.Load())
	if err := s.drained(ctx); err != nil {
		return err
	}
	s.look(ctx)
	if err := s.fleet.again(ctx); err != nil {
		return err
	}
	if err := s.until(ctx, "restored", func() bool { return s.fleet.restored(ctx) >= s.o.partitions }); err != nil {
		return err
	}
	err := s.drained(ctx)
	s.fleet.end()
	return err
}

// drained waits until the groups have read everything.
func (s *soak) drained(ctx context.Context) error {
	var left string
	err := s.until(ctx, "drained", func() bool {
		left = s.unread(ctx)
		return left == ""
	})
	if err == nil {
		return nil
	}
	for _, m := range s.fleet.all() {
		m.signal(syscall.SIGQUIT) // its goroutines, into its log
	}
	return fmt.Errorf("%w: %s", err, left)
}

// unread tells of a partition that has records behind its group's offset.
func (s *soak) unread(ctx context.Context) string {
	inputs := map[string][]string{s.site.group("dedupe"): {s.site.normalised()}}
	for _, source := range traffic.Names() {
		inputs[s.site.group("enrich")] = append(inputs[s.site.group("enrich")], s.site.raw(source))
	}
	for group, topics := range inputs {
		committed, err := s.admin.Committed(ctx, group)
		if err != nil {
			return err.Error()
		}
		for _, topic := range topics {
			if left := s.unreadOf(ctx, topic, committed); left != "" {
				return group + ": " + left
			}
		}
	}
	return ""
}

var errRecord = errors.New("there is a record")

func (s *soak) unreadOf(ctx context.Context, topic string, committed map[pipeline.Partition]int64) string {
	ends, err := s.admin.Ends(ctx, topic)
	if err != nil {
		return err.Error()
	}
	for id, end := range ends {
		p := pipeline.Partition{Topic: topic, ID: id}
		if committed[p] >= end {
			continue
		}
		// The mark that ends a transaction has an offset too, and nobody reads it.
		err := s.admin.ReadPartition(ctx, p, committed[p], kafka.End, func(pipeline.Record) error { return errRecord })
		if err != nil {
			return fmt.Sprintf("%s is read up to %d of %d (%v)", p, committed[p], end, err)
		}
	}
	return ""
}
