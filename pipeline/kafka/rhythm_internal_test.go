package kafka

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reservoirhq/reservoir/pipeline"
)

// TestATransactionBeginsOnceAllOfABurstIsReadyAndAfterAnIntervalAtTheLatest, of
// 100 ms, looked at every 5.
func TestATransactionBeginsOnceAllOfABurstIsReadyAndAfterAnIntervalAtTheLatest(t *testing.T) {
	const ms = time.Millisecond
	every := func(step, from, to time.Duration) (at []time.Duration) {
		for ; from < to; from += step {
			at = append(at, from)
		}
		return at
	}
	type begin struct {
		At      time.Duration
		Records int64
	}
	tests := []struct {
		name  string
		ready []time.Duration // when a record becomes ready
		want  []begin
	}{
		{name: "nothing"},
		{name: "one record after a silence", ready: []time.Duration{1000 * ms}, want: []begin{{1005 * ms, 1}}},
		{name: "a burst", ready: every(2*ms, 1001*ms, 1021*ms), want: []begin{{1026 * ms, 10}}},
		{
			name:  "another record soon after the first",
			ready: []time.Duration{1000 * ms, 1031 * ms},
			want:  []begin{{1005 * ms, 1}, {1086 * ms, 1}},
		},
		{
			name:  "what never stands still",
			ready: every(1*ms, 1000*ms, 1280*ms),
			want:  []begin{{1100 * ms, 101}, {1201 * ms, 101}, {1287 * ms, 78}},
		},
		{
			name:  "what a transaction in front writes every Interval",
			ready: []time.Duration{1001 * ms, 1003 * ms, 1101 * ms, 1103 * ms, 1201 * ms, 1203 * ms},
			want:  []begin{{1011 * ms, 2}, {1111 * ms, 2}, {1211 * ms, 2}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				r := newRhythm(pipeline.WallClock{}, Transactions{Interval: 100 * ms, MaxRecords: 1000})
				go func() {
					for _, at := range tt.ready {
						time.Sleep(time.Until(start.Add(at)))
						r.add(1)
					}
				}()
				var got []begin
				r.beat(ctx, func() {
					synctest.Wait()
					if n := r.ready.Load(); r.due() && n > 0 {
						got = append(got, begin{time.Since(start), n})
						r.took(int(n))
					}
				})
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// TestWhatATransactionLeavesWaitsNoOtherInterval: its time counts from when it
// could have been taken.
func TestWhatATransactionLeavesWaitsNoOtherInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRhythm(pipeline.WallClock{}, Transactions{Interval: 100 * time.Millisecond, MaxRecords: 1000})
		r.add(3)
		r.took(2)
		time.Sleep(99 * time.Millisecond)
		if r.add(1); r.due() {
			t.Error("due before its Interval is over")
		}
		time.Sleep(time.Millisecond)
		if r.add(1); !r.due() {
			t.Error("not due though what was left has waited for an Interval")
		}
		r.less(3)
		r.add(1)
		if r.due() {
			t.Error("what comes after the rest was dropped has waited no time")
		}
	})
}

// TestAFullWindowNeedsFewerRecords, and where there are not even those, less time.
func TestAFullWindowNeedsFewerRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRhythm(pipeline.WallClock{}, Transactions{Interval: 100 * time.Millisecond, MaxRecords: 1000})
		begins := func() bool {
			select {
			case <-r.full:
				return r.enough()
			default:
				return false
			}
		}
		r.add(999)
		if begins() {
			t.Error("begins though it is not full, and no window is")
		}
		r.press()
		if !begins() {
			t.Error("does not begin though a window is full")
		}
		r.took(999)
		r.press()
		if r.add(249); begins() {
			t.Error("begins with less than a quarter at once")
		}
		r.add(1)
		if !begins() {
			t.Error("does not begin with a quarter though a window is full")
		}
		r.took(250)
		r.add(500)
		if begins() {
			t.Error("a window that was full presses on after the next transaction")
		}
		r.press()
		r.took(200)
		if !r.enough() {
			t.Error("a window that is full of what a transaction left presses no more")
		}
		r.took(300)
		r.press()
		r.add(10)
		time.Sleep(19 * time.Millisecond)
		if r.due() {
			t.Error("due sooner than a fifth of the Interval after the last")
		}
		r.add(10)
		time.Sleep(time.Millisecond)
		if !r.due() {
			t.Error("not due a fifth of the Interval after the last though a window is full")
		}
	})
}
