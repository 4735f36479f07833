package kafka

import (
	"log/slog"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// laps tell an operator where the time of a start went: how long each step took,
// and all of them together.
type laps struct {
	clock       pipeline.Clock
	began, last time.Time
	steps       []any // for slog: name, duration
}

func newLaps(clock pipeline.Clock) *laps {
	now := clock.Now()
	return &laps{clock: clock, began: now, last: now}
}

// lap ends a step.
func (l *laps) lap(name string) {
	now := l.clock.Now()
	l.steps = append(l.steps, slog.Duration(name, now.Sub(l.last)))
	l.last = now
}

// after is the time since the beginning.
func (l *laps) after() slog.Attr { return slog.Duration("after", l.clock.Now().Sub(l.began)) }
