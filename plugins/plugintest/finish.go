package plugintest

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// finish does what the normalise stage does after the plugin: ids, tokens of
// people, lineage.
func finish(ev pipeline.Event, events []booking.Event) []booking.Event {
	out := slices.Clone(events)
	for i := range out {
		e := &out[i]
		e.Booking.ID = ev.Source + "/" + e.Origin.NativeKey
		e.Booking.Provider, e.Booking.Source = ev.Plugin, ev.Source
		e.ID = digest(ev.Source, e.Origin.NativeKey, e.Origin.EventID, e.Origin.Content, ev.NativeEvent)
		e.Lineage = lineage(ev)
		e.Booking.People = tokens(e.Booking.People)
		if e.Time.IsZero() {
			e.Time = ev.ReceivedAt
		}
		e.Booking.Refs = filled(e.Booking.Refs)
		e.RefundReported = filled(e.RefundReported)
		q := &e.Quality
		q.Missing, q.Assumed = filled(q.Missing), filled(q.Assumed)
		q.Inherited, q.Conflicts = filled(q.Inherited), filled(q.Conflicts)
	}
	return out
}

func lineage(ev pipeline.Event) booking.Lineage {
	l := booking.Lineage{
		DeliveryID: ev.ID, Verified: ev.Verified, Plugin: ev.Plugin,
		Raw: booking.RawRef{Topic: ev.Raw.Topic, Partition: ev.Raw.Partition, Offset: ev.Raw.Offset, SHA256: ev.Raw.SHA256},
	}
	if ev.NativeEvent != "" {
		l.NativeEvent = &ev.NativeEvent
	}
	if ev.LookUp != nil {
		l.LookedUpAt = &ev.LookUp.At
	}
	return l
}

func tokens(people []booking.Person) []booking.Person {
	out := make([]booking.Person, len(people))
	for i, p := range people {
		out[i] = booking.Person{Role: p.Role, Token: "tok_" + digest("people", p.Identity)[:24]}
	}
	return out
}

// filled gives an empty list for none: readers never meet a null list.
func filled[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// validEvent holds a finished event against the schema of the topic.
func validEvent(t *testing.T, e booking.Event) {
	t.Helper()
	b := e.Booking
	if !slices.Contains(booking.Kinds(), b.Kind) || !slices.Contains(booking.Statuses(), b.Status) {
		t.Errorf("kind %q or status %q is none of ours", b.Kind, b.Status)
	}
	for _, r := range b.Refs {
		if r.Kind == "" || r.Value == "" {
			t.Errorf("ref %+v lacks kind or value", r)
		}
	}
	if p := b.Price; p != nil && (len(p.Currency) != 3 || p.Currency != strings.ToUpper(p.Currency)) {
		t.Errorf("currency %q, want ISO 4217 in upper case", p.Currency)
	}
}
