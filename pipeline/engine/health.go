package engine

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// health knows whether this process should be sent webhooks.
type health struct {
	mu       sync.Mutex
	started  bool
	draining bool
	broker   error // why the broker is out of reach; nil while it is there
	waiting  int   // what waits for the end of trouble with state or disk
	gauge    interface{ Set(float64) }
}

var errNotAsked = errors.New("the broker was not reached yet")

func newHealth(m *metrics) *health { return &health{broker: errNotAsked, gauge: m.ready} }

// wrote takes note of a write's result: a failed one is known at once, not
// only at the next ping. A record that is too large says nothing of the broker.
func (h *health) wrote(err error) {
	if err == nil || errors.Is(err, context.Canceled) || kafka.IsTooLarge(err) {
		return
	}
	h.note(func() { h.broker = errors.New("records are not acknowledged") })
}

func (h *health) pinged(err error) {
	h.note(func() {
		h.broker = nil
		if err != nil {
			h.broker = errors.New("no broker answers")
		}
	})
}

// waits counts what waits for the end of trouble with state or disk, and tells
// whether it is the first.
func (h *health) waits(more int) (first bool) {
	h.note(func() {
		first = h.waiting == 0
		h.waiting += more
	})
	return first
}

func (h *health) start() { h.note(func() { h.started = true }) }
func (h *health) drain() { h.note(func() { h.draining = true }) }

func (h *health) note(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
	ready := 0.0
	if h.state() == "" && h.waiting == 0 {
		ready = 1
	}
	h.gauge.Set(ready)
}

// state gives why webhooks cannot be taken, "" when they can. Trouble with
// state or disk stands behind the first topic: they are safe there.
func (h *health) state() string {
	switch {
	case h.draining:
		return "draining"
	case h.broker != nil:
		return h.broker.Error()
	case !h.started:
		return "starting"
	}
	return ""
}

func (h *health) unready() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state()
}

// watch pings the broker until the context ends.
func (h *health) watch(ctx context.Context, clock pipeline.Clock, ping func(context.Context) error) {
	const every, patience = 2 * time.Second, 5 * time.Second
	for ctx.Err() == nil {
		bounded, cancel := context.WithTimeout(ctx, patience)
		err := ping(bounded)
		cancel()
		if ctx.Err() != nil {
			return
		}
		h.pinged(err)
		if clock.Sleep(ctx, every) != nil {
			return
		}
	}
}

// healthz says that the process lives.
func (h *health) healthz(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, "text/plain; charset=utf-8", []byte("ok\n"))
}

// why gives why the process is not ready, "" when it is.
func (h *health) why() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if why := h.state(); why != "" || h.waiting == 0 {
		return why
	}
	return "local state or disk is in trouble"
}

// readyz says whether it should be sent webhooks, and why not.
func (h *health) readyz(w http.ResponseWriter, _ *http.Request) {
	if why := h.why(); why != "" {
		problem{status: http.StatusServiceUnavailable, detail: why, retryAfter: retryAfter}.write(w)
		return
	}
	answer(w, http.StatusOK, "text/plain; charset=utf-8", []byte("ready\n"))
}
