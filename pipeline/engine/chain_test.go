package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// settling is a stage that keeps what it was told.
type settling struct {
	stageFunc
	told []bool
}

func (s *settling) Settle(_ pipeline.Event, ok bool) { s.told = append(s.told, ok) }

func fan(n int) stageFunc {
	return func(_ context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
		out := make([]pipeline.Event, n)
		for i := range out {
			out[i] = ev
			out[i].Key += string(rune('a' + i))
		}
		return out, nil
	}
}

func TestEveryEventOfAFanGoesThroughTheLaterStages(t *testing.T) {
	var keys []string
	last := stageFunc(func(_ context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
		keys = append(keys, ev.Key)
		if ev.Key == "b1b" {
			return nil, pipeline.Done(pipeline.Duplicate)
		}
		return []pipeline.Event{ev}, nil
	})
	r, err := testChain(t, fan(3), last).run(t.Context(), rawEvent(), result{})
	if err != nil || len(r.events) != 2 || len(r.ended) != 1 || r.ended[0].stage != "two" {
		t.Errorf("%d events, ended %+v, %v", len(r.events), r.ended, err)
	}
	if len(keys) != 3 || keys[0] != "b1a" || keys[2] != "b1c" {
		t.Errorf("order %v", keys)
	}
}

func TestWhatWasReservedIsReleasedWhenALaterStageFails(t *testing.T) {
	s := &settling{stageFunc: fan(1)}
	if _, err := testChain(t, s, failing(pipeline.Reject(pipeline.Invalid, errTrouble))).run(t.Context(), rawEvent(), result{}); err == nil {
		t.Fatal("no error")
	}
	if len(s.told) != 1 || s.told[0] {
		t.Errorf("told %v, want one false", s.told)
	}
}

func TestFailuresAreTriedAgainUntilTheAttemptsAreSpent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		began := time.Now()
		stage := stageFunc(func(context.Context, pipeline.Event) ([]pipeline.Event, error) {
			at = append(at, time.Since(began))
			return nil, errTrouble
		})
		_, err := testChain(t, stage).run(t.Context(), rawEvent(), result{})
		var failed *stageError
		if !errors.As(err, &failed) || failed.attempts != 5 || !errors.Is(err, errTrouble) {
			t.Fatalf("error is %v", err)
		}
		want := []time.Duration{0, 200, 600, 1400, 3000} // ms: doubling, with the most jitter
		for i := range want {
			if at[i] != want[i]*time.Millisecond {
				t.Errorf("attempt %d came after %s, want %sms", i+1, at[i], want[i])
			}
		}
	})
}

func TestNoAttemptBeginsBehindTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := testChain(t, failing(errTrouble))
		c.steps[0].retry = pipeline.RetryPolicy{Attempts: 1000, Backoff: time.Second, Budget: 20 * time.Second}
		began := time.Now()
		if _, err := c.run(t.Context(), rawEvent(), result{}); err == nil {
			t.Fatal("no error")
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

// TestWhatTheFirstAttemptWaitedSpendsNothing: it stood behind an outage of its
// host, and the next failure is the booking's own.
func TestWhatTheFirstAttemptWaitedSpendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		c := testChain(t, stageFunc(func(_ context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
			if tries++; tries == 1 {
				time.Sleep(5 * time.Minute)
				return nil, errTrouble
			}
			return []pipeline.Event{ev}, nil
		}))
		c.steps[0].retry = pipeline.RetryPolicy{Attempts: 5, Backoff: time.Second, Budget: 100 * time.Second}
		if _, err := c.run(t.Context(), rawEvent(), result{}); err != nil || tries != 2 {
			t.Errorf("%d tries, %v", tries, err)
		}
	})
}

func TestWhatNoRetryMendsIsTriedOnce(t *testing.T) {
	for name, cause := range map[string]error{
		"a rejection": pipeline.Reject(pipeline.Invalid, errTrouble),
		"a shutdown":  context.Canceled,
	} {
		tries := 0
		stage := stageFunc(func(context.Context, pipeline.Event) ([]pipeline.Event, error) { tries++; return nil, cause })
		_, err := testChain(t, stage).run(t.Context(), rawEvent(), result{})
		if !errors.Is(err, cause) || tries != 1 {
			t.Errorf("%s: %d tries, %v", name, tries, err)
		}
	}
}

func TestADefectOfAStageIsAReasonNotACrash(t *testing.T) {
	boom := stageFunc(func(context.Context, pipeline.Event) ([]pipeline.Event, error) { panic("with a guest's name") })
	silent := stageFunc(func(context.Context, pipeline.Event) ([]pipeline.Event, error) { return nil, nil })
	for name, stage := range map[string]pipeline.Stage{"a panic": boom, "no event and no reason": silent} {
		_, err := testChain(t, stage).run(t.Context(), rawEvent(), result{})
		r, ok := pipeline.AsRejection(err)
		if !ok || r.Reason != pipeline.Panicked {
			t.Errorf("%s: %v", name, err)
		}
		if err.Error() != "" && strings.Contains(err.Error(), "guest") {
			t.Errorf("the panic's text is in the error: %v", err)
		}
	}
}

// finally is an error that names its reason once the attempts are spent.
type finally struct{ error }

func (finally) Final() pipeline.Reason { return pipeline.NotFound }

func TestASpentFailureIsCalledWhatItSaysOfItself(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want pipeline.Reason
	}{
		{errTrouble, pipeline.Exhausted},
		{&stageError{err: finally{errTrouble}}, pipeline.NotFound},
		{pipeline.Reject(pipeline.BadAnswer, errTrouble), pipeline.BadAnswer},
		{pipeline.Outage(errTrouble, 0), pipeline.Exhausted},
	} {
		if got := reasonOf(tt.err); got != tt.want {
			t.Errorf("%v is %s, want %s", tt.err, got, tt.want)
		}
	}
}
