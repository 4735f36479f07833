package plugintest

import (
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
)

// Bench measures Identify, Verify and Normalise of the plugin, one recorded
// webhook per operation, in turn over all of them.
//
//	func BenchmarkProvider(b *testing.B) { plugintest.Bench(b, bokun.Spec(), cfg) }
func Bench(b *testing.B, spec pipeline.ProviderSpec, cfg any, opts ...Option) {
	b.Helper()
	s := newSuite(b, spec, cfg, opts)
	var sent []pipeline.Request
	var events []pipeline.Event
	for _, c := range s.cases {
		if c.broken() {
			continue
		}
		r, err := s.provider.(pipeline.Sender).Send(clone(c.Request), s.now)
		if err != nil {
			b.Fatalf("send %s: %v", c.Name, err)
		}
		sent, events = append(sent, r), append(events, s.event(c))
	}
	b.Run("Identify", func(b *testing.B) {
		each(b, len(sent), func(i int) error { _, err := s.provider.Identify(sent[i]); return err })
	})
	b.Run("Verify", func(b *testing.B) {
		each(b, len(sent), func(i int) error { _, err := s.provider.Verify(sent[i], s.now); return err })
	})
	b.Run("Normalise", func(b *testing.B) {
		each(b, len(sent), func(i int) error { return fault(s.provider.Normalise(events[i])) })
	})
}

// fault leaves out that a case ends or is refused on purpose: the goldens say
// whether that is right.
func fault[T any](_ T, err error) error {
	if _, ok := pipeline.AsEnding(err); ok {
		return nil
	}
	if _, ok := pipeline.AsRejection(err); ok {
		return nil
	}
	return err
}

func each(b *testing.B, n int, do func(i int) error) {
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := do(i % n); err != nil {
			b.Fatal(err)
		}
	}
}
