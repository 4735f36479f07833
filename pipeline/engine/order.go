package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
)

// The stages whose place the rules of a chain speak of.
const (
	receiver   = "ingest"
	verifier   = "verify"
	enricher   = "enrich"
	normaliser = "normalise"
	stateful   = "dedupe"
)

// order refuses a chain in which a stage would do its work in the wrong place.
func (p *planner) order(cfg config.Pipeline) {
	p.opening(cfg)
	p.needs(cfg)
	p.topicLines(cfg)
	p.lookUps(cfg)
}

// opening: nobody unverified gets a 200, and a look-up never runs inside a
// hook.
func (p *planner) opening(cfg config.Pipeline) {
	want := []string{receiver, verifier, ""}
	for i, name := range want {
		if i < len(cfg.Stages) && cfg.Stages[i].Name == name {
			continue
		}
		if name == "" {
			p.fault(stageNode(cfg, i).Fault("must be a `to:` line: the first topic stands directly after verify, and is what 200 promises"))
		} else {
			p.fault(stageNode(cfg, i).Fault(fmt.Sprintf("must be %s: a chain begins with ingest, verify and a `to:` line", name)))
		}
		return
	}
}

func stageNode(cfg config.Pipeline, i int) config.Node {
	if i < len(cfg.Stages) && cfg.Stages[i].Node.Path() != "" {
		return cfg.Stages[i].Node
	}
	return cfg.Node // the list is too short, or its item is empty
}

// needs: what a stage works on must have been made before it, once.
func (p *planner) needs(cfg config.Pipeline) {
	var seen []string
	for _, item := range cfg.Stages {
		if item.Name == "" {
			continue
		}
		if slices.Contains(seen, item.Name) {
			p.fault(item.Node.Fault(item.Name + " stands in the chain twice; leave one out"))
		}
		for _, spec := range p.parts.Stages {
			if spec.Name != item.Name {
				continue
			}
			for _, need := range spec.Needs {
				if !slices.Contains(seen, need) {
					p.fault(item.Node.Fault(fmt.Sprintf("%s needs %s before it; put it there", item.Name, need)))
				}
			}
		}
		seen = append(seen, item.Name)
	}
	if !slices.Contains(seen, normaliser) {
		p.fault(cfg.Node.FaultAt("stages", "has no normalise, so no booking event would come out; add it"))
	}
}

// topicLines: a topic lies between stages, and one source can be paused
// without the others as long as its look-ups lie ahead.
func (p *planner) topicLines(cfg config.Pipeline) {
	enriches := slices.IndexFunc(cfg.Stages, func(s config.Stage) bool { return s.Name == enricher })
	for i, item := range cfg.Stages {
		if item.To == "" {
			continue
		}
		if i+1 == len(cfg.Stages) {
			p.fault(item.Node.Fault("no stage follows this topic; put one behind it, or leave it out: `outputs` says where a chain ends"))
		} else if cfg.Stages[i+1].To != "" {
			p.fault(item.Node.Fault("no stage stands between this topic and the next; leave one out"))
		}
		if i < enriches && !strings.Contains(item.To, "{source}") {
			p.fault(item.Node.Fault("is before enrich and must contain {source}, so that one source can wait without the others; write for example bookings.raw.{source}"))
		}
	}
}

// lookUps: a webhook that is only a hint makes no booking by itself.
func (p *planner) lookUps(cfg config.Pipeline) {
	if slices.ContainsFunc(cfg.Stages, func(s config.Stage) bool { return s.Name == enricher }) {
		return
	}
	for i, name := range cfg.Sources {
		if p.sources[name].spec.Enriches {
			p.fault(cfg.Node.FaultAt(fmt.Sprintf("sources[%d]", i), fmt.Sprintf("%s only calls with an id; add enrich to the stages, before normalise", name)))
		}
	}
}

// ownership: dedupe owns its bookings by owning their partition, so what its
// segment reads must be keyed by booking.
func (p *planner) ownership(cfg config.Pipeline, planned PlannedPipeline) {
	for i, s := range planned.Segments {
		if !slices.Contains(s.Stages, stateful) || planned.before(i, normaliser) {
			continue
		}
		for n, name := range cfg.Sources {
			spec := p.sources[name].spec
			if spec.Name != "" && !spec.OneBooking {
				p.fault(cfg.Node.FaultAt(fmt.Sprintf("sources[%d]", n), fmt.Sprintf("one webhook of %s may be about several bookings; put a `to:` line such as `to: bookings.normalised` between normalise and dedupe", spec.Name)))
			}
		}
	}
}

// stateful gives the segment whose stage keeps state, nil if there is none.
func (p PlannedPipeline) stateful() *PlannedSegment {
	for i := range p.Segments {
		if slices.Contains(p.Segments[i].Stages, stateful) {
			return &p.Segments[i]
		}
	}
	return nil
}

// Output gives the topic of an output.
func (p PlannedPipeline) Output(o pipeline.Output) string { return p.topics[o] }
