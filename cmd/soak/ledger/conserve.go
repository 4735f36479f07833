package ledger

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reservoirhq/reservoir/pipeline"
)

// conserved: every record has exactly one outcome (invariant 3).
func (l *Ledger) conserved() {
	for at, a := range l.raw {
		l.firstSegment(at, a)
		l.secondSegment(at, a)
	}
	// A duplicate is one of something: whatever its outcomes, an event that is
	// between the segments is published.
	for id := range l.first {
		if l.events[id] == nil {
			l.found.add(Conserved, "the event %s is on %s, and was never published", id, l.cfg.Normalised)
		}
	}
	for at, e := range l.middle {
		if e.junk && len(e.dead) == 0 {
			l.found.add(Conserved, "the junk at %s has no dead letter", at)
		}
		if l.cfg.ExactlyOnce && len(e.dead) > 1 {
			l.found.add(Conserved, "%s has %d dead letters", at, len(e.dead))
		}
	}
}

// firstSegment: a raw record is normalised, or ignored, or dead; parked only
// until then. At least once, the same outcome may be there again.
func (l *Ledger) firstSegment(at pipeline.Position, a *arrival) {
	var ends []string
	for k := normalised; k <= died; k++ {
		n := len(a.outcomes[k])
		if n > 0 {
			ends = append(ends, k.String())
		}
		if n > 1 && l.cfg.ExactlyOnce {
			l.found.add(Conserved, "%s is %s %d times", at, k, n)
		}
	}
	switch {
	case len(ends) == 0 && len(a.outcomes[parked]) == 0:
		l.found.add(Conserved, "%s has no outcome", at)
	case len(ends) > 1:
		l.found.add(Conserved, "%s is %s", at, strings.Join(ends, " and "))
	case a.junk && len(a.outcomes[died]) == 0:
		l.found.add(Conserved, "the junk at %s has no dead letter", at)
	}
}

// secondSegment: each record that a raw record made on bookings.normalised is
// published, or a duplicate, or dead. At least once, a copy of the record is a
// duplicate of the first, and what is published may be there again.
func (l *Ledger) secondSegment(at pipeline.Position, a *arrival) {
	letters := 0
	for _, e := range a.entries {
		letters += len(e.dead)
	}
	out, repeats := len(a.outcomes[emitted]), len(a.outcomes[duplicate])
	what := fmt.Sprintf("%s has %d records on %s, and of those %d events, %d duplicates, %d dead letters", at, len(a.entries), l.cfg.Normalised, out, repeats, letters)
	switch n := out + repeats + letters; {
	case n < len(a.entries), n > len(a.entries) && l.cfg.ExactlyOnce, n > 0 && len(a.entries) == 0:
		l.found.add(Conserved, "%s", what)
	case len(a.entries) == 1 && (out > 0) != (n == out) && !l.maybe(a):
		l.found.add(Conserved, "%s", what) // two kinds of outcome of one record
	}
}

// maybe tells a record of which one member may make an event and the next a
// duplicate, at least once: it is told by its content alone, and a look-up that was
// made twice put another one between.
func (l *Ledger) maybe(a *arrival) bool {
	return !l.cfg.ExactlyOnce && a != nil && slices.Contains(l.cfg.LookUps, a.source)
}
