package normalise_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/stages/normalise"
)

var received = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

type plug struct {
	pipeline.Provider
	found []booking.Event
	err   error
}

func (p plug) Normalise(pipeline.Event) ([]booking.Event, error) {
	copied := make([]booking.Event, len(p.found))
	for i, e := range p.found {
		e.Booking.People = append([]booking.Person{}, e.Booking.People...)
		copied[i] = e
	}
	return copied, p.err
}

type tokens struct{}

func (tokens) Token(identity string) (string, error) {
	if identity == "" {
		return "", errors.New("nobody")
	}
	return "tok_" + booking.Digest(identity), nil
}

func found(key string) booking.Event {
	return booking.Event{
		Type: booking.Updated,
		Booking: booking.Booking{
			Kind: booking.Stay, Status: booking.StatusConfirmed, PaymentStatus: booking.PaymentUnknown,
			People: []booking.Person{{Role: "guest", Identity: "ana@example.com"}},
		},
		Origin: booking.Origin{NativeKey: key, Content: "v1"},
	}
}

func run(t *testing.T, p plug, change func(*pipeline.Source, *pipeline.Event)) ([]pipeline.Event, error) {
	t.Helper()
	source := pipeline.Source{Name: "src", Plugin: "plug", Provider: p}
	ev := pipeline.Event{
		Source: "src", Plugin: "plug", ID: "d1", Key: "b1", NativeEvent: "changed", Verified: "url-secret", ReceivedAt: received,
		Request: pipeline.Request{Body: []byte("personal")},
		Raw:     pipeline.Raw{Position: pipeline.Position{Topic: "raw", Partition: 1, Offset: 2}, SHA256: strings.Repeat("a", 64)},
	}
	if change != nil {
		change(&source, &ev)
	}
	s, err := normalise.New(normalise.Config{}, pipeline.StageDeps{Sources: map[string]pipeline.Source{"src": source}, Tokens: tokens{}})
	if err != nil {
		t.Fatal(err)
	}
	return s.Process(t.Context(), ev)
}

func TestOneWebhookBecomesOneEventForEachBooking(t *testing.T) {
	out, err := run(t, plug{found: []booking.Event{found("b1"), found("b2")}}, nil)
	if err != nil || len(out) != 2 {
		t.Fatalf("%d events, %v", len(out), err)
	}
	for i, want := range []string{"src/b1", "src/b2"} {
		if out[i].Key != want || out[i].Booking.Booking.ID != want || out[i].Booking.Booking.Provider != "plug" {
			t.Errorf("event %d is keyed %q for %+v", i, out[i].Key, out[i].Booking.Booking)
		}
	}
	if out[0].Booking.ID == out[1].Booking.ID {
		t.Error("two bookings share an event id")
	}
}

func TestPeopleLeaveTheStageAsTokensAndTheWebhookStaysBehind(t *testing.T) {
	out, err := run(t, plug{found: []booking.Event{found("b1")}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := out[0].Booking.Booking.People[0]
	if !strings.HasPrefix(p.Token, "tok_") || p.Identity != "" || len(out[0].Request.Body) != 0 || out[0].LookUp != nil {
		t.Errorf("person %+v, body %q", p, out[0].Request.Body)
	}
}

func TestLineageSaysWhereTheEventCameFrom(t *testing.T) {
	looked := received.Add(time.Second)
	out, err := run(t, plug{found: []booking.Event{found("b1")}}, func(_ *pipeline.Source, ev *pipeline.Event) {
		ev.LookUp = &pipeline.LookUp{At: looked}
	})
	if err != nil {
		t.Fatal(err)
	}
	l := out[0].Booking.Lineage
	if l.DeliveryID != "d1" || l.Raw.Offset != 2 || l.Verified != "url-secret" || *l.NativeEvent != "changed" || !l.LookedUpAt.Equal(looked) {
		t.Errorf("lineage is %+v", l)
	}
	if !out[0].Booking.Time.Equal(received) {
		t.Errorf("an event without a time of its own has %s", out[0].Booking.Time)
	}
}

func TestEventIDsAreBuiltOnWhatWasSaid(t *testing.T) {
	id := func(change func(*booking.Event, *pipeline.Event)) string {
		e := found("b1")
		change(&e, &pipeline.Event{})
		out, err := run(t, plug{found: []booking.Event{e}}, func(_ *pipeline.Source, ev *pipeline.Event) { change(&booking.Event{}, ev) })
		if err != nil {
			t.Fatal(err)
		}
		return out[0].Booking.ID
	}
	same := id(func(*booking.Event, *pipeline.Event) {})
	tests := []struct {
		name   string
		change func(*booking.Event, *pipeline.Event)
		same   bool
	}{
		{"received later", func(_ *booking.Event, ev *pipeline.Event) { ev.ReceivedAt = received.Add(time.Hour) }, true},
		{"another delivery id", func(_ *booking.Event, ev *pipeline.Event) { ev.ID = "d2" }, true},
		{"another raw position", func(_ *booking.Event, ev *pipeline.Event) { ev.Raw.Offset = 9 }, true},
		{"another native event", func(_ *booking.Event, ev *pipeline.Event) { ev.NativeEvent = "other" }, false},
		{"other content", func(e *booking.Event, _ *pipeline.Event) { e.Origin.Content = "v2" }, false},
		{"a provider's event id", func(e *booking.Event, _ *pipeline.Event) { e.Origin.EventID = "e1" }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := id(tt.change); (got == same) != tt.same {
				t.Errorf("id %s, before %s", got, same)
			}
		})
	}
	looked := func(native string) string {
		return id(func(e *booking.Event, ev *pipeline.Event) { e.Origin.LookedUp, ev.NativeEvent = true, native })
	}
	if looked("new_confirmed_web") != looked("token_success") {
		t.Error("two triggers that find the same content are two events")
	}
}

func TestAnEventThatBreaksItsSchemaIsRefused(t *testing.T) {
	bad := found("b1")
	bad.Booking.Price = &booking.Price{Currency: "EUR", Exponent: 3}
	nameless := found("b1")
	nameless.Booking.People[0].Identity = ""
	for name, tt := range map[string]struct {
		plug plug
		one  bool
		want pipeline.Reason
	}{
		"a wrong exponent":                   {plug{found: []booking.Event{bad}}, false, pipeline.Invalid},
		"no booking at all":                  {plug{}, false, pipeline.Unidentified},
		"a booking the webhook is not about": {plug{found: []booking.Event{found("other")}}, true, pipeline.Invalid},
		"what the plugin refuses":            {plug{err: pipeline.Rejectf(pipeline.BadAnswer, "x")}, false, pipeline.BadAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(t, tt.plug, func(s *pipeline.Source, ev *pipeline.Event) { s.OneBooking, ev.Key = tt.one, "src/b1" })
			if r, ok := pipeline.AsRejection(err); !ok || r.Reason != tt.want {
				t.Errorf("error is %v, want %s", err, tt.want)
			}
		})
	}
	if _, err := run(t, plug{found: []booking.Event{nameless}}, nil); err == nil {
		t.Error("a person without an identity got a token")
	}
}
