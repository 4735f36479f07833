package plugintest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// errOffline is what a look-up meets where the suite lets none through.
var errOffline = errors.New("no network in this test")

// stoppedClock stands still until it is set (invariant 12).
type stoppedClock struct {
	mu  sync.Mutex
	now time.Time
}

var _ pipeline.Clock = (*stoppedClock)(nil)

func (c *stoppedClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *stoppedClock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

func (*stoppedClock) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }
