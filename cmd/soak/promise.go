package main

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// session is after how long a group takes a silent member for dead.
	session = 10 * time.Second
	// calmed is how long after a start, or any other fault, its copies and
	// rebalances may still come.
	calmed = 30 * time.Second
)

// promise is what restarts in order of static members are held to: they leave no
// copy, and come back as who they were. How long a partition stands still is
// printed and not judged: on a busy machine a drain, a start and a join take
// longer in all than a session, and nobody waited for one. Who does wait for one
// was not known again, and made its group a new generation.
type promise struct {
	began       time.Time // of what is measured now
	calmSince   time.Time // the end of the start, and of the last fault that is not gentle
	rough       bool      // such a fault is in what is measured now
	everRough   bool
	away        time.Duration  // the longest that a member was away for a restart in order
	generations map[string]int // by group, while nothing may change them
}

// done takes note of faults that are over.
func (p *promise) done(now time.Time, faults ...fault) {
	if slices.ContainsFunc(faults, func(f fault) bool { return !f.gentle }) {
		p.rough, p.everRough, p.calmSince = true, true, now
	}
}

// measured tells what does not keep the promise, and begins anew.
func (p *promise) measured(now time.Time, copies int, joins []joined) error {
	var found []error
	if copies > 0 && !p.rough && (!p.everRough || p.began.Sub(p.calmSince) >= calmed) {
		found = append(found, fmt.Errorf("%d copies, though static members alone were restarted, and in order", copies))
	}
	if p.rough || p.began.Sub(p.calmSince) < calmed || p.away > session/2 {
		p.generations = nil
	} else {
		found = append(found, p.same(joins)...)
	}
	p.began, p.rough, p.away = now, false, 0
	return errors.Join(found...)
}

// same: all who join a group find the same generation.
func (p *promise) same(joins []joined) []error {
	if p.generations == nil {
		p.generations = map[string]int{}
	}
	var found []error
	for _, j := range joins {
		if before, known := p.generations[j.group]; known && before != j.generation {
			found = append(found, fmt.Errorf("%s is in generation %d after %d, though static members alone were restarted, and in time", j.group, j.generation, before))
		}
		p.generations[j.group] = j.generation
	}
	return found
}

// measured tells what followed from the faults since the last measurement, and
// holds them to what is promised.
func (s *soak) measured() {
	stalls, copies := s.watch.mark()
	s.report.say("      the partitions stood still for up to %v, %d copies; %d webhooks answered by now, %d events seen",
		stalls, copies, s.load.answered.Load(), s.watch.counted())
	if err := s.promise.measured(time.Now(), copies, s.fleet.joinedSince()); err != nil && s.o.static {
		s.report.wrong("%v", err)
	}
}
