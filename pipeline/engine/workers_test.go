package engine

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestWorkersGiveBackWhatTheirWorkGave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorkers()
		var all sync.WaitGroup
		for n := range 100 {
			all.Go(func() {
				want := errors.New("x")
				if n%2 == 0 {
					want = nil
				}
				if got := w.do(func() error { time.Sleep(time.Second); return want }); !errors.Is(got, want) {
					t.Errorf("got %v, want %v", got, want)
				}
			})
		}
		all.Wait()
		time.Sleep(2 * restAfter) // every worker has ended by itself
		w.close()
	})
}

func deep(n int) int {
	var frame [128]byte
	if n == 0 {
		return len(frame)
	}
	return deep(n-1) + int(frame[n%128])
}

// BenchmarkWorkers holds a goroutine for each piece of work against workers
// that live on, for work whose stack is as deep as a segment's.
func BenchmarkWorkers(b *testing.B) {
	work := func() error { deep(100); return nil }
	b.Run("anew", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			done := make(chan error, 1)
			go func() { done <- work() }()
			<-done
		}
	})
	b.Run("living on", func(b *testing.B) {
		b.ReportAllocs()
		w := newWorkers()
		defer w.close()
		for b.Loop() {
			done := make(chan error, 1)
			go func() { done <- w.do(work) }() // the router's goroutine
			<-done
		}
	})
}
