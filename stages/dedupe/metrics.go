package dedupe

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/reservoirhq/reservoir/pipeline"
)

// metrics of one stage's local state.
type metrics struct {
	all      []prometheus.Collector
	restores *prometheus.CounterVec
	records  *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(name string, s *stage) *metrics {
	labels := prometheus.Labels{"pipeline": name}
	gauge := func(name, help string, value func() float64) {
		s.metrics.all = append(s.metrics.all, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, value))
	}
	count := func(name, help string, value func() float64) {
		s.metrics.all = append(s.metrics.all, prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, value))
	}
	how := []string{"from"}
	m := &metrics{
		restores: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "reservoir_dedupe_restores_total", Help: "Restores of a partition's state: its tail behind the local state, or whole.", ConstLabels: labels}, how),
		records:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "reservoir_dedupe_restored_records_total", Help: "Records of bookings.current read by restores.", ConstLabels: labels}, how),
		seconds:  prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "reservoir_dedupe_restore_seconds", Help: "Time of one partition's restore.", Buckets: prometheus.ExponentialBuckets(0.01, 4, 9), ConstLabels: labels}, how),
	}
	s.metrics = m
	m.all = []prometheus.Collector{m.restores, m.records, m.seconds}
	gauge("reservoir_dedupe_disk_bytes", "Size of the local state on disk.", s.diskBytes)
	gauge("reservoir_dedupe_states", "Bookings whose state is held, about.", s.states)
	count("reservoir_dedupe_cache_hits_total", "States that were found in memory.", func() float64 { return float64(s.hits.Load()) })
	count("reservoir_dedupe_cache_misses_total", "States that were not, and were looked for in the local state.", func() float64 { return float64(s.misses.Load()) })
	return m
}

// Collectors gives the metrics of the stage's local state, to be registered
// once.
func (s *stage) Collectors() []prometheus.Collector { return s.metrics.all }

// restored notes a restore.
func (s *stage) restored(id pipeline.Partition, tail bool, records int64, took time.Duration) {
	from := "whole"
	if tail {
		from = "tail"
	}
	s.metrics.restores.WithLabelValues(from).Inc()
	s.metrics.records.WithLabelValues(from).Add(float64(records))
	s.metrics.seconds.WithLabelValues(from).Observe(took.Seconds())
	s.deps.Log.Debug("state restored", slog.String("partition", id.String()), slog.String("from", from), slog.Int64("records", records), slog.Duration("in", took))
}

func (s *stage) diskBytes() float64 {
	s.opening.Lock()
	defer s.opening.Unlock()
	if s.store == nil {
		return 0
	}
	return float64(s.store.size())
}

func (s *stage) states() float64 {
	var n int64
	for _, p := range s.claimed() {
		p.mu.Lock()
		n += p.states
		p.mu.Unlock()
	}
	return float64(n)
}

// pebbleLog passes on what Pebble says of faults; its news are no lines of ours.
type pebbleLog struct{ log *slog.Logger }

func (pebbleLog) Infof(string, ...any) {}

func (l pebbleLog) Errorf(format string, args ...any) {
	l.log.Error("dedupe: local state", slog.String("error", fmt.Sprintf(format, args...)))
}

// Fatalf is called where Pebble cannot go on, such as with a manifest that it
// cannot write. The process ends, as Pebble asks for: what is on disk is whole,
// and the topic has the rest.
func (l pebbleLog) Fatalf(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	l.log.Error("dedupe: local state", slog.String("error", text))
	panic("dedupe: local state: " + text)
}
