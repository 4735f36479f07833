package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// run soaks for the time that was asked for, and judges.
func (s *soak) run(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	chosen := s.o.chosen(s.cluster.size())
	if len(chosen) == 0 {
		return fmt.Errorf("no fault has a name that matches %q", s.o.only)
	}
	random := rand.New(rand.NewPCG(s.o.seed, 1<<40))
	end := time.Now().Add(time.Duration(s.o.minutes * float64(time.Minute)))
	for n := 0; time.Now().Before(end) && ctx.Err() == nil; n++ {
		next := time.Now().Add(s.o.every)
		// Each fault has a source of its own, so that how often one asks does
		// not change what comes after it.
		s.harm(ctx, chosen[random.IntN(len(chosen))], rand.New(rand.NewPCG(s.o.seed, uint64(n))))
		_ = pipeline.WallClock{}.Sleep(ctx, time.Until(next))
		s.measured()
	}
	return s.judge(context.WithoutCancel(ctx))
}

// judge brings everything to its end and reads it.
func (s *soak) judge(ctx context.Context) error {
	if err := s.settle(ctx); err != nil {
		s.report.wrong("%v", err)
	}
	if err := s.check(ctx); err != nil {
		return err
	}
	return s.report.err()
}
