package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"

	"github.com/reservoirhq/reservoir/cmd/soak/ledger"
	"github.com/reservoirhq/reservoir/cmd/soak/traffic"
)

// killBroker is a crash of a broker, which comes back.
func killBroker(ctx context.Context, s *soak, r *rand.Rand) error {
	return s.without(ctx, between(r, time.Second, 10*time.Second), "kill", 1+r.IntN(s.cluster.size()))
}

// pauseBroker lets a broker hang with its connections open.
func pauseBroker(ctx context.Context, s *soak, r *rand.Rand) error {
	return s.without(ctx, between(r, time.Second, 15*time.Second), "pause", 1+r.IntN(s.cluster.size()))
}

// loseISR takes two of three brokers away: nothing can be acknowledged, and
// nothing may be lost.
func loseISR(ctx context.Context, s *soak, r *rand.Rand) error {
	stays := r.IntN(3)
	what := []string{"kill", "pause"}[r.IntN(2)]
	return s.without(ctx, between(r, 2*time.Second, 12*time.Second), what, 1+(stays+1)%3, 1+(stays+2)%3)
}

// without takes brokers away for a time, and waits until the replicas are in
// step again.
func (s *soak) without(ctx context.Context, d time.Duration, what string, nodes ...int) error {
	s.report.say("      brokers %v: %s for %v", nodes, what, d.Round(time.Millisecond))
	s.trouble.Add(1)
	defer s.trouble.Add(-1)
	var errs []error
	for _, n := range nodes {
		errs = append(errs, s.cluster.do(what, n))
	}
	errs = append(errs, lasts(ctx, d))
	defer s.looks.doubt()()
	return errors.Join(append(errs, s.cluster.heal(), s.inStep(ctx))...)
}

// moveLeaders gives every partition another leader, some times.
func moveLeaders(ctx context.Context, s *soak, r *rand.Rand) error {
	var errs []error
	for range 1 + r.IntN(3) {
		for _, topic := range s.site.watched() {
			errs = append(errs, s.retried(ctx, func() error { return s.admin.MoveLeaders(ctx, topic) }))
		}
		errs = append(errs, lasts(ctx, between(r, 200*time.Millisecond, 2*time.Second)))
	}
	return errors.Join(append(errs, s.inStep(ctx))...)
}

// writeJunk puts on the topics what nobody can read, up to the largest record
// that they take: its dead letter is larger.
func writeJunk(ctx context.Context, s *soak, r *rand.Rand) error {
	to, err := kafka.NewPublisher(kafka.Config{Brokers: s.site.brokers, MaxRecord: maxRecord})
	if err != nil {
		return err
	}
	defer func() { _ = to.Close() }()
	topics := []string{s.site.normalised()}
	for _, source := range traffic.Names() {
		topics = append(topics, s.site.raw(source))
	}
	var junk []pipeline.Record
	for range 4 + r.IntN(8) {
		junk = append(junk, junkRecord(topics[r.IntN(len(topics))], r))
	}
	return to.Write(ctx, junk...)
}

// junkRecord makes one record: without headers, with some that are ours, with a
// null value, or very large.
func junkRecord(topic string, r *rand.Rand) pipeline.Record {
	junk := pipeline.Record{Topic: topic, Key: []byte{byte(r.IntN(256))}, Value: []byte("{no JSON"), Headers: []pipeline.Header{pipeline.Text(ledger.JunkHeader, "yes")}}
	if r.IntN(2) == 0 {
		junk.Headers = append(junk.Headers, pipeline.Text("ce_id", "junk"), pipeline.Text("source", traffic.Broom),
			pipeline.Text("plugin", traffic.Broom), pipeline.Text("received_at", "2026-06-01T00:00:00Z"))
	}
	switch r.IntN(4) {
	case 0:
		junk.Value = nil
	case 1:
		junk.Value = make([]byte, maxRecord-1024)
	case 2:
		junk.Headers = append(junk.Headers, pipeline.Text("delivery_id", "junk"), pipeline.Text("http_head", "POST / HTTP/1.1\r\n"))
	}
	return junk
}
