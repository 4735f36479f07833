package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reservoirhq/reservoir/cmd/bench/innkeeper"
	"github.com/reservoirhq/reservoir/cmd/bench/payload"
	"github.com/reservoirhq/reservoir/pipeline"
)

// hops measures Kafka segments over a loaded raw topic: from Run, with the
// group's joining, to the commit of the last offset.
func (b *bench) hops(ctx context.Context) (result, error) {
	if err := b.loaded(ctx); err != nil {
		return result{}, err
	}
	r, err := b.drained(ctx)
	if err != nil {
		return result{}, err
	}
	r.add("per core %.0f/s", 1e6/r.CPU)
	err = b.check(ctx, &r)
	return r, err
}

// loaded makes the case and fills its raw topic, in a process of its own.
func (b *bench) loaded(ctx context.Context) error {
	if err := b.prepare(ctx); err != nil {
		return err
	}
	plugin := innkeeper.Name
	if b.host != "" {
		plugin = innkeeper.HintName
	}
	p, err := start(ctx, roleLoad, loadJob{
		Brokers: b.Options.Brokers, Topic: b.prefix + ".raw." + source, Source: source, Plugin: plugin, N: b.Case.N, Bookings: b.Case.Bookings,
	}, "")
	if err != nil {
		return err
	}
	var none any
	if err := p.answer(&none); err != nil {
		return fmt.Errorf("load the raw topic: %w", err)
	}
	return nil
}

// drained runs the pipeline until its last segment has committed every event,
// and stops it.
func (b *bench) drained(ctx context.Context, helpers ...int) (result, error) {
	end, err := b.profiled()
	if err != nil {
		return result{}, err
	}
	w := startWatch(helpers...)
	failed := b.run(ctx)
	seen, err := b.committed(ctx, failed)
	r := w.stop(b.Case.N)
	if err == nil {
		err = end()
	}
	if closed := b.close(); err == nil {
		err = closed
	}
	if err != nil {
		return result{}, err
	}
	r.add("first commit after %d ms", seen.first.Sub(w.began).Milliseconds())
	if second := seen.last.Sub(seen.half); second > time.Second {
		r.add("second half %.0f/s", float64(b.Case.N-seen.atHalf)/second.Seconds())
	}
	return r, nil
}

// progress is when the last segment had committed how much.
type progress struct {
	first, half, last time.Time
	done, atHalf      int // records
}

// look is the time between two looks at the offsets. It costs the pipeline's
// process well under one per cent of a core.
const look = 20 * time.Millisecond

// committed waits until the last segment's group has committed all events.
func (b *bench) committed(ctx context.Context, failed <-chan error) (progress, error) {
	segments := b.plan.Pipelines[0].Segments
	last := segments[len(segments)-1]
	group := strings.Join([]string{"reservoir", b.name, last.Name}, ".")
	retry := b.plan.Pipelines[0].Output(pipeline.Retry)
	var seen progress
	for {
		select {
		case err := <-failed:
			return seen, err
		case <-ctx.Done():
			return seen, fmt.Errorf("wait for %d events to be committed, %d are: %w", b.Case.N, seen.done, ctx.Err())
		case <-time.After(look):
		}
		done, err := b.settled(ctx, group, retry)
		if err != nil {
			continue // the group is not there yet
		}
		if seen.note(done, b.Case.N) {
			return seen, nil
		}
	}
}

// settled gives how many events the last segment is done with. The offsets of
// a topic that transactions wrote count their marks too: there it is what the
// pipeline says it has committed.
func (b *bench) settled(ctx context.Context, group, retry string) (int, error) {
	if b.Case.Delivery == exactlyOnce {
		return b.counted()
	}
	offsets, err := b.admin.Committed(ctx, group)
	done := int64(0)
	for p, offset := range offsets {
		if p.Topic != retry {
			done += offset
		}
	}
	return int(done), err
}

// counted adds up the outcomes at the end of the chain.
func (b *bench) counted() (int, error) {
	families, err := b.counts.Gather()
	done := 0.0
	for _, family := range families {
		if family.GetName() != "reservoir_outcomes_total" {
			continue
		}
		for _, m := range family.GetMetric() {
			for _, label := range m.GetLabel() {
				if label.GetName() == "outcome" && slices.Contains([]string{"published", "duplicate"}, label.GetValue()) {
					done += m.GetCounter().GetValue()
				}
			}
		}
	}
	return int(done), err
}

// note takes down the first look at which so much was done, and tells the last.
func (p *progress) note(done, of int) bool {
	now := time.Now()
	p.done = done
	if p.first.IsZero() && done > 0 {
		p.first = now
	}
	if p.half.IsZero() && done >= of/2 {
		p.half, p.atHalf = now, done
	}
	p.last = now
	return done >= of
}

// expected gives how many records must be on each output.
func (b *bench) expected() map[pipeline.Output]int {
	n := b.Case.N
	want := map[pipeline.Output]int{
		pipeline.Events: payload.Distinct(n), pipeline.Current: payload.Distinct(n), pipeline.Outcomes: n - payload.Distinct(n),
		pipeline.Dead: 0, pipeline.Retry: 0, pipeline.Decisions: 0, pipeline.Lookups: 0,
	}
	if b.host != "" {
		want[pipeline.Lookups] = n
	}
	for _, stage := range b.Case.Stages {
		if stage == "policy" {
			want[pipeline.Decisions] = payload.Set{Bookings: b.Case.Bookings}.Cancelled(n)
		}
	}
	return want
}
