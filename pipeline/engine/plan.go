package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
)

// Parts are the stages and plugins that a configuration may name, each list in
// the order in which a person reads it.
type Parts struct {
	Stages  []pipeline.StageSpec
	Plugins []pipeline.ProviderSpec
}

// Plan is a configuration whose names, options and order were found sound; it
// holds no connection and no secret beyond the bound configurations.
type Plan struct {
	File      *config.File
	Pipelines []PlannedPipeline
	sources   map[string]plannedSource
}

// PlannedPipeline is one pipeline cut into segments.
type PlannedPipeline struct {
	Name     string
	Sources  []string
	Segments []PlannedSegment
	topics   topics
}

// PlannedSegment is a run of stages between two topics.
type PlannedSegment struct {
	Name   string // its first stage
	Stages []string
	In     []string // topics it reads; none for the HTTP segment
	To     string   // topic it writes, with {source}; "" for the outputs
	bound  []boundStage
	parks  bool
}

type plannedSource struct {
	config config.Source
	spec   pipeline.ProviderSpec
	build  func(pipeline.ProviderDeps) (pipeline.Provider, error)
}

type boundStage struct {
	spec  pipeline.StageSpec
	node  config.Node
	build func(pipeline.StageDeps) (pipeline.Stage, error)
}

// NewPlan binds a configuration to the parts it names. The faults hold all of
// the file's and all of the plan's; the plan may be used where their Err is nil.
func NewPlan(file *config.File, parts Parts) (*Plan, config.Faults) {
	p := planner{file: file, parts: parts, sources: map[string]plannedSource{}}
	for _, s := range file.Sources {
		p.source(s)
	}
	plan := &Plan{File: file, sources: p.sources}
	for _, cfg := range file.Pipelines {
		plan.Pipelines = append(plan.Pipelines, p.pipeline(cfg))
	}
	return plan, config.Collect(append(p.faults, file.Faults())...)
}

type planner struct {
	file    *config.File
	parts   Parts
	sources map[string]plannedSource
	faults  []error
}

func (p *planner) fault(err error) { p.faults = append(p.faults, err) }

func (p *planner) source(cfg config.Source) {
	if cfg.Plugin == "" {
		return // the file's own fault
	}
	at := slices.IndexFunc(p.parts.Plugins, func(s pipeline.ProviderSpec) bool { return s.Name == cfg.Plugin })
	if at < 0 {
		known := names(p.parts.Plugins)
		p.fault(cfg.Node.FaultAt("plugin", "is no plugin; use one of "+strings.Join(known, ", ")+config.Hint(cfg.Plugin, known)))
		return
	}
	spec := p.parts.Plugins[at]
	build, err := spec.Bind(cfg.Config.Decode)
	if err != nil {
		p.fault(err)
	}
	p.sources[cfg.Name] = plannedSource{config: cfg, spec: spec, build: build}
	hasSecret := strings.Contains(cfg.Path, "{secret}")
	switch {
	case spec.URLSecret && !hasSecret:
		p.fault(cfg.Node.FaultAt("path", "has no {secret} segment, by which "+spec.Name+" proves its sender; write for example /hooks/"+cfg.Name+"/{secret}"))
	case !spec.URLSecret && hasSecret:
		p.fault(cfg.Node.FaultAt("path", "has a {secret} segment that "+spec.Name+" does not compare; leave it out"))
	}
}

func names[D, T any](specs []pipeline.Spec[D, T]) []string {
	list := make([]string, len(specs))
	for i, s := range specs {
		list[i] = s.Name
	}
	return list
}

func (p *planner) pipeline(cfg config.Pipeline) PlannedPipeline {
	p.order(cfg)
	planned := PlannedPipeline{Name: cfg.Name, Sources: cfg.Sources, topics: outputTopics(cfg.Outputs)}
	current := PlannedSegment{}
	for _, item := range cfg.Stages {
		if item.To != "" {
			planned.Segments = append(planned.Segments, closeSegment(current, item.To))
			current = PlannedSegment{In: perSource(item.To, cfg.Sources)}
			continue
		}
		if bound, ok := p.stage(item); ok {
			current.bound = append(current.bound, bound)
			current.Stages = append(current.Stages, item.Name)
		}
	}
	planned.Segments = append(planned.Segments, closeSegment(current, ""))
	planned.parking()
	p.ownership(cfg, planned)
	return planned
}

// parking lets the segments in front of the first topic of bookings park what
// fails: from there on it would break the order of a booking (invariant 6).
func (p *PlannedPipeline) parking() {
	for i := 1; i < len(p.Segments); i++ {
		s := &p.Segments[i]
		s.parks = !slices.Contains(s.Stages, stateful) && !p.before(i, normaliser)
		if s.parks {
			s.In = append(s.In, p.topics[pipeline.Retry])
		}
	}
}

func (p *PlannedPipeline) before(segment int, stage string) bool {
	return slices.ContainsFunc(p.Segments[:segment], func(s PlannedSegment) bool { return slices.Contains(s.Stages, stage) })
}

func closeSegment(s PlannedSegment, to string) PlannedSegment {
	s.To = to
	if len(s.Stages) > 0 {
		s.Name = s.Stages[0]
	}
	return s
}

func (p *planner) stage(item config.Stage) (boundStage, bool) {
	at := slices.IndexFunc(p.parts.Stages, func(s pipeline.StageSpec) bool { return s.Name == item.Name })
	if at < 0 {
		if item.Name != "" {
			known := names(p.parts.Stages)
			p.fault(item.Node.Fault(fmt.Sprintf("%s is no stage; use one of %s, or `to: TOPIC`%s",
				item.Name, strings.Join(known, ", "), config.Hint(item.Name, known))))
		}
		return boundStage{}, false
	}
	spec := p.parts.Stages[at]
	build, err := spec.Bind(item.Config.Decode)
	if err != nil {
		p.fault(err)
	}
	return boundStage{spec: spec, node: item.Node, build: build}, true
}

func outputTopics(o config.Outputs) topics {
	return topics{
		pipeline.Events: o.Events, pipeline.Decisions: o.Decisions, pipeline.Current: o.Current, pipeline.Dead: o.Dead,
		pipeline.Rejected: o.Rejected, pipeline.Lookups: o.Lookups, pipeline.Retry: o.Retry, pipeline.Outcomes: o.Outcomes,
	}
}

// perSource gives the topics a `to:` line stands for.
func perSource(to string, sources []string) []string {
	if !strings.Contains(to, "{source}") {
		return []string{to}
	}
	list := make([]string, len(sources))
	for i, s := range sources {
		list[i] = forSource(to, s)
	}
	return list
}
