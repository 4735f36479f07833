package pipeline

import (
	"context"
	"time"
)

// WallClock is the machine's clock.
type WallClock struct{}

var _ Clock = WallClock{}

// Now gives the time in UTC.
func (WallClock) Now() time.Time { return time.Now().UTC() }

// Sleep waits for d or for the context.
func (WallClock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
