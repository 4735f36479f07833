package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// Engine runs a plan against one Kafka cluster.
type Engine struct {
	plan      *Plan
	deps      Deps
	built     []built
	kafka     kafka.Config
	maxRecord int
	publisher *kafka.Publisher
	admin     *kafka.Admin
	health    *health
	metrics   *metrics
	scrub     *strings.Replacer
	rejects   map[string]*rejects // by source
	router    *message.Router
	workers   *workers
	waits     pipeline.Clock // that of everything which a drain need not wait for
	drain     context.CancelFunc
	readers   *readers
}

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
		maxRecord: maxRecord(built), scrub: scrubber(plan.File.Secrets()), rejects: map[string]*rejects{}, workers: newWorkers(),
		waits: waits.Clock, drain: drain,
	}
	e.kafka = connection(plan.File.Kafka, brokers, e.maxRecord, deps)
	if e.publisher, err = kafka.NewPublisher(e.kafka); err != nil {
		return nil, fmt.Errorf("make the publisher: %w", err)
	}
	if e.admin, err = kafka.NewAdmin(e.kafka); err != nil {
		return nil, errors.Join(fmt.Errorf("make the admin client: %w", err), e.publisher.Close())
	}
	if err := errors.Join(e.route(to), registerStages(built, to)); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// Close closes what New made. Run must have returned.
func (e *Engine) Close() error {
	e.drain()
	e.workers.close()
	errs := []error{e.publisher.Close(), e.admin.Close()}
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
		if limits, ok := b.segments[0].steps[0].stage.(pipeline.Bounded); ok {
			largest = max(largest, limits.MaxBody())
		}
	}
	return int(2*largest + 256<<10)
}

// Webhooks gives the handler of every source's webhooks.
func (e *Engine) Webhooks() (http.Handler, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		problem{status: http.StatusNotFound, detail: "no source has this path"}.write(w)
	})
	slots := map[pipeline.Receiver]chan struct{}{}
	for _, b := range e.built {
		for _, name := range b.plan.Sources {
			h, err := e.web(b, b.sources[name], slots)
			if err != nil {
				return nil, err
			}
			mux.Handle(b.sources[name].Path, h)
		}
	}
	return mux, nil
}

func (e *Engine) web(b built, source pipeline.Source, slots map[pipeline.Receiver]chan struct{}) (*web, error) {
	first := b.segments[0]
	receiver, ok := first.steps[0].stage.(pipeline.Receiver)
	if !ok {
		return nil, fmt.Errorf("the pipeline %s begins with %s, which takes no webhooks", b.plan.Name, first.steps[0].name)
	}
	if slots[receiver] == nil {
		limit := 1024
		if bounded, ok := receiver.(pipeline.Bounded); ok {
			limit = bounded.MaxInFlight()
		}
		slots[receiver] = make(chan struct{}, limit)
	}
	e.rejects[source.Name] = newRejects(e.publisher, e.deps.Clock)
	return &web{
		source: source, receiver: receiver, chain: e.chain(b, first, true), writer: e.writer(b, first),
		log: e.publisher, rejects: e.rejects[source.Name], limit: limiter(e.plan.sources[source.Name].config.RateLimit),
		slots: slots[receiver], health: e.health, metrics: e.metrics, clock: e.deps.Clock, random: e.deps.Random, logger: e.deps.Log,
	}, nil
}

func limiter(cfg *config.RateLimit) *rate.Limiter {
	if cfg == nil {
		return nil
	}
	burst := cfg.Burst
	if burst == 0 {
		burst = max(1, int(cfg.PerSecond))
	}
	return rate.NewLimiter(rate.Limit(cfg.PerSecond), burst)
}

func (e *Engine) chain(b built, s builtSegment, once bool) *chain {
	return &chain{
		pipeline: b.plan.Name, steps: s.steps, metrics: e.metrics,
		retrier: retrier{clock: e.waits, once: once, jitter: func() float64 { return float64(e.deps.Random()>>11) / (1 << 53) }},
	}
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
// that is out of reach is waited for; what no waiting mends is returned.
func (e *Engine) Run(ctx context.Context) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	go e.health.watch(background, e.deps.Clock, e.admin.Ping)
	for _, r := range e.rejects {
		go r.run(background)
	}
	if err := e.prepare(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	routed := make(chan error, 1)
	// The segments outlive ctx: its end begins the drain, it does not cut it.
	go func() { routed <- e.router.Run(background) }()
	select {
	case <-e.router.Running():
		e.health.start()
		e.deps.Log.Info("running", "segments", e.segmentNames())
	case err := <-routed:
		return fmt.Errorf("start the segments: %w", err)
	}
	select {
	case <-ctx.Done():
	case err := <-routed:
		return fmt.Errorf("the segments ended by themselves: %w", err)
	}
	e.Drain()
	return e.router.Close()
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

// route makes a Watermill route of every Kafka segment.
func (e *Engine) route(to prometheus.Registerer) error {
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: drainTime + 5*time.Second}, routerLog(e.deps.Log))
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
	subscriber, err := kafka.NewSubscriber(e.kafka, kafka.SubscriberConfig{
		Group: name, OnAssigned: keeper.assigned, OnRevoked: keeper.revoked, DrainTimeout: drainTime,
		Transactions: e.transactions(name), WindowRecords: e.window(),
	})
	if err != nil {
		return fmt.Errorf("make the subscriber of %s: %w", name, err)
	}
	e.readers.bySegment[name] = subscriber
	segment := &segment{
		name: s.plan.Name, chain: e.chain(b, s, false), writer: e.writer(b, s), sources: b.sources, clock: e.waits,
		metrics: e.metrics, inFlight: e.metrics.inFlight.WithLabelValues(name), parks: s.plan.parks, adopts: b.adopter(s),
		committer: e.committer(name),
	}
	e.router.AddConsumerHandler(name, strings.Join(s.plan.In, ","), subscriber, func(msg *message.Message) error {
		return e.workers.do(func() error { return segment.handle(msg) })
	})
	return nil
}

// window bounds the records of a partition that are under way at once, each of
// which has a handler. 128 hide the round trips of eight partitions at several
// times the rate one machine reaches (measured: no more throughput with 512, and
// a fifth more memory). Under transactions a handler ends long before its
// record's commit, and many more records wait: the subscriber's own default.
func (e *Engine) window() int {
	if e.plan.File.Kafka.Delivery == config.ExactlyOnce {
		return 0
	}
	return 128
}

func (e *Engine) committer(segment string) committer {
	if e.plan.File.Kafka.Delivery == config.ExactlyOnce {
		return exactlyOnce{}
	}
	return &atLeastOnce{to: e.publisher, clock: e.deps.Clock, health: e.health, log: e.deps.Log.With("segment", segment)}
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
		to: e.publisher, clock: e.deps.Clock, metrics: e.metrics, log: e.deps.Log,
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
