package main

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// watch reads the events as they come, as any reader does, and measures the
// longest time that a partition stood still, and the copies.
type watch struct {
	admin *kafka.Admin
	topic string
	now   func() time.Time

	mu      sync.Mutex
	seen    map[string]struct{}
	events  int
	copies  int
	last    map[int32]time.Time
	longest map[int32]time.Duration
	marked  time.Time // when the present measurement began
}

// run reads until ctx ends.
func (w *watch) run(ctx context.Context) {
	for ctx.Err() == nil {
		// What a broker's death breaks is begun again, at the end.
		_ = w.admin.Tail(ctx, w.topic, kafka.Newest, w.take)
		_ = pipeline.WallClock{}.Sleep(ctx, 100*time.Millisecond)
	}
}

func (w *watch) take(r pipeline.Record) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events++
	id := r.Text("ce_id")
	if _, twice := w.seen[id]; twice {
		w.copies++
	}
	w.seen[id] = struct{}{}
	now := w.now()
	w.stood(r.Partition, now)
	w.last[r.Partition] = now
	return nil
}

// stood measures how long a partition stood still until now.
func (w *watch) stood(partition int32, now time.Time) {
	if last, ok := w.last[partition]; ok && now.After(w.marked) {
		w.longest[partition] = max(w.longest[partition], now.Sub(last))
	}
}

// mark gives what was measured since the last mark: the longest standstill of
// each partition, also one that goes on, and the copies.
func (w *watch) mark() (stalls []time.Duration, copies int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	for p := range w.last {
		w.stood(p, now)
	}
	for _, p := range slices.Sorted(maps.Keys(w.last)) {
		stalls = append(stalls, w.longest[p].Round(10*time.Millisecond))
	}
	copies = w.copies
	w.longest, w.copies, w.marked = map[int32]time.Duration{}, 0, now
	return stalls, copies
}

// counted tells how many events were seen.
func (w *watch) counted() int { w.mu.Lock(); defer w.mu.Unlock(); return w.events }
