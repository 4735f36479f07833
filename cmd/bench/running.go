package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/reservoirhq/reservoir/cmd/bench/innkeeper"
	"github.com/reservoirhq/reservoir/cmd/bench/payload"
	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/pipeline/engine"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
	"github.com/reservoirhq/reservoir/pipeline/privacy"
	"github.com/reservoirhq/reservoir/stages"
)

// bench is one case with its pipeline made, ready to run.
type bench struct {
	task
	prefix string // of its topics
	name   string // of its pipeline
	plan   *engine.Plan
	engine *engine.Engine
	admin  *kafka.Admin
	counts *prometheus.Registry
	hold   *hold  // of the segments behind the first topic, nil in most cases
	host   string // of look-ups, "" in most cases
	stop   func() error
}

const benchKey = "a key for benchmarks, never for people"

// yaml gives the configuration.
func (b *bench) yaml() string {
	plugin := fmt.Sprintf("{plugin: %s, path: %s, config: {secret: {literal: %s}}}", innkeeper.Name, hookPath, payload.Secret)
	if b.host != "" {
		plugin = fmt.Sprintf("{plugin: %s, path: %s, config: {secret: {literal: %s}, host: %q}}", innkeeper.HintName, hookPath, payload.Secret, b.host)
	}
	var outputs []string
	for _, o := range pipeline.Outputs() {
		outputs = append(outputs, fmt.Sprintf("%s: %s.%s", o, b.prefix, o))
	}
	chain := "      - " + strings.Join(b.Case.Stages, "\n      - ")
	return fmt.Sprintf("privacy: {key: {literal: %q}}\nkafka: {brokers: [%q], topics: {partitions: %d}, delivery: %s}\nsources:\n  %s: %s\npipelines:\n  %s:\n    sources: [%s]\n    stages:\n%s\n    outputs: {%s}\n",
		benchKey, strings.Join(b.Options.Brokers, `", "`), b.Case.Partitions, b.Case.delivery(), source, plugin, b.name, source,
		strings.ReplaceAll(chain, "%[1]s", b.prefix), strings.Join(outputs, ", "))
}

func (b *bench) parts() engine.Parts {
	p := engine.Parts{Stages: stages.All(), Plugins: []pipeline.ProviderSpec{innkeeper.Spec(), innkeeper.HintSpec()}}
	for i := range p.Stages {
		if b.hold != nil && p.Stages[i].Name == holdAt {
			p.Stages[i] = b.hold.spec(p.Stages[i])
		}
	}
	return p
}

// prepare makes plan, topics and engine of a case.
func (b *bench) prepare(ctx context.Context) error {
	file, faults := config.Loader{}.Parse("bench.yaml", []byte(b.yaml()))
	if err := faults.Err(); err != nil {
		return fmt.Errorf("the configuration: %w", err)
	}
	var err error
	// A run's state is of use to nobody after it; the system's own cleaning of
	// its folder for temporary files takes it away.
	if file.Kafka.Embedded.Dir, err = os.MkdirTemp("", "reservoir-bench-*"); err != nil {
		return fmt.Errorf("make a folder for the state: %w", err)
	}
	if b.plan, faults = engine.NewPlan(file, b.parts()); faults.Err() != nil {
		return fmt.Errorf("the configuration: %w", faults.Err())
	}
	if b.admin, err = kafka.NewAdmin(kafka.Config{Brokers: b.Options.Brokers, MaxRecord: maxRecord}); err != nil {
		return err
	}
	if err := makeTopics(ctx, b.admin, b.plan, b.Case.Partitions); err != nil {
		return err
	}
	tokens, err := privacy.New(config.NewSecret(benchKey))
	if err != nil {
		return err
	}
	level := slog.LevelError
	if b.Options.Verbose {
		level = slog.LevelWarn
	}
	b.engine, err = engine.New(b.plan, b.Options.Brokers, engine.Deps{
		Clock: pipeline.WallClock{}, Random: rand.Uint64, Tokens: tokens,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	}, b.counts)
	return err
}

// run starts the pipeline; b.stop ends it.
func (b *bench) run(ctx context.Context) (failed <-chan error) {
	ctx, cancel := context.WithCancel(ctx)
	ran := make(chan error, 1)
	done := make(chan struct{})
	var err error
	go func() {
		err = b.engine.Run(ctx)
		close(done)
		if ctx.Err() == nil {
			ran <- fmt.Errorf("the pipeline ended by itself: %w", err)
		}
	}()
	b.stop = func() error {
		cancel()
		b.hold.release()
		<-done
		return err
	}
	return ran
}

func newBench(t task) *bench {
	id := fmt.Sprint(time.Now().UnixNano())
	return &bench{task: t, counts: prometheus.NewRegistry(), prefix: "bench." + t.Case.file() + "." + id, name: "bench-" + id}
}
