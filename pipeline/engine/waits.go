package engine

import (
	"context"
	"sync/atomic"
	"time"
)

// patience is how long a webhook waits for the brokers' acknowledgement.
// TourCMS gives up after 30 s; an earlier 503 tells it more.
const patience = 10 * time.Second

// sharing is how much of its patience a webhook gives up so that those of the
// same moment share one context: making one costs as much as the signature.
const sharing = patience / 20

// waits gives webhooks the contexts in which they wait. A context does not end
// with its request: a webhook that is on its way to the brokers is written, be
// its sender there or not.
type waits struct{ now atomic.Pointer[wait] }

type wait struct {
	ctx   context.Context
	until time.Time // from when on webhooks get another
}

// begin gives a context that ends in not more than patience.
func (w *waits) begin(at time.Time) context.Context {
	if shared := w.now.Load(); shared != nil && at.Before(shared.until) && shared.ctx.Err() == nil {
		return shared.ctx
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	context.AfterFunc(ctx, cancel) // its time is its only end
	w.now.Store(&wait{ctx: ctx, until: at.Add(sharing)})
	return ctx
}
