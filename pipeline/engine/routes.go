package engine

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// route makes a Watermill route of every Kafka segment.
func (e *Engine) route(to prometheus.Registerer) error {
	longest := kafka.SubscriberConfig{DrainTimeout: drainTime, Transactions: e.transactions("")}.CloseTime()
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: longest}, routerLog(e.deps.Log))
	if err != nil {
		return fmt.Errorf("make the router: %w", err)
	}
	e.router, e.readers = router, newReaders()
	for _, b := range e.built {
		for _, s := range b.segments[1:] {
			if err := e.addRoute(b, s); err != nil {
				return err
			}
		}
	}
	if err := to.Register(e.readers); err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	return nil
}

func (e *Engine) addRoute(b built, s builtSegment) error {
	keeper := e.keeper(b, s)
	name := group(b.plan.Name, s.plan.Name)
	segment := &segment{
		name: s.plan.Name, chain: e.chain(b, s, false), writer: e.writer(b, s), sources: b.sources, clock: e.waits,
		metrics: e.metrics, inFlight: e.metrics.inFlight.WithLabelValues(name), parks: s.plan.parks, adopts: b.adopter(s),
		committer: e.committer(name),
	}
	segment.passed = e.metrics.passed(segment)
	subscriber, err := kafka.NewSubscriber(e.kafka, kafka.SubscriberConfig{
		Group: name, OnAssigned: keeper.assigned, OnRevoked: keeper.revoked, DrainTimeout: drainTime,
		Transactions: e.transactions(name), WindowRecords: e.window(), Batch: e.batches(b, s), Prepare: e.prepares(b, s, segment),
	})
	if err != nil {
		return fmt.Errorf("make the subscriber of %s: %w", name, err)
	}
	e.readers.bySegment[name] = subscriber
	e.router.AddConsumerHandler(name, strings.Join(s.plan.In, ","), subscriber, segment.handle)
	return nil
}

// batch is how many records of a topic one message stands for, at the most:
// what does not wait for anything but its outputs goes together. A record whose
// stages may wait goes alone, such as a parked one, which waits for its time; one that is
// looked up goes together with others that are.
const batch = 128

func (e *Engine) batches(b built, s builtSegment) func(topic string) int {
	alone := map[string]bool{b.plan.Output(pipeline.Retry): true}
	if !looksUpFirst(s) {
		maps.Copy(alone, e.lookedUp(b, s))
	}
	return func(topic string) int {
		if alone[topic] {
			return 1
		}
		return batch
	}
}

// prepares gives what is done with the records of a topic before they go
// together: their look-ups.
func (e *Engine) prepares(b built, s builtSegment, by *segment) func(topic string) func(context.Context, *pipeline.Record) (any, error) {
	lookedUp := e.lookedUp(b, s)
	return func(topic string) func(context.Context, *pipeline.Record) (any, error) {
		if lookedUp[topic] && looksUpFirst(s) {
			return by.prepare
		}
		return nil
	}
}

// looksUpFirst tells whether look-ups can be made before anything else is.
func looksUpFirst(s builtSegment) bool { return s.plan.Stages[0] == enricher }

// lookedUp gives the topics whose records a segment looks up.
func (e *Engine) lookedUp(b built, s builtSegment) map[string]bool {
	all := map[string]bool{}
	if !slices.Contains(s.plan.Stages, enricher) {
		return all
	}
	for _, name := range b.plan.Sources {
		if e.plan.sources[name].spec.Enriches {
			all[forSource(b.before(s), name)] = true
		}
	}
	return all
}

// before gives the topic line in front of a segment.
func (b built) before(s builtSegment) string {
	for i := 1; i < len(b.segments); i++ {
		if b.segments[i].plan.Name == s.plan.Name {
			return b.segments[i-1].plan.To
		}
	}
	return ""
}

// window bounds the records of a partition that are under way at once: what its
// messages hold and as much waiting behind them. Under transactions a handler
// ends long before its record's commit, and many more records wait: the
// subscriber's own default.
func (e *Engine) window() int {
	if e.plan.File.Kafka.Delivery == config.ExactlyOnce {
		return 0
	}
	return 4 * batch
}

func (e *Engine) committer(segment string) committer {
	if e.plan.File.Kafka.Delivery == config.ExactlyOnce {
		return exactlyOnce{}
	}
	return &atLeastOnce{to: e.outputs, clock: e.deps.Clock, health: e.health, log: e.deps.Log.With("segment", segment)}
}

// transactions gives how a segment's member commits, nil for at least once. A
// member with a name of its own ends what it left open when it comes back.
func (e *Engine) transactions(segment string) *kafka.Transactions {
	if e.plan.File.Kafka.Delivery != config.ExactlyOnce {
		return nil
	}
	member := e.plan.File.Kafka.InstanceID
	if member == "" {
		member = strconv.FormatUint(e.deps.Random(), 36)
	}
	return &kafka.Transactions{ID: segment + "-" + member}
}

// adopter lets the first segment that parks try what an earlier layout parked.
func (b built) adopter(s builtSegment) func(string) bool {
	var parking []string
	for _, other := range b.segments {
		if other.plan.parks {
			parking = append(parking, other.plan.Name)
		}
	}
	first := len(parking) > 0 && parking[0] == s.plan.Name
	return func(segment string) bool { return first && !slices.Contains(parking, segment) }
}

func (e *Engine) keeper(b built, s builtSegment) *keeper {
	k := &keeper{
		current: b.plan.Output(pipeline.Current), retry: b.plan.Output(pipeline.Retry), admin: e.admin,
		to: e.outputs, clock: e.deps.Clock, metrics: e.metrics, log: e.deps.Log,
	}
	for _, step := range s.steps {
		if stage, ok := step.stage.(pipeline.Partitioned); ok {
			k.stages = append(k.stages, stage)
		}
	}
	return k
}

// routerLog lets Watermill's router say what is wrong, not that it works: that
// is what metrics are for.
func routerLog(log *slog.Logger) watermill.LoggerAdapter {
	return watermill.NewSlogLoggerWithLevelMapping(log, map[slog.Level]slog.Level{slog.LevelInfo: slog.LevelDebug})
}
