package enrich

import (
	"context"
	"fmt"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

type stage struct {
	cfg      Config
	pipeline string
	sources  map[string]pipeline.Source
	hosts    map[string]*host // by source, for those that look up
}

var (
	_ pipeline.Stage   = (*stage)(nil)
	_ pipeline.Retrier = (*stage)(nil)
)

// New makes the stage.
func New(cfg Config, deps pipeline.StageDeps) (pipeline.Stage, error) {
	s := &stage{cfg: cfg, pipeline: deps.Pipeline, sources: deps.Sources, hosts: map[string]*host{}}
	for name, source := range deps.Sources {
		if enricher, ok := source.Provider.(pipeline.Enricher); ok {
			s.hosts[name] = newHost(name, enricher, cfg, deps.Clock, deps.Log)
		}
	}
	return s, nil
}

// Retry gives `attempts`, each within `timeout`.
func (s *stage) Retry() pipeline.RetryPolicy {
	each := s.cfg.Timeout.Std() + 10*time.Second
	return pipeline.RetryPolicy{Attempts: s.cfg.Attempts, Backoff: 500 * time.Millisecond, Budget: time.Duration(s.cfg.Attempts) * each}
}

// Process looks the booking up where the source needs it. An answer that came
// with the event, such as on a replay, is used as it is (invariant 7).
func (s *stage) Process(ctx context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
	h, looksUp := s.hosts[ev.Source]
	if !looksUp || ev.LookUp != nil {
		return []pipeline.Event{ev}, nil
	}
	answer, err := h.lookUp(ctx, ev)
	if err != nil {
		return nil, lookUpError(ctx, ev, err)
	}
	ev.LookUp = &answer
	return []pipeline.Event{ev.Attach(pipeline.Lookups, record(s.sources[ev.Source], ev))}, nil
}

// lookUpError leaves a shutdown as it is: the record will be read again.
func lookUpError(ctx context.Context, ev pipeline.Event, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("look up %s: %w", ev.Key, err)
}

// record is the answer as evidence: what a replay uses in place of the network.
func record(source pipeline.Source, ev pipeline.Event) pipeline.Record {
	key := ev.Key
	if !source.OneBooking {
		key = source.BookingID(ev.Key)
	}
	return pipeline.Record{
		Key:   []byte(key),
		Value: ev.LookUp.Body,
		Headers: []pipeline.Header{
			pipeline.Text("ce_id", ev.ID),
			pipeline.Text("source", ev.Source),
			pipeline.Text("raw", ev.Raw.String()),
			pipeline.Text("looked_up_at", ev.LookUp.At.UTC().Format(time.RFC3339Nano)),
			pipeline.Text("content-type", ev.LookUp.ContentType),
			pipeline.Text("traceparent", ev.TraceParent),
		},
	}
}
