package ledger

import (
	"slices"

	"github.com/reservoirhq/reservoir/pipeline"
)

// Sample is a look at the pipeline while it runs: what its groups had
// committed, and then how far its outputs went. All that a group has passed
// must have its outcome before those ends.
//
// The ends count what stands in a transaction that is open. What of it was never
// committed is not read afterwards, and so is no outcome. The ends of what was
// committed by then would be too small: the marks of one commit reach the
// group's offsets and each output one after the other.
type Sample struct {
	Committed map[string]map[pipeline.Partition]int64 // by group
	Ends      map[string]map[int32]int64              // by topic
}

// Sampled adds a look.
func (l *Ledger) Sampled(s Sample) { l.samples = append(l.samples, s) }

// passed: no offset passes an unfinished record (invariant 5). Ends only grow:
// a record that had its outcome at the first look that saw it passed has it at
// all later ones. What no look saw passed was not proved, and is a fault too.
func (l *Ledger) passed() {
	first, second := l.passing(l.cfg.Normalise), l.passing(l.cfg.Dedupe)
	for at, a := range l.raw {
		if n := first.by(at); n >= 0 && !l.samples[n].has(a.outcomes[normalised:emitted]...) {
			l.found.add(Passed, "%s had passed %s, which had no outcome yet", l.cfg.Normalise, at)
		}
	}
	for at, e := range l.middle {
		n := second.by(at)
		if n >= 0 && e.junk && !l.samples[n].has(e.dead) {
			l.found.add(Passed, "%s had passed the junk at %s, which was not dead yet", l.cfg.Dedupe, at)
		}
		if n >= 0 && e.raw != nil {
			l.passedSecond(n, second, e)
		}
	}
	first.unseen(l, len(l.raw))
	second.unseen(l, len(l.middle))
}

// passedSecond: of the records that one raw record made, no more are passed at
// a look than have an outcome.
func (l *Ledger) passedSecond(n int, second *passing, passed *entry) {
	s, a := l.samples[n], passed.raw
	gone, done := 0, s.count(a.outcomes[emitted])+s.count(a.outcomes[duplicate])
	for _, e := range a.entries {
		if e.at.Offset < second.ends[partitionOf(e.at)][n] {
			gone++
		}
		done += s.count(e.dead)
	}
	if gone > done {
		l.found.add(Passed, "%s had passed %d records such as %s, of which %d had an outcome", l.cfg.Dedupe, gone, passed.at, done)
	}
}

// passing is up to where a group had committed by each look.
type passing struct {
	group string
	ends  map[pipeline.Partition][]int64
	seen  int
}

func (l *Ledger) passing(group string) *passing {
	p := &passing{group: group, ends: map[pipeline.Partition][]int64{}}
	for n, s := range l.samples {
		for id, committed := range s.Committed[group] {
			if p.ends[id] == nil {
				p.ends[id] = make([]int64, len(l.samples))
			}
			p.ends[id][n] = committed
		}
	}
	for _, line := range p.ends {
		for n := 1; n < len(line); n++ {
			line[n] = max(line[n], line[n-1])
		}
	}
	return p
}

// by gives the first look at which a record was passed, -1 where there is none.
func (p *passing) by(at pipeline.Position) int {
	line := p.ends[partitionOf(at)]
	n, _ := slices.BinarySearch(line, at.Offset+1)
	if n == len(line) {
		return -1
	}
	p.seen++
	return n
}

func (p *passing) unseen(l *Ledger, of int) {
	if p.seen < of {
		l.found.add(Passed, "of %d records that %s read, %d looks at its offsets saw %d passed", of, p.group, len(l.samples), p.seen)
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
