package engine

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/reservoirhq/reservoir/pipeline"
)

// metrics are what an operator sees of a running engine. Labels are names of
// the configuration and closed lists, never data (invariant 10).
type metrics struct {
	stageIn      *prometheus.CounterVec
	stageOut     *prometheus.CounterVec
	stageSeconds *prometheus.HistogramVec
	outcomeTotal *prometheus.CounterVec
	inFlight     *prometheus.GaugeVec
	webInFlight  prometheus.Gauge
	webAnswers   *prometheus.CounterVec
	webSeconds   *prometheus.HistogramVec
	ready        prometheus.Gauge
	unsafeTopics prometheus.Gauge
	restored     *prometheus.GaugeVec

	// Looking a counter up by its labels costs more than counting: what was
	// looked up once is kept. Labels are few, so it stays small.
	counters sync.Map // outcomeKey → prometheus.Counter
}

type outcomeKey struct{ pipeline, source, stage, outcome, reason string }

func newMetrics(to prometheus.Registerer) (*metrics, error) {
	stage := []string{"pipeline", "source", "stage"}
	m := &metrics{
		stageIn:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: "reservoir_stage_in_total", Help: "Events a stage was given."}, stage),
		stageOut:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "reservoir_stage_out_total", Help: "Events a stage gave on."}, stage),
		stageSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "reservoir_stage_seconds", Help: "Time of one event in a stage, retries and waits included.", Buckets: prometheus.ExponentialBuckets(1e-5, 4, 12)}, stage),
		outcomeTotal: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "reservoir_outcomes_total", Help: "What became of events: published, passed, duplicate, ignored, settled, parked, dead, rejected."}, []string{"pipeline", "source", "stage", "outcome", "reason"}),
		inFlight:     prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "reservoir_in_flight", Help: "Records under way in a segment."}, []string{"segment"}),
		webInFlight:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "reservoir_webhooks_in_flight", Help: "Webhooks under way."}),
		webAnswers:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "reservoir_webhooks_total", Help: "Webhooks by source and status answered."}, []string{"source", "code"}),
		webSeconds:   prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "reservoir_webhook_seconds", Help: "Time from a webhook's head to its answer.", Buckets: prometheus.ExponentialBuckets(2.5e-4, 2, 16)}, []string{"source"}),
		ready:        prometheus.NewGauge(prometheus.GaugeOpts{Name: "reservoir_ready", Help: "1 while /readyz is 200."}),
		unsafeTopics: prometheus.NewGauge(prometheus.GaugeOpts{Name: "reservoir_topics_with_one_copy", Help: "Topics whose records one broker's loss can take (min.insync.replicas below 2)."}),
		restored:     prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "reservoir_state_restore_seconds", Help: "How long the last restore of a partition's state took."}, []string{"partition"}),
	}
	for _, c := range []prometheus.Collector{m.stageIn, m.stageOut, m.stageSeconds, m.outcomeTotal, m.inFlight, m.webInFlight, m.webAnswers, m.webSeconds, m.ready, m.unsafeTopics, m.restored} {
		if err := to.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// stageMetrics are one stage's, for one source.
type stageMetrics struct {
	in, out prometheus.Counter
	seconds prometheus.Observer
}

func (m *metrics) stage(name, source, stage string) stageMetrics {
	return stageMetrics{
		in:      m.stageIn.WithLabelValues(name, source, stage),
		out:     m.stageOut.WithLabelValues(name, source, stage),
		seconds: m.stageSeconds.WithLabelValues(name, source, stage),
	}
}

// measured gives the steps of a segment with their metrics for every source of
// the pipeline; those that only other members know count under no name.
func (m *metrics) measured(b built, steps []step) []step {
	all := make([]step, len(steps))
	for i, s := range steps {
		s.settler, _ = s.stage.(pipeline.Settler)
		s.others = func() stageMetrics { return m.stage(b.plan.Name, "", s.name) }
		s.metrics = make(map[string]stageMetrics, len(b.sources))
		for source := range b.sources {
			s.metrics[source] = m.stage(b.plan.Name, source, s.name)
		}
		all[i] = s
	}
	return all
}

// counter gives the counter of an outcome.
func (m *metrics) counter(pipeline, source, stage, outcome, reason string) prometheus.Counter {
	return m.outcomeTotal.WithLabelValues(pipeline, source, stage, outcome, reason)
}

func (m *metrics) outcome(pipeline, source, stage, outcome, reason string) {
	key := outcomeKey{pipeline, source, stage, outcome, reason}
	if known, ok := m.counters.Load(key); ok {
		known.(prometheus.Counter).Inc()
		return
	}
	made := m.counter(pipeline, source, stage, outcome, reason)
	m.counters.Store(key, made)
	made.Inc()
}

// gave is what becomes of events that passed every stage of a segment: at the
// end of the chain they are published, before it they are passed on.
func (w writer) gave() string {
	if w.to == "" {
		return "published"
	}
	return "passed"
}

// passed gives the counters of what passes a segment, by source.
func (m *metrics) passed(s *segment) map[string]prometheus.Counter {
	all := make(map[string]prometheus.Counter, len(s.sources))
	for source := range s.sources {
		all[source] = m.counter(s.chain.pipeline, source, s.name, s.writer.gave(), "")
	}
	return all
}

// outcomes counts what a segment gave.
func (m *metrics) outcomes(s *segment, done *result) {
	for _, ev := range done.events {
		if counter, known := s.passed[ev.Source]; known {
			counter.Inc()
		} else {
			m.outcome(s.chain.pipeline, "", s.name, s.writer.gave(), "")
		}
	}
	for _, e := range done.ended {
		m.outcome(s.chain.pipeline, s.label(e.event.Source), e.stage, string(e.ending), "")
	}
	if l := done.letter; l.outcome != "" {
		m.outcome(s.chain.pipeline, l.source, l.stage, l.outcome, l.reason)
	}
}
