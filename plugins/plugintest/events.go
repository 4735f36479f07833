package plugintest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// testEvents asks that what the plugin gives is a booking event as readers
// know it, once finished.
func (s *suite) testEvents(t *testing.T, c recorded) {
	events, err := s.normalise(c)
	if err != nil {
		return // the golden says whether that is right
	}
	if len(events) == 0 {
		t.Fatal("no event and no error: an event that ends says why (invariant 3)")
	}
	s.validEvents(t, c, events)
	s.followsSchema(t, finish(s.event(c), events))
}

// validEvents checks each event, and that a reader can tell them apart.
func (s *suite) validEvents(t *testing.T, c recorded, events []booking.Event) {
	t.Helper()
	ids := map[string]bool{}
	for i, e := range finish(s.event(c), events) {
		validOrigin(t, events[i])
		validCancellation(t, events[i])
		validEvent(t, e)
		if ids[e.ID] {
			t.Errorf("two events of one webhook have the id %s", e.ID)
		}
		ids[e.ID] = true
		if want := c.identity.EventID; e.Origin.EventID != want {
			t.Errorf("event id %q, Identify says %q", e.Origin.EventID, want)
		}
		if e.Origin.LookedUp != (c.LookUp != nil) {
			t.Errorf("looked_up is %v", e.Origin.LookedUp)
		}
	}
}

func validOrigin(t *testing.T, e booking.Event) {
	t.Helper()
	if !slices.Contains(booking.Types(), e.Type) {
		t.Errorf("type %q is none of the types", e.Type)
	}
	if e.Origin.Content == "" || e.Origin.NativeKey == "" || strings.TrimSpace(e.Origin.NativeKey) != e.Origin.NativeKey {
		t.Errorf("origin %+v: want a content version and a native key without blanks", e.Origin)
	}
	if e.ID != "" || e.Lineage.DeliveryID != "" || e.Stale || len(e.Quality.Inherited) > 0 {
		t.Error("the plugin fills what is the pipeline's: ids, lineage, stale, inherited")
	}
}

// validCancellation holds that what a policy counts its minutes from is there,
// or listed.
func validCancellation(t *testing.T, e booking.Event) {
	t.Helper()
	const path = "cancellation.requested_at"
	if e.Cancellation != nil && e.Cancellation.RequestedAt == nil && !slices.Contains(e.Quality.Missing, path) {
		t.Errorf("%s is null and not listed in quality.missing", path)
	}
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	if bytes.Contains(out, []byte(`\ufffd`)) {
		t.Error("text that is not UTF-8 in an event")
	}
	return out
}
