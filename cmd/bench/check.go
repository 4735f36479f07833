package main

import (
	"context"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// check counts the outputs and reads the events: each once, and those of one
// booking in order. What is not right goes to the note.
func (b *bench) check(ctx context.Context, r *result) error {
	want := b.expected()
	for _, o := range pipeline.Outputs() {
		n, wanted := want[o]
		if !wanted {
			continue
		}
		have, err := b.written(ctx, b.plan.Pipelines[0].Output(o))
		if err != nil {
			return err
		}
		if have != n {
			r.wrong("%s holds %d records, must be %d", o, have, n)
		}
	}
	return b.checkEvents(ctx, r)
}

// checkEvents reads the events topic. The webhooks' times rise, so the events
// of one booking must too.
func (b *bench) checkEvents(ctx context.Context, r *result) error {
	topic := b.plan.Pipelines[0].Output(pipeline.Events)
	ids := map[string]struct{}{}
	latest := map[string]time.Time{}
	repeated, misplaced := 0, 0
	for id := range int32(b.Case.Partitions) {
		err := b.admin.ReadPartition(ctx, pipeline.Partition{Topic: topic, ID: id}, 0, kafka.End, func(rec pipeline.Record) error {
			ce := rec.Text("ce_id")
			if _, twice := ids[ce]; twice {
				repeated++
			}
			ids[ce] = struct{}{}
			at, err := time.Parse(time.RFC3339Nano, rec.Text("ce_time"))
			if err != nil {
				return err
			}
			if at.Before(latest[string(rec.Key)]) {
				misplaced++
			}
			latest[string(rec.Key)] = at
			return nil
		})
		if err != nil {
			return err
		}
	}
	if repeated > 0 {
		r.wrong("%d events are there twice", repeated)
	}
	if misplaced > 0 {
		r.wrong("%d events stand behind a later one of their booking", misplaced)
	}
	return nil
}
