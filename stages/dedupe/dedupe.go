package dedupe

import (
	"context"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/pipeline/config"
)

// Config is what ops write under `dedupe`.
type Config struct {
	Window config.Duration `yaml:"window" doc:"How long event ids are remembered; 14d or more, the longest time a provider repeats a webhook."`
	Dir    config.Path     `yaml:"dir" doc:"The folder for the state on local disk, one for each process; empty is state/<pipeline> in the data folder, with a number for each further process of the machine, or memory where there is no data folder."`
	Memory config.Size     `yaml:"memory" doc:"How much memory the state may take; the rest is on disk."`
}

// Defaults gives 15 days: TourCMS calls again for up to 14.
func Defaults() Config {
	return Config{Window: config.Duration(15 * day), Memory: 128 << 20}
}

const (
	day = 24 * time.Hour
	// longestRetry is the longest time any provider repeats a webhook
	// (TourCMS, Booking Notification page).
	longestRetry = 14 * day
	// leastMemory is where Pebble's memtables get too small to work with.
	leastMemory = 16 << 20
	// memoryOnly is the folder of a state that has none.
	memoryOnly = "(memory)"
)

// Validate refuses a window in which a provider's own retry would pass for
// news.
func (c Config) Validate() error {
	if c.Window.Std() < longestRetry {
		return config.At("window", "must be 14d or more, the longest time a provider repeats a webhook; use 15d")
	}
	if c.Memory < leastMemory {
		return config.At("memory", "must be 16MiB or more; use 128MiB")
	}
	return nil
}

// Spec is the stage's entry in the list of stages.
func Spec() pipeline.StageSpec {
	return pipeline.NewStageSpec("dedupe", "drops repeats, marks stale updates, keeps each booking's latest state", Defaults, New, "ingest", "verify", "normalise")
}

type stage struct {
	window time.Duration
	deps   pipeline.StageDeps
	clock  pipeline.Clock
	where  storeOptions
	// hot is how much memory the partitions' states may take, in bytes: three
	// eighths of it all. A state there costs a find in a map; from Pebble's
	// blocks it costs a hundred times that, and on disk more.
	hot     int64
	buffers sync.Pool // of *[]byte
	rooms   sync.Pool // of *held, each empty
	metrics *metrics

	hits, misses atomic.Uint64

	spoiling sync.Once
	spoiled  chan struct{}

	opening sync.Mutex // held while the store is opened or closed
	store   *store     // nil until the first claim
	stop    context.CancelFunc
	work    sync.WaitGroup

	mu         sync.RWMutex
	partitions map[pipeline.Partition]*partition
	moving     map[pipeline.Partition]int // being restored or let go
}

var (
	_ pipeline.Stage       = (*stage)(nil)
	_ pipeline.Settler     = (*stage)(nil)
	_ pipeline.Partitioned = (*stage)(nil)
	_ io.Closer            = (*stage)(nil)
)

// processesOfAMachine is how many processes may share a data folder.
const processesOfAMachine = 64

// New makes the stage. It touches no disk before its first partition, so that a
// configuration can be checked while it runs.
func New(cfg Config, deps pipeline.StageDeps) (pipeline.Stage, error) {
	print, err := layoutPrint(booking.Event{})
	if err != nil {
		return nil, err
	}
	s := &stage{
		window: cfg.Window.Std(), deps: deps, clock: deps.Clock, hot: int64(cfg.Memory) * 3 / 8,
		buffers:    sync.Pool{New: func() any { return new([]byte) }},
		rooms:      sync.Pool{New: func() any { return new(held) }},
		partitions: map[pipeline.Partition]*partition{}, moving: map[pipeline.Partition]int{},
		spoiled: make(chan struct{}),
	}
	s.where = storeOptions{dir: string(cfg.Dir), fs: vfs.Default, memory: int64(cfg.Memory), print: print, log: pebbleLog{deps.Log}, anew: s.anew, spoil: s.spoil}
	if s.where.dir == "" && deps.DataDir != "" {
		s.where.dir, s.where.folders = filepath.Join(deps.DataDir, "state", deps.Pipeline), processesOfAMachine
	}
	if s.where.dir == "" {
		s.where.fs, s.where.dir = vfs.NewMem(), memoryOnly
	}
	s.metrics = newMetrics(deps.Pipeline, s)
	return s, nil
}

func (s *stage) partition(in pipeline.Position) *partition {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.partitions[pipeline.Partition{Topic: in.Topic, ID: in.Partition}]
}
