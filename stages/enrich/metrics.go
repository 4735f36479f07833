package enrich

import "github.com/prometheus/client_golang/prometheus"

// Collectors gives the stage's own metrics: which sources wait because their
// look-up host is down for everybody.
func (s *stage) Collectors() []prometheus.Collector {
	var all []prometheus.Collector
	for name, h := range s.hosts {
		all = append(all, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "reservoir_source_waiting", Help: "1 while the source's look-up host is down and its webhooks wait.",
			ConstLabels: prometheus.Labels{"pipeline": s.pipeline, "source": name},
		}, func() float64 { return float64(h.waiting.Load()) }))
	}
	return all
}
