package dedupe

import (
	"sync"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
)

// Config is what ops write under `dedupe`.
type Config struct {
	Window config.Duration `yaml:"window" doc:"How long event ids are remembered; longer than the longest retry of any provider."`
}

// Defaults gives 15 days: TourCMS calls again for up to 14.
func Defaults() Config { return Config{Window: config.Duration(15 * day)} }

const (
	day = 24 * time.Hour
	// longestRetry is the longest time any provider repeats a webhook
	// (TourCMS, Booking Notification page).
	longestRetry = 14 * day
)

// Validate refuses a window in which a provider's own retry would pass for
// news.
func (c Config) Validate() error {
	if c.Window.Std() < longestRetry {
		return config.At("window", "must be 14d or more, the longest time a provider repeats a webhook; use 15d")
	}
	return nil
}

// Spec is the stage's entry in the list of stages.
func Spec() pipeline.StageSpec {
	return pipeline.NewStageSpec("dedupe", "drops repeats, marks stale updates, keeps each booking's latest state", Defaults, New, "ingest", "verify", "normalise")
}

type stage struct {
	window time.Duration
	clock  pipeline.Clock

	mu         sync.RWMutex
	partitions map[pipeline.Partition]*partition
}

var (
	_ pipeline.Stage       = (*stage)(nil)
	_ pipeline.Settler     = (*stage)(nil)
	_ pipeline.Partitioned = (*stage)(nil)
)

// New makes the stage.
func New(cfg Config, deps pipeline.StageDeps) (pipeline.Stage, error) {
	return &stage{window: cfg.Window.Std(), clock: deps.Clock, partitions: map[pipeline.Partition]*partition{}}, nil
}

func (s *stage) partition(in pipeline.Position) *partition {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.partitions[pipeline.Partition{Topic: in.Topic, ID: in.Partition}]
}
