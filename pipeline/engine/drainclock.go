package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// drainClock is the clock of everything that can as well be done after a
// restart, or by another member: what sleeps by it (a parked record, a source
// whose host is down, the pause before a retry) is told at once when the drain
// begins or its partition is let go, and its record is left for whoever reads it
// next.
type drainClock struct {
	pipeline.Clock
	draining context.Context
}

// Sleep gives an error that wraps context.Canceled when the drain begins, or
// [pipeline.Leaving] says so. What need not wait is not kept from being done.
func (c drainClock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return c.Clock.Sleep(ctx, d)
	}
	bounded, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.draining, cancel)()
	defer context.AfterFunc(pipeline.Leaving(ctx), cancel)()
	err := c.Clock.Sleep(bounded, d)
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("draining: %w", context.Canceled)
	}
	return err
}
