package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
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
		var refused *RefusedError
		if err == nil || errors.As(err, &refused) {
			return err
		}
		if !said {
			e.deps.Log.Warn("waiting for the broker; webhooks are answered 503", "error", err)
		}
		if e.deps.Clock.Sleep(ctx, backoff) != nil {
			return nil // told to stop before the broker came
		}
		backoff = min(2*backoff, 5*time.Second)
	}
}

// connect begins, beside what prepare does, what needs no topic: a start is a
// chain of questions to the brokers, and every partition of this member waits for
// its end. Above all it ends the transactions that a former life left open, for
// which the other members wait too. What fails here is done, and told, where it
// is needed.
func (e *Engine) connect(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	for _, reader := range e.readers.bySegment {
		all.Go(func() { _ = reader.Recover(ctx) })
	}
	for _, p := range []*kafka.Publisher{e.publisher, e.outputs} {
		all.Go(func() { _ = p.Connect(ctx) })
	}
	return func() {
		cancel()
		all.Wait()
	}
}

// RefusedError is why Run does not start: no waiting mends it.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *RefusedError) Unwrap() error { return e.Err }

func (e *Engine) topicsReady(ctx context.Context) error {
	// Neither waits for the other: partitions stand still until both are done.
	left := make(chan error, 1)
	go func() { left <- e.plan.leftovers(ctx, e.admin) }()
	reports, err := e.ensure(ctx)
	unread := <-left
	if kafka.IsRefused(err) {
		return &RefusedError{err}
	}
	if err != nil {
		return err
	}
	if err = e.judge(reports); err != nil {
		return &RefusedError{err}
	}
	if _, ok := errors.AsType[*LayoutError](unread); ok || kafka.IsRefused(unread) {
		return &RefusedError{unread}
	}
	return unread
}

// ensure makes the topics, or, where it may not, only looks at them.
func (e *Engine) ensure(ctx context.Context) ([]kafka.TopicReport, error) {
	specs := e.plan.specs(e.maxRecord)
	if e.plan.File.Kafka.Topics.Create {
		return e.admin.EnsureTopics(ctx, specs)
	}
	var missing []string
	for _, s := range specs {
		_, err := e.admin.Partitions(ctx, s.Name)
		if errors.Is(err, kafka.ErrNoTopic) {
			missing = append(missing, s.Name)
		} else if err != nil {
			return nil, err
		}
	}
	if len(missing) > 0 {
		return nil, &RefusedError{fmt.Errorf("these topics are missing and kafka.topics.create is false: %s; make them, `reservoir topics` says how", strings.Join(missing, ", "))}
	}
	return e.admin.EnsureTopics(ctx, specs)
}

// judge warns of what is weak and refuses what is wrong in the topics as they
// are.
func (e *Engine) judge(reports []kafka.TopicReport) error {
	counts := map[string]int32{}
	weak := 0
	for _, r := range reports {
		counts[r.Name] = r.Partitions
		if r.Replicas < 2 || r.Replicas >= 3 && r.MinInSync == 1 {
			weak++ // invariant 1: one broker's loss can take these records
		}
		for _, m := range r.Mismatches {
			if m.Setting == "max.message.bytes" {
				return fmt.Errorf("topic %s: %s: a webhook of the largest allowed size would not fit; raise the topic's setting or lower max_body", r.Name, m)
			}
			if m.Setting != "partitions" { // those that must agree are refused below
				e.deps.Log.Warn("topic is set otherwise", "topic", r.Name, "setting", m.Setting, "is", m.Have, "wanted", m.Want)
			}
		}
	}
	e.metrics.unsafeTopics.Set(float64(weak))
	if weak > 0 && !e.plan.File.Kafka.IsEmbedded() {
		e.deps.Log.Warn("topics keep one copy, or call a record safe with one: what was answered 200 can be lost with a broker; give them three replicas and min.insync.replicas=2", "topics", weak)
	}
	return agree(counts, e.plan.mustAgree())
}

// agree refuses partition counts under which dedupe would not own its state.
func agree(counts map[string]int32, groups [][]string) error {
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
		Brokers: brokers, ClientID: cfg.ClientID, InstanceID: cfg.InstanceID, MaxRecord: maxRecord, Compression: cfg.Compression, Log: deps.Log,
	}
	if cfg.SASL != nil {
		c.SASL = &kafka.SASL{Mechanism: strings.ToLower(cfg.SASL.Mechanism), User: cfg.SASL.Username, Password: cfg.SASL.Password}
	}
	if cfg.TLS != nil {
		c.TLS = &kafka.TLS{CA: string(cfg.TLS.CA), Cert: string(cfg.TLS.Cert), Key: cfg.TLS.Key, ServerName: cfg.TLS.ServerName}
	}
	return c
}
