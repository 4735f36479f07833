package pipeline

import "context"

type leavingKey struct{}

// WithLeaving gives the context of work whose partition is let go when leaving
// ends. The work may still finish then; the context itself ends when it may not.
func WithLeaving(ctx, leaving context.Context) context.Context {
	return context.WithValue(ctx, leavingKey{}, leaving)
}

// Leaving gives a context that ends when the partition of this work is let go.
// Whoever only waits for a better time returns then, with an error that wraps
// context.Canceled: another member takes the partition after the last of them. It
// never ends where the work is no partition's.
func Leaving(ctx context.Context) context.Context {
	if leaving, ok := ctx.Value(leavingKey{}).(context.Context); ok {
		return leaving
	}
	return context.Background()
}
