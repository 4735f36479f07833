package enrich

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"

	"github.com/reservoirhq/reservoir/pipeline"
)

// host is the other side of one source's look-ups: how many may run, how many
// an hour may see, and whether it is down for everybody.
type host struct {
	source   string
	enricher pipeline.Enricher
	timeout  time.Duration
	slots    chan struct{}
	limit    *rate.Limiter
	breaker  *gobreaker.CircuitBreaker[pipeline.LookUp]
	clock    pipeline.Clock

	waiting atomic.Int64 // 1 while the host is down for everybody
	last    atomic.Value // the text of the last outage
}

func (h *host) why() string {
	text, _ := h.last.Load().(string)
	return text
}

const (
	// down is how many outages in a row, of whichever bookings, mean that the
	// host is down for everybody. It is below every sensible number of
	// attempts, so that an outage spends no booking's last one.
	down = 3
	// pause is how long a host that is down is left alone; then one look-up
	// tries again.
	pause = 2 * time.Second
)

func newHost(source string, enricher pipeline.Enricher, cfg Config, clock pipeline.Clock, log *slog.Logger) *host {
	h := &host{
		source:   source,
		enricher: enricher,
		timeout:  cfg.Timeout.Std(),
		slots:    make(chan struct{}, cfg.MaxInFlight),
		limit:    hourly(cfg.PerHour),
		clock:    clock,
	}
	h.breaker = gobreaker.NewCircuitBreaker[pipeline.LookUp](gobreaker.Settings{
		Name:        source,
		MaxRequests: 1,
		Timeout:     pause,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= down },
		// Only an outage speaks of the host; every other error is an answer.
		IsSuccessful: func(err error) bool { _, outage := pipeline.AsOutage(err); return !outage },
		// A shutdown or a rebalance says nothing of the host.
		IsExcluded:    func(err error) bool { return errors.Is(err, context.Canceled) },
		OnStateChange: func(_ string, from, to gobreaker.State) { h.changed(from, to, log) },
	})
	return h
}

// changed says once that a host is down and once that it answers again, not
// that it is tried in between.
func (h *host) changed(from, to gobreaker.State, log *slog.Logger) {
	switch {
	case from == gobreaker.StateClosed && to == gobreaker.StateOpen:
		h.waiting.Store(1)
		log.Warn("the look-up host is down; its source waits", "source", h.source, "error", h.why())
	case to == gobreaker.StateClosed:
		h.waiting.Store(0)
		log.Info("the look-up host answers again", "source", h.source)
	}
}

// hourly never lets more than n through in any hour, wherever it begins: half
// at once, half spread over the hour.
func hourly(n int) *rate.Limiter {
	if n == 0 {
		return rate.NewLimiter(rate.Inf, 0)
	}
	burst := max(1, n/2)
	return rate.NewLimiter(rate.Limit(float64(max(1, n-burst))/time.Hour.Seconds()), burst)
}

// lookUp asks once. While the host is down for everybody it waits without
// spending an attempt; an outage that meets this booking alone is returned.
func (h *host) lookUp(ctx context.Context, ev pipeline.Event) (pipeline.LookUp, error) {
	for {
		answer, err := h.breaker.Execute(func() (pipeline.LookUp, error) { return h.ask(ctx, ev) })
		if err == nil || !h.isDown(err) {
			return answer, err
		}
		if err = h.clock.Sleep(ctx, wait(err)); err != nil {
			return pipeline.LookUp{}, err
		}
	}
}

// isDown tells an outage of everybody from one booking's bad luck: the breaker
// closes as soon as any booking gets an answer.
func (h *host) isDown(err error) bool {
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return true
	}
	_, outage := pipeline.AsOutage(err)
	return outage && h.breaker.State() != gobreaker.StateClosed
}

func wait(err error) time.Duration {
	if outage, ok := pipeline.AsOutage(err); ok && outage.RetryAfter > 0 {
		return min(outage.RetryAfter, time.Hour)
	}
	return pause
}

// ask holds a slot and the hourly share while the provider is asked.
func (h *host) ask(ctx context.Context, ev pipeline.Event) (pipeline.LookUp, error) {
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return pipeline.LookUp{}, ctx.Err()
	case <-pipeline.Leaving(ctx).Done():
		return pipeline.LookUp{}, fmt.Errorf("its partition is let go: %w", context.Canceled)
	}
	defer func() { <-h.slots }()
	if err := h.share(ctx); err != nil {
		return pipeline.LookUp{}, err
	}
	bounded, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	answer, err := h.enricher.LookUp(bounded, ev)
	if outage, down := pipeline.AsOutage(err); down {
		h.last.Store(outage.Error())
	}
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		// A host that lets everybody wait is as good as down.
		h.last.Store(fmt.Sprintf("no answer within %s", h.timeout))
		return pipeline.LookUp{}, pipeline.Outage(errors.New(h.why()), 0)
	}
	return answer, err
}

// share waits for this hour's share to have room.
func (h *host) share(ctx context.Context) error {
	now := h.clock.Now()
	turn := h.limit.ReserveN(now, 1)
	if err := h.clock.Sleep(ctx, turn.DelayFrom(now)); err != nil {
		turn.CancelAt(now)
		return err
	}
	return nil
}
