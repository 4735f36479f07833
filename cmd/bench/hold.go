package main

import (
	"context"
	"sync"

	"github.com/reservoirhq/reservoir/pipeline"
)

// holdAt is the stage that stands still where the segments behind the first
// topic are not what is measured.
const holdAt = "normalise"

// hold is a stage that finishes nothing until it is released: the segment
// behind the first topic then takes one window of records and no more.
type hold struct {
	once sync.Once
	open chan struct{}
}

func newHold() *hold { return &hold{open: make(chan struct{})} }

// spec gives the stage under the name and needs of the one it stands for.
func (h *hold) spec(instead pipeline.StageSpec) pipeline.StageSpec {
	return pipeline.NewStageSpec(instead.Name, instead.Summary, func() struct{} { return struct{}{} },
		func(struct{}, pipeline.StageDeps) (pipeline.Stage, error) { return h, nil }, instead.Needs...)
}

// Process waits.
func (h *hold) Process(ctx context.Context, _ pipeline.Event) ([]pipeline.Event, error) {
	select {
	case <-h.open:
		return nil, pipeline.Done(pipeline.Ignored)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// release lets go; a nil hold holds nothing.
func (h *hold) release() {
	if h != nil {
		h.once.Do(func() { close(h.open) })
	}
}
