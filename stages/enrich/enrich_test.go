package enrich_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/stages/enrich"
)

// api is a provider whose look-ups a test answers.
type api struct {
	pipeline.Provider
	answer func(ctx context.Context, key string) error
	asked  atomic.Int64
}

func (a *api) LookUp(ctx context.Context, ev pipeline.Event) (pipeline.LookUp, error) {
	a.asked.Add(1)
	if a.answer != nil {
		if err := a.answer(ctx, ev.Key); err != nil {
			return pipeline.LookUp{}, err
		}
	}
	return pipeline.LookUp{At: time.Now(), ContentType: "text/xml", Body: []byte("<b/>")}, nil
}

type hintless struct{ pipeline.Provider }

func stage(t *testing.T, cfg enrich.Config, p pipeline.Provider) pipeline.Stage {
	t.Helper()
	s, err := enrich.New(cfg, pipeline.StageDeps{
		Sources: map[string]pipeline.Source{"src": {Name: "src", Provider: p, OneBooking: true}},
		Clock:   pipeline.WallClock{}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func event(key string) pipeline.Event {
	return pipeline.Event{Source: "src", ID: "d1", Key: key, Raw: pipeline.Raw{Position: pipeline.Position{Topic: "raw", Partition: 1, Offset: 2}}}
}

func TestTheAnswerIsRecordedWithTheRawPosition(t *testing.T) {
	out, err := stage(t, enrich.Defaults(), &api{}).Process(t.Context(), event("src/b1"))
	if err != nil {
		t.Fatal(err)
	}
	if len(out[0].Side) != 1 || out[0].Side[0].Output != pipeline.Lookups {
		t.Fatalf("side records: %+v", out[0].Side)
	}
	r := out[0].Side[0].Record
	if string(r.Key) != "src/b1" || string(r.Value) != "<b/>" || r.Text("raw") != "raw/1/2" {
		t.Errorf("record is %+v", r)
	}
}

func TestAnAnswerThatIsThereIsNotAskedForAgain(t *testing.T) {
	a := &api{}
	ev := event("src/b1")
	ev.LookUp = &pipeline.LookUp{Body: []byte("recorded")}
	out, err := stage(t, enrich.Defaults(), a).Process(t.Context(), ev)
	if err != nil || a.asked.Load() != 0 || string(out[0].LookUp.Body) != "recorded" || len(out[0].Side) != 0 {
		t.Errorf("asked %d times, %+v, %v", a.asked.Load(), out, err)
	}
}

func TestSourcesThatSayEverythingPass(t *testing.T) {
	out, err := stage(t, enrich.Defaults(), hintless{}).Process(t.Context(), event("src/b1"))
	if err != nil || len(out) != 1 || out[0].LookUp != nil {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestAHostThatIsDownMakesItsSourceWaitAndSpendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var up atomic.Bool
		a := &api{answer: func(context.Context, string) error {
			if !up.Load() {
				return pipeline.Outage(errors.New("no connection"), 0)
			}
			return nil
		}}
		s := stage(t, enrich.Defaults(), a)
		attempts := 0
		done := make(chan error)
		go func() {
			for { // the engine's attempts
				_, err := s.Process(t.Context(), event("src/b1"))
				if attempts++; err == nil || attempts == 5 {
					done <- err
					return
				}
			}
		}()
		time.Sleep(time.Hour) // virtual
		up.Store(true)
		if err := <-done; err != nil {
			t.Fatalf("the outage spent the look-up's attempts: %v", err)
		}
		if asked := a.asked.Load(); asked > 2*3600 {
			t.Errorf("a host that was down for an hour was asked %d times", asked)
		}
	})
}

func TestOneBookingsTroubleSpendsItsAttemptsWhileOthersAreAnswered(t *testing.T) {
	a := &api{answer: func(_ context.Context, key string) error {
		if key == "src/bad" {
			return pipeline.Outage(errors.New("answered 500"), 0)
		}
		return nil
	}}
	s := stage(t, enrich.Defaults(), a)
	for range 10 {
		if _, err := s.Process(t.Context(), event("src/good")); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Process(t.Context(), event("src/bad")); err == nil {
			t.Fatal("the bad booking passed")
		}
	}
}

func TestAHostThatNeverAnswersIsAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answer: func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }}
		_, err := stage(t, enrich.Defaults(), a).Process(t.Context(), event("src/b1"))
		if _, outage := pipeline.AsOutage(err); !outage {
			t.Errorf("error is %v", err)
		}
	})
}

func TestTheEndOfTheClaimIsNoFault(t *testing.T) {
	a := &api{answer: func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := stage(t, enrich.Defaults(), a).Process(ctx, event("src/b1")); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestLookUpsAtOnceAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		a := &api{answer: func(context.Context, string) error {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(time.Second)
			now.Add(-1)
			return nil
		}}
		cfg := enrich.Defaults()
		cfg.MaxInFlight = 3
		s := stage(t, cfg, a)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { _, _ = s.Process(t.Context(), event("src/b1")) })
		}
		all.Wait()
		if most.Load() != 3 {
			t.Errorf("%d ran at once, want 3", most.Load())
		}
	})
}

func TestNoHourSeesMoreLookUpsThanAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		cfg := enrich.Defaults()
		cfg.PerHour = 10
		s := stage(t, cfg, a)
		var times []time.Time
		for range 40 {
			if _, err := s.Process(t.Context(), event("src/b1")); err != nil {
				t.Fatal(err)
			}
			times = append(times, time.Now())
		}
		for i := range times[:len(times)-10] {
			if times[i+10].Sub(times[i]) < time.Hour {
				t.Fatalf("11 look-ups within %s", times[i+10].Sub(times[i]))
			}
		}
	})
}

func TestTheNumbersAreBounded(t *testing.T) {
	for _, cfg := range []enrich.Config{{}, {Attempts: 1}, {Attempts: 1, Timeout: 1e9}, {Attempts: 1, Timeout: 1e9, MaxInFlight: 1, PerHour: -1}} {
		if cfg.Validate() == nil {
			t.Errorf("%+v: no fault", cfg)
		}
	}
	if err := enrich.Defaults().Validate(); err != nil {
		t.Error(err)
	}
}

// TestALookUpThatHasNotBegunIsLeftToTheNextMember: a host that lets everybody
// wait must not hold a partition that is let go for as long.
func TestALookUpThatHasNotBegunIsLeftToTheNextMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := enrich.Defaults()
		cfg.MaxInFlight = 1
		a := &api{answer: func(ctx context.Context, _ string) error {
			select {
			case <-time.After(5 * time.Second):
			case <-ctx.Done():
			}
			return ctx.Err()
		}}
		s := stage(t, cfg, a)
		leaving, leave := context.WithCancel(t.Context())
		ctx := pipeline.WithLeaving(t.Context(), leaving)
		ended := make(chan error, 2)
		look := func(key string) {
			_, err := s.Process(ctx, event(key))
			ended <- err
		}
		go look("src/b1")
		synctest.Wait()
		go look("src/b2")
		synctest.Wait()
		began := time.Now()
		leave()
		if err := <-ended; !errors.Is(err, context.Canceled) || time.Since(began) != 0 {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		if err := <-ended; err != nil || time.Since(began) != 5*time.Second {
			t.Errorf("the one that was asked: after %s: %v", time.Since(began), err)
		}
		if n := a.asked.Load(); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}

// TestEveryAttemptHasItsWholeTime: the time of the first is not that of the next
// ones, as it would be where a context with a deadline went around all of them.
func TestEveryAttemptHasItsWholeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := enrich.Defaults()
		var left []time.Duration
		a := &api{answer: func(ctx context.Context, _ string) error {
			deadline, _ := ctx.Deadline()
			left = append(left, time.Until(deadline))
			if len(left) == 1 {
				<-ctx.Done()
			}
			return ctx.Err()
		}}
		s := stage(t, cfg, a)
		if _, err := s.Process(t.Context(), event("src/b1")); err == nil {
			t.Fatal("a look-up that never ends succeeded")
		}
		if _, err := s.Process(t.Context(), event("src/b1")); err != nil {
			t.Fatal(err)
		}
		if want := cfg.Timeout.Std(); len(left) != 2 || left[0] != want || left[1] != want {
			t.Errorf("attempts had %v, want %v each", left, want)
		}
	})
}
