package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/reservoirhq/reservoir/cmd/soak/ledger"
	"github.com/reservoirhq/reservoir/cmd/soak/traffic"
	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/pipeline/config"
)

// site is one pipeline on the cluster: its names, so that many can be there one
// after the other.
type site struct {
	name     string // of the pipeline, and in front of its topics
	brokers  []string
	delivery string
	api      string
	parts    int
}

func (s site) raw(source string) string        { return s.name + ".raw." + source }
func (s site) normalised() string              { return s.name + ".normalised" }
func (s site) probe() string                   { return s.name + ".probe" }
func (s site) output(o pipeline.Output) string { return s.name + "." + string(o) }
func (s site) group(segment string) string     { return "reservoir." + s.name + "." + segment }
func (s site) exactlyOnce() bool               { return s.delivery == string(config.ExactlyOnce) }

// yaml gives the configuration of one member.
func (s site) yaml(instance, state string) string {
	var outputs []string
	for _, o := range pipeline.Outputs() {
		topic := s.output(o)
		if o == pipeline.Lookups {
			topic += ".{source}"
		}
		outputs = append(outputs, fmt.Sprintf("%s: %q", o, topic))
	}
	if instance != "" {
		instance = ", instance_id: " + instance
	}
	return fmt.Sprintf(`privacy: {key: {literal: "a key for tests, never for people"}}
kafka: {brokers: ["%s"], delivery: %s, topics: {partitions: %d}%s}
listen: 127.0.0.1:0
admin: 127.0.0.1:0
%spipelines:
  %s:
    sources: [%s]
    stages: [ingest, verify, {to: %q}, enrich, normalise, {to: %q}, {dedupe: {dir: %q}}, policy]
    outputs: {%s}
`, strings.Join(s.brokers, `", "`), s.delivery, s.parts, instance, traffic.YAML(s.api), s.name,
		strings.Join(traffic.Names(), ", "), s.raw("{source}"), s.normalised(), state, strings.Join(outputs, ", "))
}

// write writes a member's configuration to its folder and gives the file.
func (s site) write(dir, instance string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make a member's folder: %w", err)
	}
	path := filepath.Join(dir, "reservoir.yaml")
	return path, os.WriteFile(path, []byte(s.yaml(instance, filepath.Join(dir, "state"))), 0o600)
}

// ledger gives what is to be proved of the pipeline.
func (s site) ledger() ledger.Config {
	c := ledger.Config{
		Raw: map[string]string{}, Normalised: s.normalised(), Outputs: map[pipeline.Output]string{},
		Normalise: s.group("enrich"), Dedupe: s.group("dedupe"), ExactlyOnce: s.exactlyOnce(),
		Judged:  []booking.Type{booking.Cancelled, booking.Expired},
		LookUps: []string{traffic.Tour}, Partitions: int32(s.parts),
	}
	for _, source := range traffic.Names() {
		c.Raw[source] = s.raw(source)
	}
	for _, o := range pipeline.Outputs() {
		c.Outputs[o] = s.output(o)
	}
	return c
}
