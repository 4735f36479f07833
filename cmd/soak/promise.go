package main

import (
	"fmt"
	"slices"
	"time"
)

const (
	// session is after how long a group takes a silent member for dead.
	session = 10 * time.Second
	// calmed is how long after any other fault its copies and standstills may
	// still come.
	calmed = 30 * time.Second
)

// round is what was done from one measurement to the next.
type round struct {
	began time.Time
	rough bool          // a fault was done that may cost copies
	away  time.Duration // the longest that a member in it was away for a restart in order
}

// gentle tells whether nothing in the round, and nothing shortly before it, may
// have cost copies.
func (s *soak) gentle() bool {
	return s.o.static && !s.round.rough && s.round.began.Sub(s.roughEnd) >= calmed
}

// unkept tells what a round of gentle faults cost more than was promised: static
// members that are restarted in order leave no copy, and their partitions go on
// as soon as they are back. They do not wait for the session to end: half of one
// is what a machine gets, however slow, beside the time that the process was
// away. Where few events come, a partition stands still for want of them.
func (o options) unkept(stalls []time.Duration, copies int, away time.Duration) error {
	if copies > 0 {
		return fmt.Errorf("%d copies, though static members alone were restarted, and in order", copies)
	}
	bound := away + session/2
	if away == 0 || o.rate < 5*o.partitions || len(stalls) == 0 {
		return nil
	}
	if longest := slices.Max(stalls); longest > bound {
		return fmt.Errorf("a partition stood still for %v, though a static member alone was restarted, and away for %v", longest, away.Round(10*time.Millisecond))
	}
	return nil
}

// measured tells what followed from the faults since the last measurement, and
// holds them to what is promised.
func (s *soak) measured() {
	stalls, copies := s.watch.mark()
	s.report.say("      the partitions stood still for up to %v, %d copies; %d webhooks answered by now, %d events seen",
		stalls, copies, s.load.answered.Load(), s.watch.counted())
	if s.gentle() {
		if err := s.o.unkept(stalls, copies, s.round.away); err != nil {
			s.report.wrong("%v", err)
		}
	}
	s.round = round{began: time.Now()}
}

// done takes note of a round's faults when all of them are over.
func (s *soak) done(faults ...fault) {
	if slices.ContainsFunc(faults, func(f fault) bool { return !f.gentle }) {
		s.round.rough, s.rough = true, true
		s.roughEnd = time.Now()
	}
}
