package policy_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/reservoirhq/reservoir/pipeline/booking"
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

// An event that the policy does not judge passes.
func BenchmarkNotJudged(b *testing.B) {
	s := builtInStage(b)
	ev := with(func(e *booking.Event) { e.Type = booking.Updated })
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Process(context.Background(), ev); err != nil {
			b.Fatal(err)
		}
	}
}

// The same on every core: prepared queries are shared.
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

// A policy of one rule: what is left is the host's share.
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

// The input as terms, and the way through a Go map that it saves.
func BenchmarkInput(b *testing.B) {
	ev := bk42()
	b.Run("terms", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			policy.InputTerms(ev)
		}
	})
	b.Run("through a map", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			value, err := ast.JSON(policy.InputTerms(ev)) // stands for building the map by hand
			if err != nil {
				b.Fatal(err)
			}
			if _, err := ast.InterfaceToValue(value); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// The record's value, and the way by reflection that it saves.
func BenchmarkEncodeDecision(b *testing.B) {
	d := decide(b, builtIn(b), bk42())
	b.Run("by hand", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := policy.EncodeDecision(d); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("by reflection", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(&d); err != nil {
				b.Fatal(err)
			}
		}
	})
}
