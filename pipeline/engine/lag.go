package engine

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// readers show, at each scrape, how far every segment has come in what it reads.
type readers struct {
	bySegment map[string]*kafka.Subscriber
	lag       *prometheus.Desc
	open      *prometheus.Desc
	bytes     *prometheus.Desc
	late      *prometheus.Desc
	commits   *prometheus.Desc
}

var _ prometheus.Collector = (*readers)(nil)

func newReaders() *readers {
	partition := []string{"segment", "topic", "partition"}
	return &readers{
		bySegment: map[string]*kafka.Subscriber{},
		lag:       prometheus.NewDesc("reservoir_lag", "Records of a partition that are not finished: its end less the lowest unfinished offset.", partition, nil),
		open:      prometheus.NewDesc("reservoir_partition_in_flight", "Records of a partition taken in and not finished.", partition, nil),
		bytes:     prometheus.NewDesc("reservoir_partition_in_flight_bytes", "Their bytes.", partition, nil),
		late:      prometheus.NewDesc("reservoir_late_acks_total", "Records that were finished after their partition had been let go, and will be read again.", []string{"segment"}, nil),
		commits:   prometheus.NewDesc("reservoir_commits_total", "Commits of offsets.", []string{"segment"}, nil),
	}
}

// Describe gives every description.
func (r *readers) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{r.lag, r.open, r.bytes, r.late, r.commits} {
		ch <- d
	}
}

// Collect asks every subscriber.
func (r *readers) Collect(ch chan<- prometheus.Metric) {
	for segment, s := range r.bySegment {
		stats := s.Stats()
		ch <- prometheus.MustNewConstMetric(r.late, prometheus.CounterValue, float64(stats.LateAcks), segment)
		ch <- prometheus.MustNewConstMetric(r.commits, prometheus.CounterValue, float64(stats.Commits), segment)
		for _, p := range stats.Partitions {
			labels := []string{segment, p.Partition.Topic, strconv.Itoa(int(p.Partition.ID))}
			ch <- prometheus.MustNewConstMetric(r.lag, prometheus.GaugeValue, float64(p.Lag), labels...)
			ch <- prometheus.MustNewConstMetric(r.open, prometheus.GaugeValue, float64(p.InFlight), labels...)
			ch <- prometheus.MustNewConstMetric(r.bytes, prometheus.GaugeValue, float64(p.Bytes), labels...)
		}
	}
}
