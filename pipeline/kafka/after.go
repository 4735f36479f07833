package kafka

import (
	"context"
	"log/slog"
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

// repeated logs an error once as long as it stays the same: an outage is one
// line, not one for every try.
type repeated struct{ last string }

func (r *repeated) warn(log *slog.Logger, what string, err error) {
	if err == nil || err.Error() == r.last {
		return
	}
	r.last = err.Error()
	log.Warn(what, "error", err) //nolint:sloglint // every caller gives a constant
}
