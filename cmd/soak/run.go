package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
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
	for n := uint64(0); time.Now().Before(end) && ctx.Err() == nil; n += 2 {
		next := time.Now().Add(s.o.every)
		var both sync.WaitGroup
		picked := s.o.pick(chosen, random)
		for i, f := range picked {
			// Each fault has a source of its own, so that how often one asks does
			// not change what comes after it.
			both.Go(func() { s.harm(ctx, f, rand.New(rand.NewPCG(s.o.seed, n+uint64(i)))) })
		}
		both.Wait()
		s.promise.done(time.Now(), picked...)
		s.look(ctx)
		_ = pipeline.WallClock{}.Sleep(ctx, time.Until(next))
		s.measured()
	}
	return s.judge(context.WithoutCancel(ctx))
}

// pick gives the next fault; where it is one of brokers, sometimes with one of a
// member at the same time.
func (o options) pick(from []fault, random *rand.Rand) []fault {
	f, other := from[random.IntN(len(from))], from[random.IntN(len(from))]
	together := random.IntN(100) < o.together
	if together && f.ofMember() != other.ofMember() {
		return []fault{f, other}
	}
	return []fault{f}
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
