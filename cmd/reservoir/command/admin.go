package command

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/reservoirhq/reservoir/pipeline/engine"
)

// newRegistry makes the registry of one run; the global one would be shared by
// every run of a program.
func newRegistry() (*prometheus.Registry, error) {
	r := prometheus.NewRegistry()
	err := errors.Join(r.Register(collectors.NewGoCollector()), r.Register(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})))
	if err != nil {
		return nil, fmt.Errorf("register the process's metrics: %w", err)
	}
	return r, nil
}

const adminPage = `Reservoir

/healthz   200 while this process lives
/readyz    200 while webhooks are taken; 503 and why, while they are not
/metrics   Prometheus metrics
`

// admin gives the pages of the admin address.
func admin(e *engine.Engine, metrics *prometheus.Registry) http.Handler {
	healthz, readyz := e.Health()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", healthz)
	mux.HandleFunc("GET /readyz", readyz)
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{Registry: metrics}))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprint(w, adminPage)
	})
	return mux
}

// adminStarting is what the admin address answers before there is an engine.
func adminStarting() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("/", starting)
	return mux
}
