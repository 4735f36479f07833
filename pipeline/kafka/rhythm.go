package kafka

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// rhythm says when a transaction begins: when it would be full; when a window is,
// for nothing more of its partition is read until its records are committed; an
// Interval after the first of its records was ready; or once nothing more becomes
// ready, if that is not long before an Interval is over since the last began. What
// a transaction in front has written comes all at once; it goes on when all of it
// is ready, and does not wait for an Interval of its own.
type rhythm struct {
	clock    pipeline.Clock
	interval time.Duration
	most     int64         // records of a transaction
	ready    atomic.Int64  // records that may be taken
	first    atomic.Int64  // when the first of them was ready, in Unix nanoseconds; 0 for none
	pressed  atomic.Bool   // a window is full, mostly of what is ready
	full     chan struct{} // a transaction may be
	some     chan struct{} // something is ready

	begun  time.Time // when the last transaction began
	before int64     // ready at the look before
}

// looks are taken so often in an Interval while something is ready: the time
// between two is how long nothing more must have become ready.
const looks = 20

// worth is the part of a full transaction that one must be which begins because a
// window is full: what a transaction costs is spread over its records.
const worth = 4

func newRhythm(clock pipeline.Clock, t Transactions) *rhythm {
	return &rhythm{
		clock: clock, interval: t.Interval, most: int64(t.MaxRecords),
		full: make(chan struct{}, 1), some: make(chan struct{}, 1),
	}
}

// add counts records that may be taken.
func (r *rhythm) add(n int) {
	if n == 0 {
		return
	}
	if r.first.Load() == 0 {
		r.first.CompareAndSwap(0, r.clock.Now().UnixNano())
	}
	r.ready.Add(int64(n))
	signalTo(r.some)
	r.tell()
}

// press notes that a partition's window is full, mostly of what is ready.
func (r *rhythm) press() {
	r.pressed.Store(true)
	r.tell()
}

func (r *rhythm) tell() {
	if r.enough() {
		signalTo(r.full)
	}
}

// enough tells whether a transaction should begin at once.
func (r *rhythm) enough() bool {
	ready := r.ready.Load()
	return ready >= r.most || r.pressed.Load() && ready >= r.most/worth
}

// took notes that a transaction begins with n of them. What is left waits from
// then on, and its window may be the one that is full.
func (r *rhythm) took(n int) {
	r.begun, r.before = r.clock.Now(), 0
	pressed := r.pressed.Swap(false)
	if r.less(n) > 0 {
		r.first.Store(r.begun.UnixNano())
		r.pressed.CompareAndSwap(false, pressed)
	}
}

// less counts records that are no longer to be taken.
func (r *rhythm) less(n int) int64 {
	left := r.ready.Add(int64(-n))
	if left == 0 {
		r.first.Store(0)
	}
	return left
}

// due is asked at each look.
func (r *rhythm) due() bool {
	ready, now := r.ready.Load(), r.clock.Now()
	settled := ready == r.before
	r.before = ready
	if ready == 0 {
		return true // where a partition begins may be to be told
	}
	since := now.Sub(r.begun)
	if settled && since >= r.interval*4/5 || r.pressed.Load() && since >= r.interval/5 {
		return true
	}
	r.first.CompareAndSwap(0, now.UnixNano()) // became ready while less emptied it
	return now.UnixNano()-r.first.Load() >= int64(r.interval)
}

// beat calls look until ctx ends: often while something is ready, and once in an
// Interval while nothing is.
func (r *rhythm) beat(ctx context.Context, look func()) {
	for ctx.Err() == nil {
		look()
		if r.ready.Load() > 0 {
			_ = r.clock.Sleep(ctx, r.interval/looks)
			continue
		}
		r.await(ctx)
	}
}

func (r *rhythm) await(ctx context.Context) {
	expired, stop := after(r.clock, r.interval)
	defer stop()
	select {
	case <-r.some:
	case <-expired:
	case <-ctx.Done():
	}
}
