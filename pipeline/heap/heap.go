// Package heap has Go collect a process's garbage as seldom as its memory
// allows. It belongs to the programs: nothing of the pipeline needs it.
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
		if want := Limit(alive()); max(want-now, now-want) > now/16 {
			now = want
			debug.SetMemoryLimit(now)
		}
	}
}

// Limit gives what Go's memory may be while so much is alive, in bytes. There is
// always room for three quarters as much again, garbage and what lies around it:
// a limit near to what is alive would have the process do nothing but collect.
func Limit(alive int64) int64 { return max(Usual, alive+alive/4*3) }

// alive gives what the last collection left.
func alive() int64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}
