package heap

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

const (
	// Usual is what Go's memory may be while little of it is alive, in bytes: a
	// member stays below 300 MB with it, the state's blocks and the program.
	Usual = 184 << 20

	// percent is the garbage that the heap may hold beside what is alive. It
	// is for a small heap: beyond, Usual ends it earlier.
	percent = 300

	look = time.Second // between two looks at what is alive
)

// Tend sets the pace of collection until it is stopped, and then sets it back.
// An operator who sets GOGC or GOMEMLIMIT has chosen otherwise: env, as
// os.LookupEnv, tells.
func Tend(clock pipeline.Clock, env func(name string) (string, bool)) (stop func()) {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		if _, set := env(name); set {
			return func() {}
		}
	}
	pace, limit := debug.SetGCPercent(percent), debug.SetMemoryLimit(Usual)
	ctx, cancel := context.WithCancel(context.Background())
	var loop sync.WaitGroup
	loop.Go(func() { follow(ctx, clock) })
	return func() {
		cancel()
		loop.Wait()
		debug.SetGCPercent(pace)
		debug.SetMemoryLimit(limit)
	}
}

// follow raises the limit with what is alive, and lowers it again.
func follow(ctx context.Context, clock pipeline.Clock) {
	for now := int64(Usual); clock.Sleep(ctx, look) == nil; {
		if want := Limit(inUse()); max(want-now, now-want) > now/16 {
			now = want
			debug.SetMemoryLimit(now)
		}
	}
}

// Limit gives what Go's memory may be while so much is alive and so much is
// taken beside the heap's objects, in bytes. There is always room for three
// quarters of what is alive as garbage: a limit near to what is in use would have
// the process do nothing but collect.
func Limit(alive, beside int64) int64 { return max(Usual, beside+alive+alive/4*3) }

// inUse gives what the last collection left, and what else counts against the
// limit and is no garbage: stacks above all, which are as much as the heap where
// there are many connections.
func inUse() (alive, beside int64) {
	samples := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
	}
	metrics.Read(samples)
	var sizes [5]int64
	for i := range samples {
		sizes[i] = int64(samples[i].Value.Uint64())
	}
	return sizes[0], sizes[1] - sizes[2] - sizes[3] - sizes[4]
}
