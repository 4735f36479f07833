package ledger

import (
	"github.com/reservoirhq/reservoir/pipeline"
)

// Sample is a look at the pipeline while it runs: what its groups had
// committed, and then how far its outputs went. All that a group has passed
// must have its outcome before those ends.
type Sample struct {
	Committed map[string]map[pipeline.Partition]int64 // by group
	Ends      map[string]map[int32]int64              // by topic
}

// Sampled adds a look.
func (l *Ledger) Sampled(s Sample) { l.samples = append(l.samples, s) }

// passed: no offset passes an unfinished record (invariant 5).
func (l *Ledger) passed(s Sample) {
	first, second := s.Committed[l.cfg.Normalise], s.Committed[l.cfg.Dedupe]
	for at, a := range l.raw {
		if at.Offset < first[partitionOf(at)] && !s.has(a.outcomes[normalised:emitted]...) {
			l.found.add(Passed, "%s had passed %s (offset %d), which had no outcome yet", l.cfg.Normalise, at, first[partitionOf(at)])
		}
		l.passedSecond(s, second, a)
	}
	for at, e := range l.middle {
		if e.junk && at.Offset < second[partitionOf(at)] && !s.has(e.dead) {
			l.found.add(Passed, "%s had passed the junk at %s, which was not dead yet", l.cfg.Dedupe, at)
		}
	}
}

func (l *Ledger) passedSecond(s Sample, committed map[pipeline.Partition]int64, a *arrival) {
	gone, done := 0, s.count(a.outcomes[emitted])+s.count(a.outcomes[duplicate])
	for _, e := range a.entries {
		if e.at.Offset < committed[partitionOf(e.at)] {
			gone++
		}
		done += s.count(e.dead)
	}
	if gone > done {
		l.found.add(Passed, "%s had passed %d records such as %s, of which %d had an outcome", l.cfg.Dedupe, gone, a.entries[0].at, done)
	}
}

// has tells whether any of the positions was there.
func (s Sample) has(all ...[]pipeline.Position) bool {
	for _, some := range all {
		if s.count(some) > 0 {
			return true
		}
	}
	return false
}

func (s Sample) count(all []pipeline.Position) int {
	n := 0
	for _, at := range all {
		if at.Offset < s.Ends[at.Topic][at.Partition] {
			n++
		}
	}
	return n
}

func partitionOf(at pipeline.Position) pipeline.Partition {
	return pipeline.Partition{Topic: at.Topic, ID: at.Partition}
}
