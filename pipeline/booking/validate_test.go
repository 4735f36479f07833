package booking_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

func TestValidateNamesWhatIsWrong(t *testing.T) {
	tests := []struct {
		path  string
		spoil func(*booking.Event)
		// inSchema says that the schema sees the fault too: it knows neither
		// headers nor the table of currencies nor sums.
		inSchema bool
	}{
		{"booking.id", func(e *booking.Event) { e.Booking.ID = "" }, true},
		{"booking.id", func(e *booking.Event) { e.Booking.ID = "goodbay/" }, true},
		{"booking.id", func(e *booking.Event) { e.Booking.ID = "other/bk_42" }, false},
		{"booking.id", func(e *booking.Event) { e.Booking.ID = "goodbay/" + strings.Repeat("x", booking.MaxID) }, true},
		{"booking.id", func(e *booking.Event) { e.Booking.ID = "goodbay/\xff" }, false},
		{"booking.source", func(e *booking.Event) { e.Booking.Source = "" }, true},
		{"booking.source", func(e *booking.Event) { e.Booking.Source, e.Booking.ID = "a/b", "a/b/c" }, false},
		{"booking.provider", func(e *booking.Event) { e.Booking.Provider = "" }, true},
		{"booking.refs.value", func(e *booking.Event) { e.Booking.Refs[0].Value = "" }, true},
		{"booking.refs", func(e *booking.Event) {
			e.Booking.Refs = make([]booking.Ref, booking.MaxList+1)
			for i := range e.Booking.Refs {
				e.Booking.Refs[i] = booking.Ref{Kind: "k", Value: "v"}
			}
		}, true},
		{"booking.people.token", func(e *booking.Event) { e.Booking.People[0].Token = "" }, true},
		{"booking.people.identity", func(e *booking.Event) { e.Booking.People[0].Identity = "ana@example.com" }, false},
		{"booking.kind", func(e *booking.Event) { e.Booking.Kind = "payment" }, true},
		{"booking.status", func(e *booking.Event) { e.Booking.Status = "canceled" }, true},
		{"booking.payment_status", func(e *booking.Event) { e.Booking.PaymentStatus = "maybe" }, true},
		{"booking.booked_at", func(e *booking.Event) { e.Booking.BookedAt = &time.Time{} }, false},
		{"booking.service.zone", func(e *booking.Event) { e.Booking.Service.Zone = "" }, true},
		{"booking.service.zone", func(e *booking.Event) { e.Booking.Service.Zone = "Local" }, false},
		{"booking.service.precision", func(e *booking.Event) { e.Booking.Service.Precision = "hour" }, true},
		{"booking.service.start_local", func(e *booking.Event) { e.Booking.Service.StartLocal = ptr("2026-06-04 15:00") }, true},
		{"booking.service.end_local", func(e *booking.Event) { e.Booking.Service.EndLocal = ptr("2026-06-04T15:00Z") }, true},
		{"booking.service.nights", func(e *booking.Event) { e.Booking.Service.Nights = ptr(-1) }, true},
		{"booking.party.size", func(e *booking.Event) { e.Booking.Party.Size = ptr(-2) }, true},
		{"booking.price.currency", func(e *booking.Event) { e.Booking.Price.Currency = "mxn" }, true},
		{"booking.price.currency", func(e *booking.Event) { e.Booking.Price.Currency = "XTS" }, false},
		{"booking.price.exponent", func(e *booking.Event) { e.Booking.Price.Exponent = 3 }, false},
		{"booking.price.components", func(e *booking.Event) {
			e.Booking.Price.Components = []booking.Component{{Type: "a", AmountMinor: math.MaxInt64}, {Type: "b", AmountMinor: 1}}
		}, false},
		{"booking.price.components", func(e *booking.Event) {
			e.Booking.Price.Components = []booking.Component{{Type: "a", AmountMinor: math.MinInt64}, {Type: "b", AmountMinor: -1}}
		}, false},
		{"booking.price.components.type", func(e *booking.Event) { e.Booking.Price.Components[0].Type = "" }, true},
		{"cancellation.by", func(e *booking.Event) { e.Cancellation.By = "host" }, true},
		{"refund_reported.field", func(e *booking.Event) { e.RefundReported[0].Field = "" }, true},
		{"refund_reported has a currency", func(e *booking.Event) { e.RefundReported[0].Exponent = nil }, false},
		{"payment has a currency", func(e *booking.Event) { e.Payment.Currency = nil }, false},
		{"payment.id", func(e *booking.Event) { e.Payment.ID = "" }, true},
		{"id", func(e *booking.Event) { e.ID = "" }, false},
		{"type", func(e *booking.Event) { e.Type = booking.Decided }, false},
		{"time", func(e *booking.Event) { e.Time = time.Time{} }, false},
		{"lineage.delivery_id", func(e *booking.Event) { e.Lineage.DeliveryID = "" }, true},
		{"lineage.raw.topic", func(e *booking.Event) { e.Lineage.Raw.Topic = "" }, true},
		{"lineage.raw.offset", func(e *booking.Event) { e.Lineage.Raw.Offset = -1 }, true},
		{"quality.missing", func(e *booking.Event) { e.Quality.Missing = []string{""} }, true},
	}
	s := compiled(t)
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			e := full()
			tt.spoil(&e)
			err := e.Validate()
			if !errors.Is(err, booking.ErrInvalid) || !strings.HasPrefix(err.Error(), tt.path) {
				t.Fatalf("Validate = %v, want a fault at %s", err, tt.path)
			}
			out, err := booking.Encode(e)
			if err != nil {
				return // a year that RFC 3339 cannot hold
			}
			if seen := follows(s, out) != nil; seen != tt.inSchema {
				t.Fatalf("the schema sees it: %v, want %v", seen, tt.inSchema)
			}
		})
	}
}

func TestValidateTakesSumsAtTheEdge(t *testing.T) {
	e := full()
	e.Booking.Price.Components = []booking.Component{{Type: "a", AmountMinor: math.MaxInt64}, {Type: "b", AmountMinor: math.MinInt64}, {Type: "c", AmountMinor: 1}}
	if err := e.Validate(); err != nil {
		t.Fatal(err)
	}
}

func TestValidateAsksForTidyLists(t *testing.T) {
	e := full()
	e.Quality.Conflicts = []string{"b", "a"}
	if err := e.Validate(); !errors.Is(err, booking.ErrInvalid) {
		t.Fatalf("Validate = %v", err)
	}
	e.Tidy()
	if err := e.Validate(); err != nil {
		t.Fatal(err)
	}
}

func TestErrorsOfValidateHoldNoValue(t *testing.T) {
	e := full()
	e.Booking.Status = "ana@example.com"
	if err := e.Validate(); err == nil || strings.Contains(err.Error(), "ana") {
		t.Fatalf("Validate = %v", err)
	}
}
