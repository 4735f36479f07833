package policy_test

import (
	"context"
	"testing"

	"github.com/reservoirhq/reservoir/stages/policy"
)

// One event through the stage: input, evaluation, sums, record.
func BenchmarkProcess(b *testing.B) {
	s, ev := builtInStage(b), bk42()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Process(context.Background(), ev); err != nil {
			b.Fatal(err)
		}
	}
}

// Without labels on its rules a policy is not tracked.
func BenchmarkProcessParallel(b *testing.B) {
	s, ev := builtInStage(b), bk42()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Process(context.Background(), ev); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// What a second copy of a policy of one rule costs: the host's share.
func BenchmarkHostAlone(b *testing.B) {
	e := engine(b, rego("result := {\"decision\": \"review\"}\n"))
	ev := bk42()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Decide(context.Background(), ev); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInput(b *testing.B) {
	ev := bk42()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := policy.Input(ev); err != nil {
			b.Fatal(err)
		}
	}
}
