package pipelinetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/pipeline/engine"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
	"github.com/reservoirhq/reservoir/pipeline/privacy"
)

// Options are what a test may hand in; the zero value is an ordinary pipeline.
type Options struct {
	Parts     engine.Parts
	Brokers   []string          // default: Broker(t)
	Env       map[string]string // the configuration's environment
	Clock     pipeline.Clock    // default: the machine's
	Transport http.RoundTripper // carries look-ups
	Log       *slog.Logger      // default: none
}

// Pipeline is a running pipeline.
type Pipeline struct {
	URL      string // of the webhook server
	Admin    string // of the admin server
	Brokers  []string
	Registry *prometheus.Registry
	Plan     *engine.Plan

	t     testing.TB
	clock pipeline.Clock
	admin *kafka.Admin
	stop  func() error
}

// patience bounds every wait; a test that is right never comes near it.
const patience = 60 * time.Second

// Start runs the configuration and returns when it is ready. It is stopped,
// with a drain, at the end of the test.
func Start(t testing.TB, yaml string, o Options) *Pipeline {
	t.Helper()
	if o.Brokers == nil {
		o.Brokers = Broker(t)
	}
	plan := Plan(t, yaml, o)
	tokens, err := privacy.New(config.NewSecret("a key for tests, never for people"))
	if err != nil {
		t.Fatal(err)
	}
	d := deps(o, tokens)
	p := &Pipeline{Brokers: o.Brokers, Registry: prometheus.NewRegistry(), Plan: plan, t: t, clock: d.Clock}
	e, err := engine.New(plan, o.Brokers, d, p.Registry)
	if err != nil {
		t.Fatalf("make the engine: %v", err)
	}
	p.serve(e)
	if p.admin, err = kafka.NewAdmin(kafka.Config{Brokers: o.Brokers}); err != nil {
		t.Fatal(err)
	}
	p.run(e)
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Errorf("stop the pipeline: %v", err)
		}
		_ = p.admin.Close()
	})
	p.Wait("ready", func() bool { status, _ := p.get(p.Admin + "/readyz"); return status == http.StatusOK })
	return p
}

// Plan binds the configuration, which must have no fault.
func Plan(t testing.TB, yaml string, o Options) *engine.Plan {
	t.Helper()
	loader := config.Loader{Env: func(name string) (string, bool) { v, ok := o.Env[name]; return v, ok }}
	file, faults := loader.Parse("test.yaml", []byte(yaml))
	file.Kafka.Embedded.Dir = t.TempDir() // for what stages keep on disk
	if err := faults.Strict().Err(); err != nil {
		t.Fatalf("the configuration: %v", err)
	}
	plan, faults := engine.NewPlan(file, o.Parts)
	if err := faults.Strict().Err(); err != nil {
		t.Fatalf("the configuration: %v", err)
	}
	return plan
}

func deps(o Options, tokens pipeline.Tokenizer) engine.Deps {
	d := engine.Deps{Clock: o.Clock, Random: rand.Uint64, Tokens: tokens, Log: o.Log, Transport: o.Transport}
	if d.Clock == nil {
		d.Clock = pipeline.WallClock{}
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return d
}

func (p *Pipeline) serve(e *engine.Engine) {
	hooks, err := e.Webhooks()
	if err != nil {
		p.t.Fatal(err)
	}
	web := httptest.NewServer(hooks)
	mux := http.NewServeMux()
	healthz, readyz := e.Health()
	mux.HandleFunc("/healthz", healthz)
	mux.HandleFunc("/readyz", readyz)
	admin := httptest.NewServer(mux)
	p.URL, p.Admin = web.URL, admin.URL
	p.t.Cleanup(web.Close)
	p.t.Cleanup(admin.Close)
}

func (p *Pipeline) run(e *engine.Engine) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(p.t.Context()))
	ran := make(chan error, 1)
	go func() { ran <- e.Run(ctx) }()
	p.stop = sync.OnceValue(func() error {
		cancel()
		err := <-ran
		return errors.Join(err, e.Close())
	})
}

// Stop drains the pipeline; later calls give the same.
func (p *Pipeline) Stop() error { return p.stop() }

// Wait polls until the condition holds, and fails the test if it never does.
func (p *Pipeline) Wait(what string, holds func() bool) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			p.t.Fatalf("never happened: %s", what)
		}
		time.Sleep(5 * time.Millisecond) // between two looks, not for a time to pass
	}
}

func (p *Pipeline) get(url string) (int, string) {
	response, err := http.Get(url)
	if err != nil {
		return 0, ""
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(body)
}

// Records reads every record that a topic holds now, partition by partition in
// order of offsets. A topic that does not exist has none.
func (p *Pipeline) Records(topic string) []pipeline.Record {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.t.Context()), patience)
	defer cancel()
	n, err := p.admin.Partitions(ctx, topic)
	if err != nil {
		return nil
	}
	var all []pipeline.Record
	for id := range n {
		err := p.admin.ReadPartition(ctx, pipeline.Partition{Topic: topic, ID: id}, 0, kafka.End, func(r pipeline.Record) error {
			all = append(all, r)
			return nil
		})
		if err != nil {
			p.t.Fatalf("read %s: %v", topic, err)
		}
	}
	return all
}

// Await reads a topic until it holds n records.
func (p *Pipeline) Await(topic string, n int) []pipeline.Record {
	p.t.Helper()
	var got []pipeline.Record
	deadline := time.Now().Add(patience)
	for len(got) < n {
		if time.Now().After(deadline) {
			p.t.Fatalf("%s holds %d records, want %d; dead letters:%s", topic, len(got), n, p.deadLetters())
		}
		got = p.Records(topic)
	}
	return got
}

func (p *Pipeline) deadLetters() string {
	var b strings.Builder
	for _, pl := range p.Plan.Pipelines {
		for _, r := range p.Records(pl.Output(pipeline.Dead)) {
			fmt.Fprintf(&b, "\n  %s %s: %s", r.Text("dead_stage"), r.Text("dead_reason"), r.Text("dead_error"))
		}
	}
	return b.String()
}

// ByKey groups records by key, in order.
func ByKey(records []pipeline.Record) map[string][]pipeline.Record {
	keyed := map[string][]pipeline.Record{}
	for _, r := range records {
		keyed[string(r.Key)] = append(keyed[string(r.Key)], r)
	}
	return keyed
}
