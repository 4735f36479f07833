package main

import (
	"slices"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

func TestAStandstillIsMeasuredByPartitionAlsoWhileItGoesOn(t *testing.T) {
	now := time.Unix(0, 0)
	w := &watch{now: func() time.Time { return now }, seen: map[string]struct{}{}, last: map[int32]time.Time{}, longest: map[int32]time.Duration{}}
	at := func(seconds int, partition int32, id string) {
		now = time.Unix(int64(seconds), 0)
		if err := w.take(pipeline.Record{Partition: partition, Headers: []pipeline.Header{pipeline.Text("ce_id", id)}}); err != nil {
			t.Fatal(err)
		}
	}
	at(1, 0, "a")
	at(1, 1, "b")
	w.mark()
	at(2, 0, "c")
	at(5, 1, "b")
	now = time.Unix(9, 0)
	if stalls, copies := w.mark(); !slices.Equal(stalls, []time.Duration{7 * time.Second, 4 * time.Second}) || copies != 1 {
		t.Errorf("stood still for %v with %d copies, want [7s 4s] and 1", stalls, copies)
	}
	at(10, 0, "d")
	if stalls, copies := w.mark(); !slices.Equal(stalls, []time.Duration{8 * time.Second, 5 * time.Second}) || copies != 0 {
		t.Errorf("stood still for %v with %d copies, want [8s 5s] and 0", stalls, copies)
	}
}
