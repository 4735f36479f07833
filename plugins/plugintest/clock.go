package plugintest

import (
	"context"
	"errors"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// errOffline is what a look-up meets where the suite lets none through.
var errOffline = errors.New("no network in this test")

// stoppedClock stands still (invariant 12).
type stoppedClock struct{ now time.Time }

var _ pipeline.Clock = stoppedClock{}

func (c stoppedClock) Now() time.Time { return c.now }

func (stoppedClock) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }
