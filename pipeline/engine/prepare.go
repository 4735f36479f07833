package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// prepare waits for the broker, makes the topics, and refuses what would lose
// or mix up bookings.
func (e *Engine) prepare(ctx context.Context) error {
	backoff := 200 * time.Millisecond
	for said := false; ; said = true {
		err := e.topicsReady(ctx)
		if err == nil || !kafka.IsUnreachable(err) {
			return err
		}
		if !said {
			e.deps.Log.Warn("waiting for the broker; webhooks are answered 503", "error", err)
		}
		if err := e.deps.Clock.Sleep(ctx, backoff); err != nil {
			return nil // told to stop before the broker came
		}
		backoff = min(2*backoff, 5*time.Second)
	}
}

func (e *Engine) topicsReady(ctx context.Context) error {
	report, err := e.admin.EnsureTopics(ctx, e.plan.specs(e.maxRecord), e.plan.File.Kafka.Topics.Create)
	if err != nil {
		return err
	}
	for _, w := range report.Warnings {
		e.deps.Log.Warn("topic", "problem", w)
	}
	e.metrics.unsafeTopics.Set(float64(report.Unsafe))
	if err := agree(report.Partitions, e.plan.mustAgree()); err != nil {
		return err
	}
	return e.plan.leftovers(ctx, e.admin)
}

// agree refuses partition counts under which dedupe would not own its state.
func agree(counts map[string]int, groups [][]string) error {
	for _, group := range groups {
		for _, topic := range group[1:] {
			if counts[topic] != counts[group[0]] {
				return fmt.Errorf("%s has %d partitions and %s has %d: they must have equally many, because a booking's state follows its partition; make the new one of them again with the other's number",
					topic, counts[topic], group[0], counts[group[0]])
			}
		}
	}
	return nil
}

// connection gives the configuration of every Kafka client.
func connection(cfg config.Kafka, brokers []string, maxRecord int, deps Deps) kafka.Config {
	c := kafka.Config{
		Brokers: brokers, ClientID: cfg.ClientID, InstanceID: cfg.InstanceID, MaxRecord: maxRecord, Log: deps.Log,
	}
	if cfg.SASL != nil {
		c.SASL = &kafka.SASL{Mechanism: strings.ToUpper(cfg.SASL.Mechanism), User: cfg.SASL.Username, Password: cfg.SASL.Password}
	}
	if cfg.TLS != nil {
		c.TLS = &kafka.TLS{CA: string(cfg.TLS.CA), Cert: string(cfg.TLS.Cert), Key: cfg.TLS.Key, ServerName: cfg.TLS.ServerName}
	}
	return c
}
