package engine

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
)

// Deps is what an engine is handed beside its plan.
type Deps struct {
	Clock  pipeline.Clock
	Random func() uint64
	Tokens pipeline.Tokenizer
	Log    *slog.Logger
	// Transport carries look-ups; nil is each plugin's own.
	Transport http.RoundTripper
}

// built is one pipeline with its stages made.
type built struct {
	plan     PlannedPipeline
	sources  map[string]pipeline.Source
	segments []builtSegment
}

type builtSegment struct {
	plan  PlannedSegment
	steps []step
}

// build makes the providers and stages of every pipeline.
func (p *Plan) build(deps Deps) ([]built, error) {
	var all []built
	for _, pl := range p.Pipelines {
		sources, err := p.providers(pl, deps)
		if err != nil {
			return nil, err
		}
		b := built{plan: pl, sources: sources}
		for _, s := range pl.Segments {
			steps, err := p.steps(pl, s, sources, deps)
			if err != nil {
				return nil, err
			}
			b.segments = append(b.segments, builtSegment{plan: s, steps: steps})
		}
		all = append(all, b)
	}
	return all, nil
}

func (p *Plan) providers(pl PlannedPipeline, deps Deps) (map[string]pipeline.Source, error) {
	sources := map[string]pipeline.Source{}
	for _, name := range pl.Sources {
		planned := p.sources[name]
		zone := planned.config.Location()
		provider, err := planned.build(pipeline.ProviderDeps{
			Source: name, Zone: zone, Transport: deps.Transport, Clock: deps.Clock, Log: deps.Log.With("source", name),
		})
		if err != nil {
			return nil, fmt.Errorf("make the plugin %s of the source %s: %w", planned.spec.Name, name, err)
		}
		sources[name] = pipeline.Source{
			Name: name, Plugin: planned.spec.Name, Path: planned.config.Path, Zone: zone, Provider: provider,
			OneBooking: planned.spec.OneBooking, URLSecret: planned.spec.URLSecret,
			Methods: methods(planned.spec.Methods),
		}
	}
	return sources, nil
}

func methods(of []string) []string {
	if len(of) == 0 {
		return []string{http.MethodGet, http.MethodPost}
	}
	return of
}

func (p *Plan) steps(pl PlannedPipeline, s PlannedSegment, sources map[string]pipeline.Source, deps Deps) ([]step, error) {
	file, _, _ := p.File.Root().Position()
	var steps []step
	for _, b := range s.bound {
		stage, err := b.build(pipeline.StageDeps{
			Pipeline: pl.Name, Sources: sources, Tokens: deps.Tokens, Clock: deps.Clock,
			Log: deps.Log.With("pipeline", pl.Name, "stage", b.spec.Name), Dir: filepath.Dir(file), DataDir: p.File.Kafka.Embedded.Dir,
		})
		if err != nil {
			return nil, faultsOf(b.node, err)
		}
		steps = append(steps, step{name: b.spec.Name, stage: stage, retry: retryOf(stage)})
	}
	return steps, nil
}

// close lets go of what plugins and stages keep: connections of look-ups, state
// on local disk.
func (b built) close() error {
	var errs []error
	for _, source := range b.sources {
		errs = append(errs, closeIt(source.Provider))
	}
	for _, s := range b.segments {
		for _, step := range s.steps {
			errs = append(errs, closeIt(step.stage))
		}
	}
	return errors.Join(errs...)
}

func closeIt(v any) error {
	if closer, ok := v.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

// registerStages adds the metrics that stages have of their own; a stage names
// its pipeline in them.
func registerStages(all []built, to prometheus.Registerer) error {
	for _, b := range all {
		for _, s := range b.segments {
			for _, step := range s.steps {
				if err := registerStage(step, to); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func registerStage(s step, to prometheus.Registerer) error {
	measured, ok := s.stage.(interface{ Collectors() []prometheus.Collector })
	if !ok {
		return nil
	}
	for _, c := range measured.Collectors() {
		if err := to.Register(c); err != nil {
			return fmt.Errorf("register the metrics of %s: %w", s.name, err)
		}
	}
	return nil
}

// faultsOf gives a fault of the file for each line of an error: a bundle of
// policies has several at once.
func faultsOf(at config.Node, err error) config.Faults {
	var faults []error
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			faults = append(faults, at.Fault(line))
		}
	}
	return config.Collect(faults...)
}

func retryOf(stage pipeline.Stage) pipeline.RetryPolicy {
	if r, ok := stage.(pipeline.Retrier); ok {
		return r.Retry()
	}
	return pipeline.DefaultRetry()
}

// TryStages makes every stage once, without sources, and gives what they find
// wrong: a bundle of policies that does not compile is a fault of the file.
func (p *Plan) TryStages(deps Deps) config.Faults {
	var faults []error
	for _, pl := range p.Pipelines {
		for _, s := range pl.Segments {
			for i := range s.bound {
				one := PlannedSegment{bound: s.bound[i : i+1]}
				steps, err := p.steps(pl, one, nil, deps)
				faults = append(faults, err)
				for _, s := range steps {
					faults = append(faults, closeIt(s.stage))
				}
			}
		}
	}
	return config.Collect(faults...)
}
