package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// retrier is our own forty lines of retry: Watermill's Retry and Timeout
// middlewares spoil the backoff and the later attempts' contexts.
type retrier struct {
	clock  pipeline.Clock
	jitter func() float64 // from 0 to 1
	once   bool           // the HTTP segment: the sender is the one that retries
	// trouble is told of trouble of ours that is waited out; what it gives is
	// called when that is over.
	trouble func(error) (over func())
}

const (
	troubleBackoff = 200 * time.Millisecond
	maxBackoff     = 10 * time.Second // bounds the doubling
)

// errAlone says that a record has to wait, and must not let those wait that it
// came with: they are handed out again, each alone (invariant 5). To Watermill
// it is a cancelled message.
var errAlone = fmt.Errorf("to be handled alone: %w", context.Canceled)

// do runs the stage until it gives an outcome, its attempts are spent, or its
// time is over, which runs from the end of the first attempt: that may have
// waited for as long as a host was down. first, when it began, goes to the dead
// letter. Together with other records it does not wait.
func (r retrier) do(ctx context.Context, s *step, ev *pipeline.Event, first time.Time, together bool) ([]pipeline.Event, error) {
	backoff := s.retry.Backoff
	var failing time.Time
	for attempt := 1; ; attempt++ {
		out, err := r.attempt(ctx, s, ev, together)
		if attempt == 1 {
			failing = r.clock.Now()
		}
		if err == nil {
			return out, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if together && !final(err) {
			return nil, errAlone
		}
		failed := &stageError{stage: s.name, attempts: attempt, first: first, err: err}
		pause := r.pause(backoff)
		if r.once || final(err) || attempt >= s.retry.Attempts || r.clock.Now().Add(pause).Sub(failing) > s.retry.Budget {
			return nil, failed
		}
		if err := r.clock.Sleep(ctx, pause); err != nil {
			return nil, err
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

// attempt calls the stage until its answer is about the event: trouble of ours
// is waited out, and spends no attempt.
func (r retrier) attempt(ctx context.Context, s *step, ev *pipeline.Event, together bool) ([]pipeline.Event, error) {
	out, err := process(ctx, s, ev)
	if err == nil || r.once || together || !pipeline.IsTrouble(err) {
		return out, err
	}
	defer r.trouble(err)()
	for backoff := troubleBackoff; pipeline.IsTrouble(err); backoff = min(2*backoff, maxBackoff) {
		if slept := r.clock.Sleep(ctx, r.pause(backoff)); slept != nil {
			return nil, slept
		}
		out, err = process(ctx, s, ev)
	}
	return out, err
}

// pause spreads a backoff over its upper half, so that what failed together
// does not come back together.
func (r retrier) pause(backoff time.Duration) time.Duration {
	return backoff/2 + time.Duration(r.jitter()*float64(backoff/2))
}

// process calls the stage once. A panic is a defect of the stage on this
// event: it must not stop its partition, and its text may hold anything.
func process(ctx context.Context, s *step, ev *pipeline.Event) (out []pipeline.Event, err error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = nil, pipeline.Rejectf(pipeline.Panicked, "the stage %s panicked (%T) on %s", s.name, p, ev.ID)
		}
	}()
	out, err = s.stage.Process(ctx, *ev)
	if err == nil && len(out) == 0 {
		return nil, pipeline.Rejectf(pipeline.Panicked, "the stage %s gave %s no event and no reason", s.name, ev.ID)
	}
	return out, err
}

// reasonOf gives what a failure is called once every attempt is spent: what
// the error says of itself, else Exhausted.
func reasonOf(err error) pipeline.Reason {
	if r, ok := pipeline.AsRejection(err); ok {
		return r.Reason
	}
	var named interface{ Final() pipeline.Reason }
	if errors.As(err, &named) {
		return named.Final()
	}
	return pipeline.Exhausted
}

// describe gives an error's text for a dead letter, bounded.
func describe(err error) string {
	const longest = 1000
	text := fmt.Sprint(err)
	if len(text) > longest {
		return text[:longest] + " …"
	}
	return text
}
