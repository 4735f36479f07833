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
	return atOnce(ctx, records, func(ctx context.Context, record func() (pipeline.Record, error)) error {
		return writeOne(ctx, to, record)
	})
}

// atOnce runs fn for each of all, as many at once as there are writers, and gives
// the first error, which ends the context of the others.
func atOnce[T any](ctx context.Context, all []T, fn func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	next := make(chan T)
	for range min(writers, len(all)) {
		group.Go(func() {
			for one := range next {
				if err := fn(ctx, one); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, one := range all {
		if ctx.Err() != nil {
			break
		}
		next <- one
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
