package ledger

import (
	"crypto/sha256"
	"slices"

	"github.com/reservoirhq/reservoir/pipeline"
)

// addRaw notes what came in, and ticks off what was acknowledged.
func (l *Ledger) addRaw(source string, r pipeline.Record) {
	_, junk := r.Header(JunkHeader)
	l.raw[r.Position()] = &arrival{source: source, junk: junk}
	if junk {
		return
	}
	l.atHome(r)
	// There may be more than were answered: the 200 was lost on the way, and the
	// sender called again.
	l.acked[ack{source, r.Text("ce_id"), sha256.Sum256(r.Value)}]--
}

// missing are the webhooks that were answered 200 and are not there.
func (l *Ledger) missing() {
	for a, n := range l.acked {
		if n > 0 {
			l.found.add(Acknowledged, "the webhook %s of %s was answered 200, and %s lacks %d records of it as it was sent", a.id, a.source, l.cfg.Raw[a.source], n)
		}
	}
}

// addNormalised notes a record between the segments. Of one booking, what is new
// stands in the order in which it arrived (invariant 6).
func (l *Ledger) addNormalised(r pipeline.Record) error {
	e := &entry{at: r.Position()}
	_, e.junk = r.Header(JunkHeader)
	l.middle[e.at] = e
	if err := l.replay.take(r, e.junk); err != nil {
		return err
	}
	if e.junk {
		return nil
	}
	l.atHome(r)
	from, err := pipeline.ParsePosition(r.Text("raw"))
	if err == nil {
		e.raw = l.raw[from]
	}
	if e.raw == nil {
		l.found.add(Conserved, "%s says it comes from %q, where there is nothing", e.at, r.Text("raw"))
		return nil
	}
	l.arrived(string(r.Key), from, e)
	l.sameIDs(r.Text("ce_id"), e)
	return nil
}

func (l *Ledger) arrived(booking string, from pipeline.Position, e *entry) {
	isNew := len(e.raw.entries) == 0
	e.raw.entries = append(e.raw.entries, e)
	e.raw.outcomes[normalised] = append(e.raw.outcomes[normalised], e.at)
	if !isNew {
		return
	}
	before, known := l.last[booking]
	if known && before.Topic == from.Topic && before.Partition == from.Partition && before.Offset > from.Offset {
		l.found.add(Ordered, "%s: %s came to %s after %s", booking, from, e.at, before)
	}
	l.last[booking] = from
}

// sameIDs: the same webhook gives the same id, however often it is read
// (invariant 7).
func (l *Ledger) sameIDs(id string, e *entry) {
	if _, seen := l.first[id]; !seen {
		l.first[id] = e.at.Offset
	}
	if slices.Contains(e.raw.ids, id) {
		return
	}
	if len(e.raw.ids) > 0 && !slices.Contains(l.cfg.LookUps, e.raw.source) {
		l.found.add(Copies, "one webhook gave the ids %s and, at %s, %s", e.raw.ids[0], e.at, id)
	}
	e.raw.ids = append(e.raw.ids, id)
}
