package plugintest

import (
	"slices"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// finish does what the normalise stage does after the plugin: ids, tokens of
// people, lineage, the published form.
func finish(ev pipeline.Event, events []booking.Event) []booking.Event {
	out := slices.Clone(events)
	for i := range out {
		e := &out[i]
		e.Booking.ID = bookingID(e.Origin.NativeKey)
		e.Booking.Provider, e.Booking.Source = ev.Plugin, ev.Source
		e.ID = eventID(ev, e)
		e.Lineage = lineage(ev)
		e.Booking.People = tokens(e.Booking.People)
		if e.Time.IsZero() {
			e.Time = ev.ReceivedAt
		}
		e.Tidy()
	}
	return out
}

func bookingID(nativeKey string) string { return pipeline.Source{Name: source}.BookingID(nativeKey) }

func eventID(ev pipeline.Event, e *booking.Event) string {
	version, native := e.Origin.EventID, ev.NativeEvent
	if version == "" {
		version = e.Origin.Content
	}
	if e.Origin.LookedUp {
		native = ""
	}
	return booking.EventID(ev.Source, e.Booking.ID, version, native)
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
		out[i] = booking.Person{Role: p.Role, Token: "tok_" + booking.Digest("people", p.Identity)}
	}
	return out
}

// validEvent holds a finished event against the topic's rules.
func validEvent(t *testing.T, e booking.Event) {
	t.Helper()
	if err := e.Validate(); err != nil {
		t.Errorf("the finished event: %v", err)
	}
}
