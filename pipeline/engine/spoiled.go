package engine

import (
	"context"
	"errors"

	"github.com/reservoirhq/reservoir/pipeline"
)

// ErrSpoiled is given by Run when a stage found its local state broken: what was
// under way is finished, and an engine made anew restores the state from its
// topic.
var ErrSpoiled = errors.New("local state is broken and has to be made anew")

// spoilable is a stage with state on local disk, which may be found broken.
type spoilable interface{ Spoiled() <-chan struct{} }

// spoiled tells when the first stage found its local state broken.
func (e *Engine) spoiled(ctx context.Context) <-chan struct{} {
	told := make(chan struct{}, 1)
	for _, stage := range e.stages() {
		s, ok := stage.(spoilable)
		if !ok {
			continue
		}
		go func() {
			select {
			case <-s.Spoiled():
			case <-ctx.Done():
				return
			}
			select {
			case told <- struct{}{}:
			default: // it is told
			}
		}()
	}
	return told
}

func (e *Engine) stages() []pipeline.Stage {
	var all []pipeline.Stage
	for _, b := range e.built {
		for _, s := range b.segments {
			for _, step := range s.steps {
				all = append(all, step.stage)
			}
		}
	}
	return all
}
