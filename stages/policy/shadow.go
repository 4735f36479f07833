package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/reservoirhq/reservoir/pipeline"
)

// shadow is a second policy that is asked about what comes by and decides
// nothing: what it would have decided beside the live one is counted. A
// difference is looked into on the records, which a metric must not hold
// (invariant 10).
type shadow struct {
	engine   *Engine
	compared *prometheus.CounterVec
}

func newShadow(c Config, deps pipeline.StageDeps) (*shadow, error) {
	if c.Shadow == nil {
		return nil, nil
	}
	engine, err := engineOf(c.Shadow.Bundle, c, deps)
	if err != nil {
		return nil, fmt.Errorf("shadow: %w", err)
	}
	return &shadow{engine: engine, compared: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name:        "reservoir_policy_shadow_total",
		Help:        "Events by what the live policy decided, what the shadow would have (none: not judged), and whether both give the same refund.",
		ConstLabels: prometheus.Labels{"pipeline": deps.Pipeline},
	}, []string{"live", "shadow", "refund"})}, nil
}

// unjudged stands for a policy that does not judge the event's type.
const unjudged = "none"

// compare asks the shadow about an event that the live policy decided on as
// live says; nil is not judged. Nothing of the shadow's can fail the event but
// the end of its claim.
func (s *shadow) compare(ctx context.Context, ev pipeline.Event, live *Decision) error {
	would, err := s.ask(ctx, ev)
	if err != nil || live == nil && would == nil {
		return err
	}
	refund := "same"
	if minor(live) != minor(would) {
		refund = "differs"
	}
	s.compared.WithLabelValues(word(live), word(would), refund).Inc()
	return nil
}

func (s *shadow) ask(ctx context.Context, ev pipeline.Event) (*Decision, error) {
	if !slices.Contains(s.engine.judges, ev.Booking.Type) {
		return nil, nil
	}
	d, err := s.engine.Decide(ctx, ev)
	if errors.Is(err, context.Canceled) {
		return nil, err
	}
	if err != nil {
		return nil, nil //nolint:nilerr // what keeps the shadow from deciding is no fault of the event
	}
	return &d, nil
}

func word(d *Decision) string {
	if d == nil {
		return unjudged
	}
	return string(d.Decision)
}

func minor(d *Decision) int64 {
	if d == nil || d.RefundMinor == nil {
		return 0
	}
	return *d.RefundMinor
}

// Collectors gives the metric of the shadow, where there is one.
func (s *stage) Collectors() []prometheus.Collector {
	if s.shadow == nil {
		return nil
	}
	return []prometheus.Collector{s.shadow.compared}
}
