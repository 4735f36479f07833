package dedupe

import (
	"context"
	"sync"

	"github.com/reservoirhq/reservoir/pipeline"
)

// writers is how many records are written back at once: each waits for its
// acknowledgement, and an input topic that was made anew has every state
// written back.
const writers = 32

// writeAll writes records to the topic of a state, and gives the first error.
func writeAll(ctx context.Context, to pipeline.StateReader, records []func() (pipeline.Record, error)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	next := make(chan func() (pipeline.Record, error))
	for range min(writers, len(records)) {
		group.Go(func() {
			for record := range next {
				if err := writeOne(ctx, to, record); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, record := range records {
		if ctx.Err() != nil {
			break
		}
		next <- record
	}
	close(next)
	group.Wait()
	return context.Cause(ctx)
}

func writeOne(ctx context.Context, to pipeline.StateReader, record func() (pipeline.Record, error)) error {
	if ctx.Err() != nil {
		return nil
	}
	r, err := record()
	if err != nil {
		return err
	}
	return to.Restore(ctx, r)
}
