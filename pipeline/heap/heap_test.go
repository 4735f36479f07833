package heap_test

import (
	"context"
	"runtime"
	"runtime/debug"
	"sync"
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

func TestTheLimitLeavesRoomHoweverMuchIsInUse(t *testing.T) {
	for _, alive := range []int64{0, 20 << 20, 110 << 20, 300 << 20, 4 << 30} {
		for _, beside := range []int64{0, 20 << 20, alive} {
			if limit := heap.Limit(alive, beside); limit < heap.Usual || limit < beside+alive+alive/2 {
				t.Errorf("%d MB for %d MB alive and %d MB beside it", limit>>20, alive>>20, beside>>20)
			}
		}
	}
}

// TestStacksCountBesideWhatIsAlive has as many goroutines as a server with many
// connections, which are memory that no collection gives back.
func TestStacksCountBesideWhatIsAlive(t *testing.T) {
	clock := steps{make(chan struct{})}
	defer heap.Tend(clock, unset)()
	const goroutines, stack = 20_000, 16 << 10
	var ready, parked sync.WaitGroup
	end := make(chan struct{})
	for range goroutines {
		ready.Add(1)
		parked.Go(func() { deep(&ready, end) })
	}
	ready.Wait()
	runtime.GC()
	clock.step <- struct{}{}
	clock.step <- struct{}{}
	if limit := limit(); limit < goroutines*stack {
		t.Errorf("the limit is %d MB while the stacks alone are %d", limit>>20, goroutines*stack>>20)
	}
	close(end)
	parked.Wait()
}

// deep waits with a stack of more than eight kilobytes.
func deep(ready *sync.WaitGroup, end <-chan struct{}) {
	var frame [9 << 10]byte
	frame[len(frame)-1] = 1
	ready.Done()
	<-end
	runtime.KeepAlive(&frame)
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
