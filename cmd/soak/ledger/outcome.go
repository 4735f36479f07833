package ledger

import (
	"strconv"

	"github.com/reservoirhq/reservoir/pipeline"
)

// addOutcome notes an outcome that left no other record (invariant 3).
func (l *Ledger) addOutcome(r pipeline.Record) {
	of := l.origin(r.Text("raw"), r)
	if of == nil {
		return
	}
	switch pipeline.Ending(r.Text("outcome")) {
	case pipeline.Ignored:
		of.outcomes[ignored] = append(of.outcomes[ignored], r.Position())
	case pipeline.Duplicate:
		of.outcomes[duplicate] = append(of.outcomes[duplicate], r.Position())
	default:
		l.found.add(Conserved, "%s has the outcome %q, which is none", r.Position(), r.Text("outcome"))
	}
}

// origin finds the raw record that another one names.
func (l *Ledger) origin(raw string, r pipeline.Record) *arrival {
	at, err := pipeline.ParsePosition(raw)
	if of := l.raw[at]; err == nil && of != nil {
		return of
	}
	l.found.add(Conserved, "%s says it comes from %q, where there is nothing", r.Position(), raw)
	return nil
}

// addDead notes a dead letter under the record that it speaks of. Only junk may
// die: every webhook that is sent is sound.
func (l *Ledger) addDead(r pipeline.Record) {
	l.dead++
	partition, errP := strconv.ParseInt(r.Text("dead_partition"), 10, 32)
	offset, errO := strconv.ParseInt(r.Text("dead_offset"), 10, 64)
	at := pipeline.Position{Topic: r.Text("dead_topic"), Partition: int32(partition), Offset: offset}
	if errP != nil || errO != nil {
		l.found.add(Conserved, "the dead letter %s does not say of which record it is", r.Position())
		return
	}
	if of := l.raw[at]; of != nil {
		of.outcomes[died] = append(of.outcomes[died], r.Position())
		l.healthy(of.junk, at, r)
		return
	}
	if of := l.middle[at]; of != nil {
		of.dead = append(of.dead, r.Position())
		l.healthy(of.junk, at, r)
		return
	}
	l.found.add(Conserved, "the dead letter %s speaks of %s, where there is nothing", r.Position(), at)
}

func (l *Ledger) healthy(junk bool, at pipeline.Position, letter pipeline.Record) {
	if !junk {
		l.found.add(Conserved, "%s is sound, and died: %s in %s: %s", at, letter.Text("dead_reason"), letter.Text("dead_stage"), letter.Text("dead_error"))
	}
}

// addParked notes a record that waits to be tried again.
func (l *Ledger) addParked(r pipeline.Record) {
	if of := l.origin(r.Text("raw"), r); of != nil {
		of.outcomes[parked] = append(of.outcomes[parked], r.Position())
	}
}

// Letters tells how many dead letters there are.
func (l *Ledger) Letters() int { return l.dead }
