package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// Engine runs a plan against one Kafka cluster.
type Engine struct {
	plan      *Plan
	deps      Deps
	built     []built
	kafka     kafka.Config
	maxRecord int
	publisher *kafka.Publisher // of the HTTP segment: nobody waits for company
	outputs   *kafka.Publisher // of the Kafka segments
	admin     *kafka.Admin
	health    *health
	metrics   *metrics
	scrub     *scrub
	rejects   map[string]*rejects // by source
	router    *message.Router
	waits     pipeline.Clock // that of everything which a drain need not wait for
	drain     context.CancelFunc
	readers   *readers
}

// linger is how long an output waits for others: long enough for all that one
// message leads to. Without it the first of them goes in a request of its own,
// which costs a tenth of the rate (cmd/bench); what comes while a request is out
// gathers by itself, so that longer gains nothing and is a delay in quiet hours.
const linger = 500 * time.Microsecond

// New makes an engine: its stages and plugins, but no connection yet. brokers
// are where the cluster is found; metrics are registered with to.
func New(plan *Plan, brokers []string, deps Deps, to prometheus.Registerer) (*Engine, error) {
	m, err := newMetrics(to)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	draining, drain := context.WithCancel(context.Background())
	waits := deps
	waits.Clock = drainClock{deps.Clock, draining}
	built, err := plan.build(waits)
	if err != nil {
		drain()
		return nil, err
	}
	e := &Engine{
		plan: plan, deps: deps, built: built, metrics: m, health: newHealth(m),
		maxRecord: maxRecord(built), scrub: scrubber(plan.File.Secrets()), rejects: map[string]*rejects{},
		waits: waits.Clock, drain: drain,
	}
	e.kafka = connection(plan.File.Kafka, brokers, e.maxRecord, deps)
	if e.publisher, err = kafka.NewPublisher(e.kafka); err != nil {
		return nil, fmt.Errorf("make the publisher: %w", err)
	}
	patient := e.kafka
	patient.Linger = linger
	if e.outputs, err = kafka.NewPublisher(patient); err != nil {
		return nil, errors.Join(fmt.Errorf("make the publisher of outputs: %w", err), e.publisher.Close())
	}
	if e.admin, err = kafka.NewAdmin(e.kafka); err != nil {
		return nil, errors.Join(fmt.Errorf("make the admin client: %w", err), e.publisher.Close(), e.outputs.Close())
	}
	if err := errors.Join(e.route(to), registerStages(built, to)); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// Close closes what New made. Run must have returned.
func (e *Engine) Close() error {
	e.drain()
	errs := []error{e.publisher.Close(), e.outputs.Close(), e.admin.Close()}
	for _, b := range e.built {
		errs = append(errs, b.close())
	}
	return errors.Join(errs...)
}

// maxRecord is what topics and producer take: twice the largest body, because
// a look-up's answer may travel beside it, and room for headers.
func maxRecord(all []built) int {
	largest := int64(1 << 20)
	for _, b := range all {
		if limits, ok := b.segments[0].steps[0].stage.(pipeline.Receiver); ok {
			largest = max(largest, limits.MaxBody())
		}
	}
	return int(2*largest + 256<<10)
}

func (e *Engine) chain(b built, s builtSegment, once bool) *chain {
	return &chain{
		pipeline: b.plan.Name, steps: e.metrics.measured(b, s.steps),
		retrier: retrier{clock: e.waits, once: once, trouble: e.waitOut, jitter: func() float64 { return float64(e.deps.Random()>>11) / (1 << 53) }},
	}
}

// waitOut says that something waits for the end of trouble of ours: /readyz
// is 503 meanwhile.
func (e *Engine) waitOut(err error) (over func()) {
	if e.health.waits(1) {
		e.deps.Log.Warn("local state or disk is in trouble; what needs it waits", "error", err)
	}
	return func() { e.health.waits(-1) }
}

func (e *Engine) writer(b built, s builtSegment) writer {
	return writer{pipeline: b.plan.Name, to: s.plan.To, topics: b.plan.topics, scrub: e.scrub, clock: e.deps.Clock}
}

// Health gives the handlers of /healthz and /readyz.
func (e *Engine) Health() (healthz, readyz http.HandlerFunc) {
	return e.health.healthz, e.health.readyz
}

// drainTime bounds how long what is under way may take to finish.
const drainTime = 25 * time.Second

// Run makes the topics it needs, starts every segment and returns after the
// context's end, when what was under way is finished and committed. A broker
// that is out of reach is waited for; what no waiting mends is returned, and
// ErrSpoiled, behind the same drain, where local state is broken.
func (e *Engine) Run(ctx context.Context) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	go e.health.watch(background, e.deps.Clock, e.admin.Ping)
	for _, r := range e.rejects {
		go r.run(background)
	}
	defer e.connect(ctx)()
	began := e.deps.Clock.Now()
	if err := e.prepare(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	routed := make(chan error, 1)
	// The segments outlive ctx: its end begins the drain, it does not cut it.
	go func() { routed <- e.router.Run(background) }()
	select {
	case <-e.router.Running():
		e.health.start()
		e.deps.Log.Info("running", "segments", e.segmentNames(), "prepared_in", e.deps.Clock.Now().Sub(began))
	case err := <-routed:
		return fmt.Errorf("start the segments: %w", err)
	}
	var why error
	select {
	case <-ctx.Done():
	case <-e.spoiled(background):
		why = ErrSpoiled
	case err := <-routed:
		return fmt.Errorf("the segments ended by themselves: %w", err)
	}
	e.Drain()
	return errors.Join(why, e.router.Close())
}

// Drain makes /readyz say that no more webhooks are taken, and ends every wait
// for a better time.
func (e *Engine) Drain() {
	e.health.drain()
	e.drain()
}

func (e *Engine) segmentNames() []string {
	var all []string
	for _, b := range e.built {
		for _, s := range b.segments {
			all = append(all, b.plan.Name+"."+s.plan.Name)
		}
	}
	return all
}
