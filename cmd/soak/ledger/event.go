package ledger

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// published is one event, by its ce_id.
type published struct {
	kind  booking.Type
	said  map[origin]sum
	times int
}

// origin is what an event was made of. At least once, a look-up may be made twice,
// by a member that lost its claim and by the new owner, and what it finds is told by
// its content alone: where something else was found in between, what two webhooks
// say alike is published of both.
type origin struct{ raw, lookedUp string }

// addEvent notes an event under the raw record that its lineage names.
func (l *Ledger) addEvent(r pipeline.Record) error {
	l.atHome(r)
	var event struct {
		Lineage struct {
			Raw      pipeline.Position `json:"raw"`
			LookedUp string            `json:"looked_up_at"`
		} `json:"lineage"`
	}
	if err := json.Unmarshal(r.Value, &event); err != nil {
		return fmt.Errorf("the event at %s: %w", r.Position(), err)
	}
	of := l.origin(event.Lineage.Raw.String(), r)
	if of != nil {
		of.outcomes[emitted] = append(of.outcomes[emitted], r.Position())
	}
	id, from := r.Text("ce_id"), origin{event.Lineage.Raw.String(), event.Lineage.LookedUp}
	if e := l.events[id]; e != nil {
		l.copied(id, e, from, of, r)
		return nil
	}
	l.events[id] = &published{kind: booking.Type(r.Text("ce_type")), said: map[origin]sum{from: digest(r)}, times: 1}
	l.inPlace(id, r)
	return nil
}

// copied judges an event that is there again.
func (l *Ledger) copied(id string, e *published, from origin, of *arrival, r pipeline.Record) {
	e.times++
	if l.cfg.ExactlyOnce {
		l.found.add(Copies, "%s has the event %s again", r.Position(), id)
		return
	}
	now := digest(r)
	before, again := e.said[from]
	if again && before != now || !again && !l.maybe(of) {
		l.found.add(Copies, "%s has the event %s again with other bytes", r.Position(), id)
	}
	e.said[from] = now
}

// digest is over all that a reader sees of an event.
func digest(r pipeline.Record) sum {
	h := sha256.New()
	h.Write(r.Key)
	h.Write([]byte{0})
	h.Write(r.Value)
	var headers []string
	for _, header := range r.Headers {
		if strings.HasPrefix(header.Key, "ce_") {
			headers = append(headers, header.Key+"="+string(header.Value))
		}
	}
	slices.Sort(headers)
	h.Write([]byte(strings.Join(headers, "\x00")))
	return sum(h.Sum(nil))
}

// Repeats tells how many events there are beside the first of each id.
func (l *Ledger) Repeats() int {
	n := 0
	for _, e := range l.events {
		n += e.times - 1
	}
	return n
}

// Events tells how many different events there are.
func (l *Ledger) Events() int { return len(l.events) }
