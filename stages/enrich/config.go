package enrich

import (
	"errors"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
)

// Config is what ops write under `enrich`.
type Config struct {
	Attempts    int             `yaml:"attempts" doc:"Look-ups of one webhook before it is parked; an outage of the host spends none."`
	Timeout     config.Duration `yaml:"timeout" doc:"How long one look-up may take."`
	MaxInFlight int             `yaml:"max_in_flight" doc:"Look-ups of one source at once."`
	PerHour     int             `yaml:"per_hour" doc:"Look-ups of one source in any hour; 0 is no limit."`
}

// Defaults gives five attempts of ten seconds, 64 at once, without a limit by
// the hour.
func Defaults() Config {
	return Config{Attempts: 5, Timeout: config.Duration(10 * time.Second), MaxInFlight: 64}
}

// Validate bounds the numbers.
func (c Config) Validate() error {
	var faults []error
	if c.Attempts < 1 || c.Attempts > 100 {
		faults = append(faults, config.At("attempts", "must be from 1 to 100; 1 means no retry"))
	}
	if t := c.Timeout.Std(); t < time.Millisecond || t > time.Minute {
		faults = append(faults, config.At("timeout", "must be from 1ms to 1m"))
	}
	if c.MaxInFlight < 1 || c.MaxInFlight > 10000 {
		faults = append(faults, config.At("max_in_flight", "must be from 1 to 10000"))
	}
	if c.PerHour < 0 {
		faults = append(faults, config.At("per_hour", "must be 0 or more; 0 is no limit"))
	}
	return errors.Join(faults...)
}

// Spec is the stage's entry in the list of stages.
func Spec() pipeline.StageSpec {
	return pipeline.NewStageSpec("enrich", "looks up bookings whose webhook is only a hint", Defaults, New, "ingest", "verify")
}
