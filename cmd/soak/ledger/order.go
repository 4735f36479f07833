package ledger

import "github.com/reservoirhq/reservoir/pipeline"

// keyed is a key in a topic.
type keyed struct{ topic, key string }

// atHome: one key stays in one partition of its topic, without which there is
// no order (invariant 6), and a booking's state in the partition of the records
// that it is made of, for who owns the one restores the other. The state is read
// last.
func (l *Ledger) atHome(r pipeline.Record) {
	if len(r.Key) == 0 {
		return
	}
	here := keyed{r.Topic, string(r.Key)}
	home, known := l.homes[here]
	if !known && r.Topic == l.cfg.Outputs[pipeline.Current] {
		home, known = l.homes[keyed{l.cfg.Normalised, here.key}]
	}
	if known && home != r.Partition {
		l.found.add(Ordered, "%s: what is at %s stood in partition %d before", here.key, r.Position(), home)
	}
	l.homes[here] = r.Partition
}

// inPlace: what is new of a booking on an output stands in the order of
// bookings.normalised (invariant 6). A copy may stand behind a later one: who
// reads at least once drops it by its id.
func (l *Ledger) inPlace(event string, r pipeline.Record) {
	at, known := l.first[event]
	if !known {
		l.found.add(Conserved, "%s is about the event %s, which %s does not have", r.Position(), event, l.cfg.Normalised)
		return
	}
	on := keyed{r.Topic, string(r.Key)}
	if before, any := l.behind[on]; any && at < before {
		l.found.add(Ordered, "%s: %s is about the event %s, of offset %d, and stands behind one of offset %d", on.key, r.Position(), event, at, before)
	}
	l.behind[on] = max(l.behind[on], at)
}
