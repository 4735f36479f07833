package verify

import (
	"context"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
)

// Config is what ops write under `verify`.
type Config struct {
	Tolerance config.Duration `yaml:"tolerance" doc:"Oldest signed timestamp that is accepted."`
}

// Defaults gives five minutes, as Red Broom and Standard Webhooks ask.
func Defaults() Config { return Config{Tolerance: config.Duration(5 * time.Minute)} }

// ahead is how far in the future a timestamp may lie: clocks differ a little,
// and the full tolerance both ways would double the time a captured webhook
// can be sent again.
const ahead = time.Minute

// Validate refuses a tolerance that refuses everybody.
func (c Config) Validate() error {
	if c.Tolerance <= 0 {
		return config.At("tolerance", "must be more than 0s")
	}
	return nil
}

// Spec is the stage's entry in the list of stages.
func Spec() pipeline.StageSpec {
	return pipeline.NewStageSpec("verify", "proves the sender: signature, timestamp or URL secret", Defaults, New, "ingest")
}

type stage struct {
	tolerance time.Duration
	sources   map[string]pipeline.Source
	clock     pipeline.Clock
}

var _ pipeline.Stage = (*stage)(nil)

// New makes the stage.
func New(cfg Config, deps pipeline.StageDeps) (pipeline.Stage, error) {
	return &stage{tolerance: cfg.Tolerance.Std(), sources: deps.Sources, clock: deps.Clock}, nil
}

// Process lets the event pass or rejects it as Unverified.
func (s *stage) Process(_ context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
	now := s.clock.Now()
	verdict, err := s.sources[ev.Source].Provider.Verify(ev.Request, now)
	if err != nil {
		return nil, err
	}
	if err := s.fresh(verdict.SignedAt, now); err != nil {
		return nil, err
	}
	ev.Verified = verdict.Method
	ev.Request.PathSecret = "" // proved; from here on nobody needs it (invariant 10)
	return []pipeline.Event{ev}, nil
}

func (s *stage) fresh(signedAt, now time.Time) error {
	if signedAt.IsZero() {
		return nil
	}
	age := now.Sub(signedAt)
	if age > s.tolerance {
		return pipeline.Rejectf(pipeline.Unverified, "timestamp is %s old, the tolerance is %s", age.Round(time.Second), s.tolerance)
	}
	if -age > min(ahead, s.tolerance) {
		return pipeline.Rejectf(pipeline.Unverified, "timestamp is %s ahead of our clock", (-age).Round(time.Second))
	}
	return nil
}
