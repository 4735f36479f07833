package engine

import (
	"sync"
	"time"
)

// workers run handlers on goroutines that live on. Watermill's router begins
// one for each record, with a small stack that every record then grows anew:
// that was a tenth of the CPU time of an event (BenchmarkWorkers).
type workers struct {
	jobs chan job
	over chan struct{}
	open sync.WaitGroup
}

type job struct {
	run  func() error
	done chan error
}

// restAfter is how long a worker waits for work before it ends.
const restAfter = 5 * time.Second

func newWorkers() *workers { return &workers{jobs: make(chan job), over: make(chan struct{})} }

// do runs a function on a worker that is free, or on a new one, and gives what
// it gives. How many there are is bounded by who calls: the subscriber's windows.
func (w *workers) do(run func() error) error {
	j := job{run: run, done: make(chan error, 1)}
	select {
	case w.jobs <- j:
	default:
		w.open.Go(func() { w.work(j) })
	}
	return <-j.done
}

func (w *workers) work(j job) {
	rest := time.NewTimer(restAfter)
	defer rest.Stop()
	for {
		j.done <- j.run()
		rest.Reset(restAfter)
		select {
		case j = <-w.jobs:
		case <-rest.C:
			return
		case <-w.over:
			return
		}
	}
}

// close ends the workers that rest and waits for them; nobody may call do any
// more.
func (w *workers) close() {
	close(w.over)
	w.open.Wait()
}
