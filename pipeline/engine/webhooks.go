package engine

import (
	"fmt"
	"net/http"
	"path"

	"golang.org/x/time/rate"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
)

// Webhooks gives the handler of every source's webhooks.
func (e *Engine) Webhooks() (http.Handler, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("/", nowhere)
	doorways := map[pipeline.Receiver]*doorway{}
	for _, b := range e.built {
		for _, name := range b.plan.Sources {
			h, err := e.web(b, b.sources[name], doorways)
			if err != nil {
				return nil, err
			}
			mux.Handle(b.sources[name].Path, h)
		}
	}
	return asWritten(mux), nil
}

func nowhere(w http.ResponseWriter, _ *http.Request) {
	problem{status: http.StatusNotFound, detail: "no source has this path"}.write(w)
}

// asWritten hands on what could be a source's path. The mux would answer
// another one, such as //hooks, with a redirect: no webhook is to be answered
// 3xx, nor is a secret to be repeated in a Location (invariant 10).
func asWritten(mux http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path.Clean(r.URL.Path) != r.URL.Path {
			nowhere(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (e *Engine) web(b built, source pipeline.Source, doorways map[pipeline.Receiver]*doorway) (*web, error) {
	first := b.segments[0]
	receiver, ok := first.steps[0].stage.(pipeline.Receiver)
	if !ok {
		return nil, fmt.Errorf("the pipeline %s begins with %s, which takes no webhooks", b.plan.Name, first.steps[0].name)
	}
	if doorways[receiver] == nil {
		doorways[receiver] = newDoorway(receiver.MaxInFlight(), receiver.MaxBody(), receiver.MaxInFlightBytes())
	}
	writer := e.writer(b, first)
	writer.to = forSource(writer.to, source.Name)
	e.rejects[source.Name] = newRejects(e.publisher, e.deps.Clock)
	return &web{
		source: source, receiver: receiver, chain: e.chain(b, first, true), writer: writer,
		log: e.publisher, rejects: e.rejects[source.Name], limit: limiter(e.plan.sources[source.Name].config.RateLimit),
		doorway: doorways[receiver], health: e.health, metrics: e.metrics, counts: e.metrics.web(b.plan.Name, source.Name), clock: e.deps.Clock, random: e.deps.Random, logger: e.deps.Log, outcry: seldom(),
	}, nil
}

func limiter(cfg *config.RateLimit) *rate.Limiter {
	if cfg == nil {
		return nil
	}
	burst := cfg.Burst
	if burst == 0 {
		burst = max(1, int(cfg.PerSecond))
	}
	return rate.NewLimiter(rate.Limit(cfg.PerSecond), burst)
}
