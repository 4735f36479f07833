package policy

import (
	"bytes"
	"encoding/json"
	"testing"
	"testing/fstest"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// Whichever way a policy reads its input, what it can reach is there.
func TestInputHoldsWhatThePolicyReads(t *testing.T) {
	for _, tc := range []struct {
		name, rego string
		has, lacks []string // paths
	}{
		{"nothing", `result := 1`, nil, []string{"booking", "stale"}},
		{"a field", `result := input.booking.status`, []string{"booking.status"}, []string{"booking.id", "derived"}},
		{"in a head", `result := {"a": input.booking.status}`, []string{"booking.status"}, []string{"booking.id"}},
		{"in an else", "result := 1 if {\n\tinput.stale\n} else := input.booking.status", []string{"booking.status", "stale"}, []string{"booking.id"}},
		{"an object and one of its fields", `result := [input.booking.status, input.booking]`, []string{"booking.status", "booking.id", "booking.price.components"}, []string{"derived"}},
		{"by a variable", `result := {input.booking[x] | some x in ["id"]}`, []string{"booking.id", "booking.kind"}, []string{"derived"}},
		{"all by a variable", `result := {input[x] | some x in ["stale"]}`, []string{"booking.id", "derived.nights_used"}, nil},
		{"as a whole", `result := count(input)`, []string{"booking.id", "derived.nights_used"}, nil},
		{"under another name", "result := i.booking.id if i := input", []string{"booking.id", "stale"}, nil},
		{"as an argument", "f(x) := x.id\n\nresult := f(input.booking)", []string{"booking.id"}, []string{"stale"}},
		{"walked", `result := [v | walk(input, [_, v])]`, []string{"booking.id", "quality"}, nil},
		{"in brackets", `result := {"cancelled": 1}[input.booking.status]`, []string{"booking.status"}, []string{"booking.id"}},
		{"in the brackets of input", `result := input.booking[input.mode]`, []string{"mode", "booking.id"}, []string{"stale"}},
		{"of a list", `result := [c.type | some c in input.booking.price.components]`, []string{"booking.price.components"}, []string{"booking.price.currency"}},
		{"a field of a list", `result := [t | t := input.booking.price.components[_].type]`, []string{"booking.price.components[0].type"}, []string{"booking.price.components[0].amount_minor"}},
		{"any field of a list", `result := [v | v := input.booking.price.components[_][_]]`, []string{"booking.price.components[0].type", "booking.price.components[0].amount_minor"}, nil},
		{"in every and not", "result := 1 if {\n\tevery c in input.quality.conflicts { c != input.booking.id }\n\tnot input.stale\n}", []string{"quality.conflicts", "booking.id", "stale"}, []string{"booking.kind", "quality.missing"}},
		{"in with", "other := input.booking.kind\n\nresult := x if x := other with input.booking as {\"kind\": input.booking.id}", []string{"booking.id", "booking.kind"}, []string{"stale"}},
		{"in a template", `result := $"{input.booking.id}"`, []string{"booking.id"}, []string{"booking.kind"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := built(t, tc.rego)
			for _, path := range tc.has {
				if _, err := got.Value.Find(ast.MustParseRef("input." + path)[1:]); err != nil {
					t.Errorf("%s is not there: %s", path, got)
				}
			}
			for _, path := range tc.lacks {
				if _, err := got.Value.Find(ast.MustParseRef("input." + path)[1:]); err == nil {
					t.Errorf("%s is there, and nobody reads it", path)
				}
			}
		})
	}
}

// A policy that reads everything is given what authors are shown.
func TestInputAsAWholeIsWhatAuthorsSee(t *testing.T) {
	value, err := ast.JSON(built(t, `result := input`).Value)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want, err := Input(plain())
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
}

// built gives the input that a policy of these rules is asked with.
func built(t *testing.T, rego string) *ast.Term {
	t.Helper()
	bundle := fstest.MapFS{"p.rego": {Data: []byte("package travel.refund\n\n" + rego + "\n")}}
	e, err := NewEngine(bundle, DefaultQuery, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return e.inputs.input(plain(), derive(plain()))
}

func plain() pipeline.Event {
	when := time.Date(2026, 6, 1, 10, 0, 0, 0, time.UTC)
	nights, tier := 4, "goodbay.moderate"
	e := &booking.Event{ID: "evt_1", Type: booking.Cancelled, Time: when}
	e.Booking = booking.Booking{
		ID: "goodbay/bk_42", Kind: booking.Stay, Status: booking.StatusCancelled, BookedAt: &when,
		Service: &booking.Service{StartsAt: &when, Zone: "UTC", Nights: &nights},
		Product: &booking.Product{}, Party: &booking.Party{}, Terms: &booking.Terms{Tier: &tier},
		Price: &booking.Price{Currency: "EUR", Exponent: 2, TotalMinor: 900, Components: []booking.Component{{Type: "tax", AmountMinor: 800}}},
	}
	e.Cancellation = &booking.Cancellation{By: booking.ByGuest, RequestedAt: &when}
	e.Quality.Conflicts = []string{"a"}
	return pipeline.Event{Booking: e, ReceivedAt: when}
}
