package kafka

import "github.com/rcrowley/go-metrics"

// silentRegistry takes sarama's own metrics and keeps none: its meters cost a
// few per cent of a busy client and start a ticker that nothing stops. What an
// operator needs is in Stats.
type silentRegistry struct{}

var _ metrics.Registry = silentRegistry{}

// GetOrRegister gives a metric that does nothing, of the kind asked for.
func (silentRegistry) GetOrRegister(_ string, kind any) any {
	switch kind.(type) {
	case func() metrics.Meter, metrics.Meter:
		return metrics.NilMeter{}
	case func() metrics.Counter, metrics.Counter:
		return metrics.NilCounter{}
	case func() metrics.Histogram, metrics.Histogram:
		return metrics.NilHistogram{}
	case func() metrics.Timer, metrics.Timer:
		return metrics.NilTimer{}
	}
	return metrics.NilGauge{}
}

// Each calls nothing.
func (silentRegistry) Each(func(string, any)) {}

// Get finds nothing.
func (silentRegistry) Get(string) any { return nil }

// GetAll finds nothing.
func (silentRegistry) GetAll() map[string]map[string]any { return nil }

// Register forgets.
func (silentRegistry) Register(string, any) error { return nil }

// RunHealthchecks runs none.
func (silentRegistry) RunHealthchecks() {}

// Unregister has nothing to do.
func (silentRegistry) Unregister(string) {}

// UnregisterAll has nothing to do.
func (silentRegistry) UnregisterAll() {}
