package policy

import (
	"errors"
	"strings"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
)

// Config is what ops write under `policy`.
type Config struct {
	Bundle  string          `yaml:"bundle" doc:"Folder of the policies, relative to the configuration file; empty is the built-in ones."`
	Query   string          `yaml:"query" doc:"What the policy's answer is called."`
	Timeout config.Duration `yaml:"timeout" doc:"How long one decision may take before it is held for review."`
	Shadow  *Shadow         `yaml:"shadow" doc:"Policies that are asked too and decide nothing; a metric counts what they would have decided."`
}

// Shadow names a second bundle that is evaluated without effect.
type Shadow struct {
	Bundle string `yaml:"bundle" doc:"Folder of the second policies."`
}

// DefaultQuery is what the built-in policy's answer is called.
const DefaultQuery = "data.travel.refund.result"

// Defaults gives the built-in policies and one second. A decision takes well
// under a millisecond, so the time is met by a runaway policy alone and not on a
// busy or throttled machine: a decision that depends on load would not be the
// same in a replay.
func Defaults() Config {
	return Config{Query: DefaultQuery, Timeout: config.Duration(time.Second)}
}

// Validate checks what can be told without reading the bundle.
func (c Config) Validate() error {
	var faults []error
	if _, err := parseQuery(c.Query); err != nil {
		faults = append(faults, config.At("query", err.Error()))
	}
	if strings.TrimSpace(c.Bundle) != c.Bundle {
		faults = append(faults, config.At("bundle", "begins or ends with a space; write the folder alone"))
	}
	if t := c.Timeout.Std(); t < time.Millisecond || t > 10*time.Second {
		faults = append(faults, config.At("timeout", "must be from 1ms to 10s"))
	}
	if c.Shadow != nil && c.Shadow.Bundle == "" {
		faults = append(faults, config.At("shadow.bundle", "names no folder; name that of the policies to compare with"))
	}
	return errors.Join(faults...)
}

// Spec is the stage's entry in the list of stages.
func Spec() pipeline.StageSpec {
	return pipeline.NewStageSpec("policy", "decides about refunds by Rego policy", Defaults, New, "normalise")
}
