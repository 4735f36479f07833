package stagetest

import (
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
)

// Stage is what a stage's own test hands in.
type Stage struct {
	Spec pipeline.StageSpec
	Deps pipeline.StageDeps
	// Prepare makes a new stage ready for its first event, such as by giving
	// it a partition; nil is nothing.
	Prepare func(t *testing.T, s pipeline.Stage)
	// Events are some that it takes, each with a key of its own, made anew by
	// every call.
	Events func() []pipeline.Event
}

// Run holds a stage to the contract.
func Run(t *testing.T, s Stage) {
	t.Run("its entry says what it is", s.entry)
	t.Run("it gives events or a reason", s.outcome)
	t.Run("it leaves the event it is given alone", s.untouched)
	t.Run("it gives the same for the same", s.same)
	t.Run("events of several keys may come at once", s.atOnce)
}

func (s Stage) build(t *testing.T) pipeline.Stage {
	t.Helper()
	build, err := s.Spec.Bind(func(into any) error {
		if v, ok := into.(config.Validator); ok {
			return v.Validate()
		}
		return nil
	})
	if err != nil {
		t.Fatalf("the defaults are refused: %v", err)
	}
	stage, err := build(s.Deps)
	if err != nil {
		t.Fatal(err)
	}
	if closer, ok := stage.(interface{ Close() error }); ok {
		t.Cleanup(func() {
			if err := closer.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	if s.Prepare != nil {
		s.Prepare(t, stage)
	}
	return stage
}

func (s Stage) entry(t *testing.T) {
	if s.Spec.Name == "" || s.Spec.Summary == "" || strings.HasSuffix(s.Spec.Summary, ".") {
		t.Errorf("name %q, summary %q: both are needed, the summary without a full stop", s.Spec.Name, s.Spec.Summary)
	}
	of := reflect.TypeOf(s.Spec.Defaults()).Elem()
	for i := range of.NumField() {
		f := of.Field(i)
		if f.Tag.Get("yaml") == "" || f.Tag.Get("doc") == "" {
			t.Errorf("the option %s lacks its name or its doc", f.Name)
		}
	}
}

func (s Stage) outcome(t *testing.T) {
	stage := s.build(t)
	for i, ev := range s.Events() {
		out, err := stage.Process(t.Context(), ev)
		if err == nil && len(out) == 0 {
			t.Errorf("event %d: neither an event nor a reason", i)
		}
		settle(stage, out, true)
	}
}

func settle(stage pipeline.Stage, out []pipeline.Event, ok bool) {
	settler, settles := stage.(pipeline.Settler)
	for i := len(out) - 1; settles && i >= 0; i-- {
		settler.Settle(out[i], ok)
	}
}

func (s Stage) untouched(t *testing.T) {
	stage, given, kept := s.build(t), s.Events(), s.Events()
	for i := range given {
		out, _ := stage.Process(t.Context(), given[i])
		settle(stage, out, false)
		if diff := compare(kept[i], given[i]); diff != "" {
			t.Errorf("event %d was changed (-before +after):\n%s", i, diff)
		}
	}
}

func (s Stage) same(t *testing.T) {
	stage := s.build(t)
	for i, ev := range s.Events() {
		first, err := stage.Process(t.Context(), ev)
		settle(stage, first, false)
		again, errAgain := stage.Process(t.Context(), s.Events()[i])
		settle(stage, again, false)
		if (err == nil) != (errAgain == nil) || !reflect.DeepEqual(reasonOf(err), reasonOf(errAgain)) {
			t.Fatalf("event %d: first %v, then %v", i, err, errAgain)
		}
		if diff := compare(first, again); diff != "" {
			t.Errorf("event %d (-first +again):\n%s", i, diff)
		}
	}
}

func (s Stage) atOnce(t *testing.T) {
	stage := s.build(t)
	var all sync.WaitGroup
	for _, ev := range s.Events() {
		all.Go(func() {
			out, err := stage.Process(t.Context(), ev)
			if err == nil && len(out) == 0 {
				t.Error("neither an event nor a reason")
			}
			settle(stage, out, true)
		})
	}
	all.Wait()
}

func compare(a, b any) string {
	return cmp.Diff(a, b, cmpopts.EquateEmpty())
}

// reasonOf gives what the engine decides by.
func reasonOf(err error) string {
	if r, ok := pipeline.AsRejection(err); ok {
		return string(r.Reason)
	}
	if e, ok := pipeline.AsEnding(err); ok {
		return string(e)
	}
	if err != nil && errors.Unwrap(err) == nil {
		return err.Error()
	}
	return ""
}
