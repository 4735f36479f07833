package ledger

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/reservoirhq/reservoir/pipeline"
)

// refund is all that was decided on one cancellation.
type refund struct {
	firsts []string // decisions that supersede none
}

// addDecision notes a decision under the event it is about.
func (l *Ledger) addDecision(r pipeline.Record) error {
	l.atHome(r)
	var d struct {
		ID         string  `json:"decision_id"`
		Event      string  `json:"event_id"`
		RefundKey  string  `json:"refund_key"`
		Supersedes *string `json:"supersedes"`
	}
	if err := json.Unmarshal(r.Value, &d); err != nil {
		return fmt.Errorf("the decision at %s: %w", r.Position(), err)
	}
	if l.decisions[d.Event] == nil {
		l.decisions[d.Event] = map[string]sum{}
	}
	before, again := l.decisions[d.Event][d.ID]
	switch {
	case again && l.cfg.ExactlyOnce:
		l.found.add(Copies, "%s has the decision %s again", r.Position(), d.ID)
	case again && before != digest(r) && !l.saidByMore(d.Event):
		l.found.add(Copies, "%s has the decision %s again with other bytes", r.Position(), d.ID)
	}
	if !again {
		l.inPlace(d.Event, r)
	}
	l.decisions[d.Event][d.ID] = digest(r)
	if d.Supersedes == nil {
		l.firstOf(d.RefundKey, d.ID)
	}
	return nil
}

// saidByMore tells an event that was published of more than one webhook.
func (l *Ledger) saidByMore(event string) bool {
	e := l.events[event]
	return e != nil && len(e.said) > 1
}

func (l *Ledger) firstOf(key, id string) {
	if l.refunds[key] == nil {
		l.refunds[key] = &refund{}
	}
	if f := l.refunds[key]; !slices.Contains(f.firsts, id) {
		f.firsts = append(f.firsts, id)
	}
}

// decided: each event that the policy judges has one decision, and one
// cancellation one refund: every further decision on it supersedes another.
func (l *Ledger) decided() {
	for id, e := range l.events {
		n := len(l.decisions[id])
		if want := slices.Contains(l.cfg.Judged, e.kind); want && n != 1 || !want && n > 0 {
			l.found.add(Decided, "the event %s (%s) has %d decisions", id, e.kind, n)
		}
	}
	for id := range l.decisions {
		if l.events[id] == nil {
			l.found.add(Decided, "there is a decision about the event %s, which was not published", id)
		}
	}
	for key, r := range l.refunds {
		if len(r.firsts) > 1 {
			l.found.add(Decided, "the refund %s was decided anew by %v, none of which supersedes another", key, r.firsts)
		}
	}
}
