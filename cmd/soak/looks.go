package main

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reservoirhq/reservoir/cmd/soak/ledger"
	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// lookEvery is the time from one look to the next, and lookTime how long one may
// take.
const (
	lookEvery = 2 * time.Second
	lookTime  = 20 * time.Second
)

// looks asks again and again what the groups have committed and how far the
// outputs are, also while harm is done. It has connections of its own: a look
// that waits for a broker holds up no fault.
type looks struct {
	at    func(context.Context) (ledger.Sample, error)
	end   func() error
	clock pipeline.Clock
	// doubts is odd while a broker that stood still comes back. Until it knows
	// that it leads no more, it answers with ends of long ago.
	doubts atomic.Int64

	mu     sync.Mutex
	all    []ledger.Sample
	failed int
}

func newLooks(s site) (*looks, error) {
	admin, err := kafka.NewAdmin(kafka.Config{Brokers: s.brokers})
	if err != nil {
		return nil, err
	}
	cfg := s.ledger()
	return &looks{
		at:  func(ctx context.Context) (ledger.Sample, error) { return ledger.Look(ctx, cfg, admin) },
		end: admin.Close, clock: pipeline.WallClock{},
	}, nil
}

// run looks until ctx ends. A cluster in trouble gives no answer; that is
// counted.
func (l *looks) run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := l.take(ctx); err != nil && ctx.Err() == nil {
			l.mu.Lock()
			l.failed++
			l.mu.Unlock()
		}
		_ = l.clock.Sleep(ctx, lookEvery)
	}
}

var errDoubt = errors.New("a broker may have answered that leads no more")

// take looks once. One look ends before another begins, so that they stand in
// their order.
func (l *looks) take(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	before := l.doubts.Load()
	sample, err := l.at(ctx)
	if err != nil {
		return err
	}
	if before%2 != 0 || before != l.doubts.Load() {
		return errDoubt
	}
	l.all = append(l.all, sample)
	return nil
}

// doubt begins a time in which no look counts; what it gives ends it.
func (l *looks) doubt() (end func()) {
	l.doubts.Add(1)
	return func() { l.doubts.Add(1) }
}

// taken gives the looks, and tells how many failed beside them.
func (l *looks) taken() (all []ledger.Sample, failed int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]ledger.Sample(nil), l.all...), l.failed
}
