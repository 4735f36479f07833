package engine

import (
	"context"
	"errors"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// step is one stage of a chain.
type step struct {
	name    string
	stage   pipeline.Stage
	settler pipeline.Settler // the stage, where it is one
	retry   pipeline.RetryPolicy
	metrics map[string]stageMetrics // by source
	others  func() stageMetrics     // those of a source that is not configured here
}

// chain is stages that run fused: one after the other, in one process.
type chain struct {
	pipeline string
	steps    []step
	retrier  retrier
}

// result is what became of one event.
type result struct {
	events  []*pipeline.Event // that passed every stage
	ended   []ended           // that a stage ended on purpose
	settles []settle
	letter  letter // instead of all that, where it failed

	together bool // with other records, which must not wait for it
}

type ended struct {
	event  *pipeline.Event
	stage  string
	ending pipeline.Ending
}

// letter is what is counted of a record that was parked or buried.
type letter struct {
	source, stage, outcome, reason string
	bare                           bool // without its body
}

type settle struct {
	settler pipeline.Settler
	event   *pipeline.Event
}

// settle tells the stages whether what they gave was acknowledged, last first.
func (r *result) settle(ok bool) {
	for i := len(r.settles) - 1; i >= 0; i-- {
		r.settles[i].settler.Settle(*r.settles[i].event, ok)
	}
	r.settles = nil
}

// stageError says which stage failed.
type stageError struct {
	stage    string
	attempts int
	first    time.Time
	err      error
}

func (e *stageError) Error() string { return e.stage + ": " + e.err.Error() }
func (e *stageError) Unwrap() error { return e.err }

// run takes one event through the chain and gives r, which is empty, with what
// became of it. On an error the record is judged as a whole: what its other
// events had reserved is released.
func (c *chain) run(ctx context.Context, ev *pipeline.Event, r result) (result, error) {
	if err := c.from(ctx, 0, ev, &r); err != nil {
		r.settle(false)
		return result{}, err
	}
	return r, nil
}

// ahead is what the first stage gave of a record before it joined others in a
// message.
type ahead struct {
	event *pipeline.Event // nil where the record could not be read
	out   []pipeline.Event
	err   error
}

// goOn takes an event through the chain whose first stage is done, as run does.
func (c *chain) goOn(ctx context.Context, a *ahead, r result) (result, error) {
	if a.event == nil {
		return result{}, a.err
	}
	if err := c.behind(ctx, 0, a.event, a.out, a.err, &r); err != nil {
		r.settle(false)
		return result{}, err
	}
	return r, nil
}

func (c *chain) from(ctx context.Context, at int, ev *pipeline.Event, r *result) error {
	if at == len(c.steps) {
		r.events = append(r.events, ev)
		return nil
	}
	out, err := c.step(ctx, &c.steps[at], ev, r.together)
	return c.behind(ctx, at, ev, out, err, r)
}

// behind goes on with what a step gave.
func (c *chain) behind(ctx context.Context, at int, ev *pipeline.Event, out []pipeline.Event, err error, r *result) error {
	s := &c.steps[at]
	if err != nil {
		return r.end(ev, s.name, err)
	}
	for i := range out {
		if s.settler != nil {
			r.settles = append(r.settles, settle{s.settler, &out[i]})
		}
		if err := c.from(ctx, at+1, &out[i], r); err != nil {
			return err
		}
	}
	return nil
}

// end takes note of an event that a stage ended on purpose; any other error it
// gives back.
func (r *result) end(ev *pipeline.Event, stage string, err error) error {
	ending, ok := pipeline.AsEnding(err)
	if !ok {
		return err
	}
	r.ended = append(r.ended, ended{event: ev, stage: stage, ending: ending})
	return nil
}

// step runs one stage on one event, with its retries, and measures it.
func (c *chain) step(ctx context.Context, s *step, ev *pipeline.Event, together bool) ([]pipeline.Event, error) {
	m, known := s.metrics[ev.Source]
	if !known {
		m = s.others()
	}
	began := c.retrier.clock.Now()
	m.in.Inc()
	out, err := c.retrier.do(ctx, s, ev, began, together)
	m.seconds.Observe(c.retrier.clock.Now().Sub(began).Seconds())
	m.out.Add(float64(len(out)))
	return out, err
}

// final tells an error that no retry of the same attempt mends.
func final(err error) bool {
	if _, ok := pipeline.AsRejection(err); ok {
		return true
	}
	if _, ok := pipeline.AsEnding(err); ok {
		return true
	}
	return errors.Is(err, context.Canceled)
}
