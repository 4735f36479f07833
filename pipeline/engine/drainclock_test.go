package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

func TestNobodySleepsThroughADrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		draining, drain := context.WithCancel(t.Context())
		c := drainClock{pipeline.WallClock{}, draining}
		if err := c.Sleep(t.Context(), time.Minute); err != nil {
			t.Fatalf("without a drain: %v", err)
		}
		began := time.Now()
		time.AfterFunc(time.Second, drain)
		if err := c.Sleep(t.Context(), time.Hour); !errors.Is(err, context.Canceled) || time.Since(began) != time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

func TestNobodySleepsWhileItsPartitionIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leaving, leave := context.WithCancel(t.Context())
		ctx := pipeline.WithLeaving(t.Context(), leaving)
		c := drainClock{pipeline.WallClock{}, t.Context()}
		if err := c.Sleep(ctx, time.Minute); err != nil {
			t.Fatalf("before: %v", err)
		}
		began := time.Now()
		time.AfterFunc(time.Second, leave)
		if err := c.Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) || time.Since(began) != time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		if err := c.Sleep(t.Context(), time.Minute); err != nil {
			t.Errorf("of another partition: %v", err)
		}
	})
}

func TestADrainLeavesARecordThatWaitsToItsNextReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		draining, drain := context.WithCancel(t.Context())
		log := &memoryLog{}
		s := testSegment(t, log, failing(errTrouble))
		s.parks = true
		s.chain.retrier.clock = drainClock{pipeline.WallClock{}, draining}
		time.AfterFunc(100*time.Millisecond, drain) // between two attempts
		if err := handle(t, t.Context(), s, rawRecord(t)); !errors.Is(err, context.Canceled) || len(log.records) != 0 {
			t.Errorf("%d records were written, %v", len(log.records), err)
		}
	})
}

func TestWhatNeedNotWaitIsDoneDuringADrainAndCostsNothing(t *testing.T) {
	draining, drain := context.WithCancel(t.Context())
	c := drainClock{pipeline.WallClock{}, draining}
	if allocs := testing.AllocsPerRun(10, func() { _ = c.Sleep(t.Context(), 0) }); allocs != 0 {
		t.Errorf("%v allocations for each look-up that need not wait", allocs)
	}
	drain()
	if err := c.Sleep(t.Context(), 0); err != nil {
		t.Error(err)
	}
	if err := c.Sleep(draining, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of its own context: %v", err)
	}
}
