package broker

import (
	"context"
	"log/slog"
	"time"
)

// Recover runs the recovery of a directory alone.
func Recover(ctx context.Context, dir string) error {
	r := &recovery{layout: layout{dir}, log: slog.New(slog.DiscardHandler), now: time.Unix(1, 0)}
	return r.run(ctx)
}
