package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/cmd/soak/ledger"
	"github.com/reservoirhq/reservoir/pipeline"
)

func TestALookCountsOnlyWhereNoBrokerWasComingBack(t *testing.T) {
	l := &looks{at: func(context.Context) (ledger.Sample, error) { return ledger.Sample{}, nil }}
	take := func(when string, want error) {
		t.Helper()
		if err := l.take(t.Context()); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", when, err, want)
		}
	}
	take("before", nil)
	end := l.doubt()
	take("meanwhile", errDoubt)
	end()
	take("afterwards", nil)
	l.at = func(context.Context) (ledger.Sample, error) { l.doubt()(); return ledger.Sample{}, nil }
	take("around it", errDoubt)
	gone := errors.New("no broker")
	l.at = func(context.Context) (ledger.Sample, error) { return ledger.Sample{}, gone }
	take("without a broker", gone)
	if all, _ := l.taken(); len(all) != 2 {
		t.Errorf("%d looks count, want 2", len(all))
	}
}

func TestLooksGoOnAndCountWhatFailed(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	n := 0
	l := &looks{clock: atOnce{}, at: func(context.Context) (ledger.Sample, error) {
		if n++; n == 2 {
			stop()
		}
		return ledger.Sample{}, errors.New("no broker")
	}}
	l.run(ctx)
	if all, failed := l.taken(); len(all) != 0 || failed != 1 {
		t.Errorf("%d looks and %d that failed, want none and 1: the last one was cut off", len(all), failed)
	}
}

// atOnce is a clock that nobody waits for.
type atOnce struct{ pipeline.WallClock }

func (atOnce) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }
