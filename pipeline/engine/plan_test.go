package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/pipeline/engine"
)

// nothing is a configuration without keys.
type nothing struct{}

func plugin(name string, change func(*pipeline.ProviderSpec)) pipeline.ProviderSpec {
	s := pipeline.NewProviderSpec(name, "a plugin of tests", func() nothing { return nothing{} },
		func(nothing, pipeline.ProviderDeps) (pipeline.Provider, error) {
			return nil, errors.New("not built here")
		})
	if change != nil {
		change(&s)
	}
	return s
}

func stage(name string, needs ...string) pipeline.StageSpec {
	return pipeline.NewStageSpec(name, "a stage of tests", func() nothing { return nothing{} },
		func(nothing, pipeline.StageDeps) (pipeline.Stage, error) { return nil, errors.New("not built here") }, needs...)
}

func testParts() engine.Parts {
	return engine.Parts{
		Stages: []pipeline.StageSpec{
			stage("ingest"), stage("verify", "ingest"), stage("enrich", "ingest", "verify"), stage("normalise", "ingest", "verify"),
			stage("dedupe", "normalise"), stage("policy", "normalise"),
		},
		Plugins: []pipeline.ProviderSpec{
			plugin("whole", func(s *pipeline.ProviderSpec) { s.OneBooking = true }),
			plugin("hint", func(s *pipeline.ProviderSpec) { s.OneBooking, s.Enriches, s.URLSecret = true, true, true }),
			plugin("many", nil),
		},
	}
}

func plan(t *testing.T, sources, stages string) (*engine.Plan, config.Faults) {
	t.Helper()
	yaml := "sources:\n"
	var names []string
	for _, s := range strings.Split(sources, "\n") {
		yaml += "  " + s + "\n"
		name, _, _ := strings.Cut(s, ":")
		names = append(names, name)
	}
	yaml += "pipelines:\n  bookings:\n    sources: [" + strings.Join(names, ", ") + "]\n    stages: [" + stages + "]\n"
	file, _ := config.Loader{}.Parse("test.yaml", []byte(yaml))
	return engine.NewPlan(file, testParts())
}

const (
	whole = "a: {plugin: whole, path: /a}"
	hint  = "h: {plugin: hint, path: '/h/{secret}'}"
	many  = "m: {plugin: many, path: /m}"
	front = "ingest, verify, to: 'raw.{source}', "
)

func TestAChainThatWouldWorkInTheWrongPlaceIsRefused(t *testing.T) {
	tests := []struct{ name, sources, stages, want string }{
		{"nothing verified", whole, "ingest, to: 'raw.{source}', normalise", "stages[1]: must be verify"},
		{"no ingest", whole, "verify, to: 'raw.{source}', normalise", "stages[0]: must be ingest"},
		{"a look-up inside the hook", hint, "ingest, verify, enrich, to: 'raw.{source}', normalise", "stages[2]: must be a `to:` line"},
		{"no topic at all", whole, "ingest, verify, normalise", "stages[2]: must be a `to:` line"},
		{"too short", whole, "ingest", "must be verify"},
		{"an empty item", whole, "~, verify", "must be ingest"},
		{"look-ups of one source would stop the others", hint, "ingest, verify, to: raw, enrich, normalise", "must contain {source}"},
		{"a hint without a look-up", hint, front + "normalise", "sources[0]: h only calls with an id"},
		{"no normalise", whole, front + "enrich", "stages: has no normalise"},
		{"policy before normalise", whole, front + "policy, normalise", "policy needs normalise before it"},
		{"dedupe before normalise", whole, front + "dedupe, normalise", "dedupe needs normalise before it"},
		{"a stage twice", whole, front + "normalise, dedupe, dedupe", "dedupe stands in the chain twice"},
		{"a topic at the end", whole, front + "normalise, to: end", "no stage follows this topic"},
		{"two topics in a row", whole, front + "to: again, normalise", "no stage stands between"},
		{"state that is not owned", many, front + "normalise, dedupe", "sources[0]: one webhook of many may be about several bookings"},
		{"an unknown stage", whole, front + "normalize", "normalize is no stage; use one of ingest, verify"},
		{"a misspelt stage", whole, front + "normalize", "or `to: TOPIC`; did you mean `normalise`?"},
		{"an unknown plugin", "a: {plugin: nobody, path: /a}", front + "normalise", "sources.a.plugin: is no plugin; use one of whole, hint, many"},
		{"a misspelt plugin", "a: {plugin: whol, path: /a}", front + "normalise", "hint, many; did you mean `whole`?"},
		{"a secret nobody compares", "a: {plugin: whole, path: '/a/{secret}'}", front + "normalise", "sources.a.path: has a {secret} segment"},
		{"a secret that is not asked for", "h: {plugin: hint, path: /h}", front + "enrich, normalise", "sources.h.path: has no {secret} segment"},
		{"an unknown option of a plugin", "a: {plugin: whole, path: /a, config: {nope: 1}}", front + "normalise", "sources.a.config.nope"},
		{"an unknown option of a stage", whole, front + "normalise: {nope: 1}", "nope"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, faults := plan(t, tt.sources, tt.stages)
			if err := faults.Err(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("faults are:\n%v\nwant one with %q", err, tt.want)
			}
			for _, f := range faults {
				if f.Line == 0 {
					t.Errorf("a fault without a place: %v", f)
				}
			}
		})
	}
}

func TestEveryFaultIsSaidAtOnce(t *testing.T) {
	_, faults := plan(t, "a: {plugin: hole, path: /a}\nh: {plugin: hint, path: /h}", front+"policy, normalize")
	if n := len(faults.Errors()); n < 4 {
		t.Errorf("%d faults:\n%v", n, faults)
	}
}

func TestAChainIsCutAtItsTopics(t *testing.T) {
	tests := []struct{ name, sources, stages, want string }{
		{
			"one hop", whole, front + "normalise, dedupe, policy",
			"[ingest verify] > raw.{source}; raw.a > [normalise dedupe policy]",
		},
		{
			"two hops, two sources", whole + "\n" + hint, front + "enrich, normalise, to: normalised, dedupe, policy",
			"[ingest verify] > raw.{source}; raw.a,raw.h,bookings.retry > [enrich normalise] > normalised; normalised > [dedupe policy]",
		},
		{
			"a topic after every stage", many, front + "normalise, to: n, dedupe, to: d, policy",
			"[ingest verify] > raw.{source}; raw.m,bookings.retry > [normalise] > n; n > [dedupe] > d; d > [policy]",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, faults := plan(t, tt.sources, tt.stages)
			if err := faults.Err(); err != nil {
				t.Fatal(err)
			}
			var parts []string
			for _, s := range p.Pipelines[0].Segments {
				text := fmt.Sprint(s.Stages)
				if len(s.In) > 0 {
					text = strings.Join(s.In, ",") + " > " + text
				}
				if s.To != "" {
					text += " > " + s.To
				}
				parts = append(parts, text)
			}
			if got := strings.Join(parts, "; "); got != tt.want {
				t.Errorf("segments are\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestTheTopicsOfAPlanAreListedInTheOrderAWebhookMeetsThem(t *testing.T) {
	p, _ := plan(t, whole+"\n"+hint, front+"enrich, normalise, to: normalised, dedupe, policy")
	var got []string
	for _, topic := range p.Topics() {
		got = append(got, topic.Topic)
	}
	want := "raw.a raw.h normalised bookings.events bookings.decisions bookings.current bookings.dead bookings.rejected bookings.lookups.a bookings.lookups.h bookings.retry bookings.outcomes"
	if strings.Join(got, " ") != want {
		t.Errorf("topics are\n%s\nwant\n%s", strings.Join(got, " "), want)
	}
}
