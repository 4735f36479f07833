package policy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/policies"
)

// stage asks the policy about each event it judges.
type stage struct {
	engine *Engine
	shadow *shadow // nil where there is none
	deps   pipeline.StageDeps
}

var _ pipeline.Stage = (*stage)(nil)

// New compiles the policies once. A bundle that does not compile, or whose
// data breaks its own schema, is an error that lists every fault with file and
// row: a policy that cannot be read must stop `run` (invariant 9).
func New(c Config, deps pipeline.StageDeps) (pipeline.Stage, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	engine, err := engineOf(c.Bundle, c, deps)
	if err != nil {
		return nil, err
	}
	second, err := newShadow(c, deps)
	if err != nil {
		return nil, err
	}
	return &stage{engine: engine, shadow: second, deps: deps}, nil
}

// engineOf compiles one bundle.
func engineOf(bundle string, c Config, deps pipeline.StageDeps) (*Engine, error) {
	fsys, name := Folder(bundle, deps.Dir)
	if _, err := fs.Stat(fsys, "."); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("policies %s: there is no such folder; name one that holds .rego files, relative to the configuration file", name)
	}
	engine, err := NewEngine(fsys, c.Query, c.Timeout.Std())
	if err != nil {
		return nil, fmt.Errorf("policies %s: %w", name, err)
	}
	return engine, nil
}

// Process attaches the decision to an event whose type the policy judges, and
// hands on every other event as it is.
func (s *stage) Process(ctx context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
	if ev.Booking == nil {
		return []pipeline.Event{ev}, nil
	}
	if !slices.Contains(s.engine.judges, ev.Booking.Type) {
		return []pipeline.Event{ev}, s.watch(ctx, ev, nil)
	}
	d, err := s.engine.Decide(ctx, ev)
	if err != nil {
		return nil, err
	}
	if err := s.watch(ctx, ev, &d); err != nil {
		return nil, err
	}
	if d.trouble {
		s.deps.Log.WarnContext(ctx, "held for review: the policy gave no usable answer",
			"event_id", d.EventID, "key", d.BookingID, "reason", d.Reasons[0].Code, "policy", d.Policy.Digest)
	}
	record, err := d.record(ev)
	if err != nil {
		return nil, err
	}
	return []pipeline.Event{ev.Attach(pipeline.Decisions, record)}, nil
}

// watch lets the shadow look at what is decided; nil is not judged.
func (s *stage) watch(ctx context.Context, ev pipeline.Event, live *Decision) error {
	if s.shadow == nil {
		return nil
	}
	return s.shadow.compare(ctx, ev, live)
}

// Folder gives the policies that a configuration in dir names as bundle, and
// what to call them in an error; an empty name is the built-in ones.
func Folder(bundle, dir string) (fs.FS, string) {
	if bundle == "" {
		return policies.FS, "built in"
	}
	path := bundle
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	return os.DirFS(path), bundle
}
