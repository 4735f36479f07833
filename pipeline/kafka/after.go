package kafka

import (
	"context"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// after gives a channel that closes when d is over on the clock. stop frees
// what waits for it.
func after(clock pipeline.Clock, d time.Duration) (over <-chan struct{}, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ch := make(chan struct{})
	go func() {
		if clock.Sleep(ctx, d) == nil {
			close(ch)
		}
	}()
	return ch, cancel
}
