package heap_test

import (
	"context"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/heap"
)

func unset(string) (string, bool) { return "", false }

// steps is a clock that sleeps for a step when the test says so.
type steps struct{ step chan struct{} }

var _ pipeline.Clock = steps{}

func (steps) Now() time.Time { return time.Time{} }

func (s steps) Sleep(ctx context.Context, _ time.Duration) error {
	select {
	case <-s.step:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestTheLimitLeavesRoomHoweverMuchIsAlive(t *testing.T) {
	for _, alive := range []int64{0, 20 << 20, 110 << 20, 300 << 20, 4 << 30} {
		if limit := heap.Limit(alive); limit < heap.Usual || limit < alive+alive/2 {
			t.Errorf("%d MB for %d MB alive", limit>>20, alive>>20)
		}
	}
}

func TestTheLimitFollowsWhatIsAlive(t *testing.T) {
	clock := steps{make(chan struct{})}
	defer heap.Tend(clock, unset)()
	if limit := limit(); limit != heap.Usual {
		t.Errorf("the limit is %d, want the usual one", limit)
	}
	// The second step begins when the first has been worked on.
	look := func() { clock.step <- struct{}{}; clock.step <- struct{}{} }

	large := make([]byte, 2*heap.Usual)
	runtime.GC()
	look()
	if limit := limit(); limit < 3*heap.Usual {
		t.Errorf("the limit is %d while %d are alive", limit, len(large))
	}
	runtime.KeepAlive(large)

	large = nil
	runtime.GC()
	look()
	if limit := limit(); limit != heap.Usual {
		t.Errorf("the limit is %d when what was large is gone", limit)
	}
	_ = large
}

func TestEverythingIsSetBack(t *testing.T) {
	pace := debug.SetGCPercent(100)
	defer debug.SetGCPercent(pace)
	before := limit()
	heap.Tend(pipeline.WallClock{}, unset)()
	if after := limit(); after != before {
		t.Errorf("the limit is %d, was %d", after, before)
	}
	if now := debug.SetGCPercent(100); now != 100 {
		t.Errorf("the pace is %d, was 100", now)
	}
}

func TestAnOperatorsOwnSettingStands(t *testing.T) {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		t.Run(name, func(t *testing.T) {
			before := limit()
			defer heap.Tend(pipeline.WallClock{}, func(asked string) (string, bool) {
				return "50", asked == name
			})()
			if limit() != before {
				t.Error("the limit was changed")
			}
		})
	}
}

func limit() int64 { return debug.SetMemoryLimit(-1) }
